// The engine as the page has it, and the tool beside it.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** Ends the test as skipped. */
export function skip(why) {
  console.log(`SKIPPED: ${why}`);
  process.exit(77);
}

export async function openEngine(file) {
  if (!existsSync(file)) skip(`${file} is not built: ./chainrule web does it`);
  const engine = await require(file)({ wasmBinary: readFileSync(file.replace(/js$/, 'wasm')) });
  const call = (what, asked = {}) => {
    const text = JSON.stringify({ do: what, ...asked }), size = engine.lengthBytesUTF8(text) + 1, at = engine._malloc(size);
    engine.stringToUTF8(text, at, size);
    const answer = JSON.parse(engine.UTF8ToString(engine._chainrule_call(at)));
    engine._free(at);
    return answer;
  };
  const numbers = () => engine.HEAPF32.slice(engine._chainrule_numbers() / 4, engine._chainrule_numbers() / 4 + engine._chainrule_count());
  return { call, numbers };
}

export const run = (program, words, options = {}) => execFileSync(program, words, { encoding: 'utf8', maxBuffer: 1 << 28, ...options });

let failures = 0;
export function expect(is, what) {
  if (is) return;
  ++failures;
  console.log(`FAILED: ${what}`);
}
export function end() {
  console.log(failures ? `${failures} failed` : 'all passed');
  process.exit(failures ? 1 : 0);
}
