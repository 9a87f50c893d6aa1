// The library, compiled to WebAssembly: one function that takes JSON and gives JSON, and numbers beside it.

interface Module {
  _chainrule_call(text: number): number;
  _chainrule_numbers(): number;
  _chainrule_count(): number;
  _malloc(size: number): number;
  _free(at: number): void;
  UTF8ToString(at: number): string;
  stringToUTF8(text: string, at: number, size: number): void;
  lengthBytesUTF8(text: string): number;
  HEAPF32: Float32Array;
}
declare const createChainrule: (options: { wasmBinary: ArrayBuffer }) => Promise<Module>;
declare const chainruleModule: string; // gzip, base64

/** What the library says is wrong, in its words; `position` is that of an expression, in bytes. */
export class EngineError extends Error {
  constructor(message: string, readonly code: number, readonly position?: number) {
    super(message);
  }
}

export interface Setting {
  name: string;
  default: string;
  kind: string;
  range: string;
  doc: string;
  choices?: string[];
}
export interface Row {
  name: string;
  doc: string;
  settings: Setting[];
}
export interface Tables {
  layers: Row[];
  losses: Row[];
  optimizers: Row[];
  schedules: Row[];
  initializers: Row[];
  settings: Setting[];
  functions: string[];
  points: string[];
  version: string;
}
export interface About {
  data: string;
  net: string;
  loss: string;
  rule: string;
  parameters: number;
  steps: number;
  report_every: number;
  steps_per_epoch: number;
  columns: string[];
  target: string;
  classes: string[];
  has_classes: boolean;
  input: number[];
  parts: { name: string; rows: number }[];
  settings: string;
}
export interface Report {
  step: number;
  loss: number;
  [metric: string]: unknown;
}
export interface Trained {
  step: number;
  steps: number;
  loss: number;
  done: boolean;
  reason: string;
  reports: Report[];
}
export interface NetShape {
  layers: { path: string; what: string; shape: number[] }[];
  parameters: { path: string; shape: number[]; at: number }[];
}
export interface Maps {
  layers: { path: string; units: number; at: number }[];
}

let loaded: Module;

export async function load(): Promise<void> {
  const packed = Uint8Array.from(atob(chainruleModule), (c) => c.charCodeAt(0));
  const wasmBinary = await new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'))).arrayBuffer();
  loaded = await createChainrule({ wasmBinary });
}

/** Asks for something to be done. @throws EngineError */
export function call<T>(what: string, asked: Record<string, unknown> = {}): T {
  const text = JSON.stringify({ do: what, ...asked });
  const size = loaded.lengthBytesUTF8(text) + 1;
  const at = loaded._malloc(size);
  let said: string;
  try {
    loaded.stringToUTF8(text, at, size);
    said = loaded.UTF8ToString(loaded._chainrule_call(at));
  } finally {
    loaded._free(at);
  }
  const answer = JSON.parse(said);
  if (answer.error) throw new EngineError(answer.error.message, answer.error.code, answer.error.position);
  return answer.ok as T;
}

/** The numbers that the last call gave beside its answer; a copy. */
export function numbers(): Float32Array {
  const at = loaded._chainrule_numbers() / 4;
  return loaded.HEAPF32.slice(at, at + loaded._chainrule_count());
}
