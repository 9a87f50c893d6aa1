// Whether operations give the same bits natively and in a browser's build:  node bits_test.mjs NATIVE MODULE
import { existsSync } from 'node:fs';
import { end, expect, run, skip } from './engine.mjs';

const [native, module] = process.argv.slice(2);
if (!existsSync(module)) skip(`${module} is not built: ./chainrule web does it`);
const lines = (text) => new Map(text.trim().split('\n').map((line) => {
  const [op, dtype, number, fast, reference] = line.split(' ');
  return [`${op} ${dtype} ${number}`, { op, dtype, fast, reference }];
}));
const theirs = lines(run(native, [])), ours = lines(run(process.execPath, [module]));
expect(theirs.size > 500 && theirs.size === ours.size, `${theirs.size} cases natively, ${ours.size} here`);

const differing = { fast: new Set(), reference: new Set() };
for (const [name, { op, dtype, fast, reference }] of theirs) {
  const mine = ours.get(name);
  if (mine?.fast !== fast) differing.fast.add(`${op} ${dtype}`);
  if (mine?.reference !== reference) differing.reference.add(`${op} ${dtype}`);
}
console.log(`${theirs.size} cases. Other bits by the fast kernels: ${[...differing.fast].join(', ') || 'none'}.`);
console.log(`By the reference kernels: ${[...differing.reference].join(', ') || 'none'}.`);
end();
