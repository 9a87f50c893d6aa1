// The library's unit tests under Node.js:  node unit_test.mjs PROGRAM
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { skip } from './engine.mjs';

const [file] = process.argv.slice(2);
if (!existsSync(file)) skip(`${file} is not built: ./chainrule web does it`);
// Kernels of convolutions are compared at many sizes, which takes minutes here; operations use them, too.
process.exit(spawnSync(process.execPath, [file, '--gtest_filter=-ConvKernel*'], { stdio: 'inherit' }).status ?? 1);
