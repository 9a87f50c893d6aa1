// One page, one script that is no module: it opens as a file from a disk, too.
import { copyFileSync } from 'node:fs';

const out = process.env.CHAINRULE_SITE ?? '../build/web/site';

const classicScripts = {
  name: 'classic-scripts',
  enforce: 'post' as const,
  transformIndexHtml: (html: string) =>
    html
      .replace(/<script type="module" crossorigin src="([^"]+)"><\/script>/,
        '<script defer src="./chainrule.js"></script>\n    <script defer src="$1"></script>')
      .replace(/ crossorigin/g, ''),
  closeBundle() {
    copyFileSync(`${out}/../chainrule.js`, `${out}/chainrule.js`);
  },
};

export default {
  base: './',
  build: {
    outDir: out,
    emptyOutDir: true,
    target: 'es2021',
    modulePreload: false,
    cssCodeSplit: false,
    rollupOptions: {
      output: { format: 'iife', entryFileNames: 'page.js', assetFileNames: 'page[extname]' },
    },
  },
  plugins: [classicScripts],
};
