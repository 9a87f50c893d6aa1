// Whether operations give the same bits natively and in a browser's build:  node bits_test.mjs NATIVE MODULE
import { existsSync } from 'node:fs';
import { end, expect, run, skip } from './engine.mjs';

const [native, module] = process.argv.slice(2);
if (!existsSync(module)) skip(`${module} is not built: ./chainrule web does it`);
const both = (words) => [run(native, words), run(process.execPath, [module, ...words])].map((text) =>
  new Map(text.trim().split('\n').map((line) => line.split(' ')).map((words) => [words.slice(0, 3).join(' '), words.slice(3)])));

const [theirs, ours] = both([]);
expect(theirs.size > 500 && theirs.size === ours.size, `${theirs.size} cases natively, ${ours.size} here`);
const differing = new Set();
for (const [name, [fast]] of theirs) if (ours.get(name)?.[0] !== fast) differing.add(name.split(' ')[0]);

// These are computed by the C library, of which there are two.
const ofTheLibrary = ['asinh', 'acosh', 'atanh', 'sinh', 'cosh', 'atan', 'atan2', 'asin', 'acos', 'pow'];
const names = [...differing];
for (const name of names) expect(ofTheLibrary.includes(name), `${name} gives other bits`);
let worst = 0;
if (names.length) {
  const [native_, browser] = both(names);
  for (const [name, numbers] of native_) {
    numbers.forEach((text, i) => {
      const a = Number(text), b = Number(browser.get(name)[i]), digit = name.includes('f32') ? 2 ** -23 : 2 ** -52;
      if (a !== b && !(isNaN(a) && isNaN(b))) worst = Math.max(worst, Math.abs(a - b) / (Math.abs(a) * digit));
    });
  }
}
console.log(`${theirs.size} cases; other bits: ${names.join(', ') || 'none'}, by ${worst.toFixed(2)} units of the last place at most`);
expect(worst <= 2.5, 'more than the last bits');
end();
