// One page; its scripts are no modules, and one holds the WebAssembly, packed: it opens as a file from a disk, too.
import { readFileSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

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
    const module = gzipSync(readFileSync(`${out}/../chainrule.wasm`), { level: 9 }).toString('base64');
    writeFileSync(`${out}/chainrule.js`, `${readFileSync(`${out}/../chainrule.js`)}\nvar chainruleModule = '${module}';\n`);
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
