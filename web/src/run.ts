// A training run in the engine, and what is known of it.
import { About, call, Maps, NetShape, numbers, Report, Trained } from './engine';
import { DataChoice, dataName, pointsCsv, Settings, Side, toToml } from './state';

export interface Rows {
  inputs: Float32Array; // one row after another
  targets: Float32Array;
  width: number;
  count: number;
}

/** Brings the data to where the library reads files. Gives their text, or '' where they are the library's own. */
export function writeData(data: DataChoice): string {
  if (data.kind === 'digits') return '';
  const text = data.kind === 'csv' ? data.csv?.text ?? ''
    : data.kind === 'own' ? pointsCsv(data.points)
    : call<{ text: string }>('points', { kind: data.kind, count: data.count, noise: data.noise, seed: data.seed }).text;
  call('file', { name: dataName(data), text });
  return text;
}

export class Run {
  readonly id: number;
  readonly toml: string;
  readonly about: About;
  net!: NetShape;
  weights!: Float32Array;
  reports: Report[] = [];
  losses: { step: number; loss: number }[] = []; // of the steps that were seen, thinned out
  step = 0;
  loss = NaN;
  done = false;
  reason = '';
  seconds = 0;

  /** @throws EngineError  as the tool, for settings that do not fit. */
  constructor(readonly side: Side, data: DataChoice, settings: Settings) {
    this.id = side === 'a' ? 0 : 1;
    this.toml = toToml(data, settings);
    this.about = call<About>('open', { run: this.id, toml: this.toml });
    this.readNet();
  }

  readNet(): void {
    this.net = call<NetShape>('net', { run: this.id });
    this.weights = numbers();
  }

  /** Trains for so many steps, or so long. */
  train(steps: number, milliseconds = 1e9): void {
    if (this.done) return;
    const began = performance.now();
    const made = call<Trained>('train', { run: this.id, steps, milliseconds });
    this.seconds += (performance.now() - began) / 1000;
    this.step = made.step;
    if (made.steps > 0) this.loss = made.loss;
    this.done = made.done;
    this.reason = made.reason;
    this.reports.push(...made.reports);
    if (made.steps > 0) this.losses.push({ step: made.step, loss: made.loss });
    if (this.losses.length > 1200) this.losses = this.losses.filter((_, i) => i % 2 === 1);
    this.readNet();
  }

  get hasMap(): boolean {
    return this.about.input.length === 1 && this.about.input[0] === 2;
  }
  map(window: { left: number; right: number; bottom: number; top: number }, size: number): { maps: Maps; values: Float32Array } {
    const maps = call<Maps>('map', { run: this.id, ...window, size });
    return { maps, values: numbers() };
  }
  rows(part: string, first = 0, count = 5000): Rows {
    const made = call<{ rows: number; input: number[]; target_at: number }>('rows', { run: this.id, part, first, count });
    const all = numbers();
    return {
      inputs: all.slice(0, made.target_at),
      targets: all.slice(made.target_at),
      width: made.input.reduce((a, b) => a * b, 1),
      count: made.rows,
    };
  }
  /** The net as it is now, as a file of the format ONNX. @throws EngineError  for layers that have no form there. */
  onnx(): { operators: number; file: Uint8Array } {
    const { operators } = call<{ operators: number }>('onnx', { run: this.id });
    return { operators, file: Uint8Array.from(numbers()) };
  }
  predict(row: number[]): number[] {
    return call<{ y: number[] }>('predict', { run: this.id, row }).y;
  }
}
