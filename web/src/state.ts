// What was chosen on the page: as a file run.toml, and as a link that brings it all back.

/** One of a table with its settings, where they are not the defaults: affine(outputs=8). */
export interface Choice {
  name: string;
  settings: Record<string, string>;
}
export interface Settings {
  layers: Choice[];
  loss: Choice;
  rule: Choice;
  rate: Choice;
  weight_decay: string;
  l1: string;
  clip_norm: string;
  batch_size: string;
  steps: string;
  seed: string;
  order: string;
}
export interface DataChoice {
  kind: string; // one of the library's points, or own, csv, digits
  count: number;
  noise: number;
  seed: number;
  test: number;
  points: [number, number, number][]; // own ones: x, y, class
  csv: { name: string; text: string; target: string } | null;
}
export type Side = 'a' | 'b';
export interface State {
  data: DataChoice;
  a: Settings;
  b: Settings | null;
}

export const classNames = ['a', 'b', 'c'];

const choice = (name: string, settings: Record<string, string> = {}): Choice => ({ name, settings });

/** A net for points, or one for images, and how it learns well. */
export function firstSettings(isImages: boolean, outputs: number): Pick<Settings, 'layers' | 'rule' | 'rate' | 'batch_size' | 'steps'> {
  const last = choice('affine', { outputs: String(outputs) }), rule = choice('adam');
  return isImages
    ? { layers: [choice('flatten'), choice('affine', { outputs: '32' }), choice('relu'), last],
      rule, rate: choice('constant', { lr: '0.003' }), batch_size: '50', steps: '2000' }
    : { layers: [choice('affine', { outputs: '8' }), choice('tanh'), choice('affine', { outputs: '8' }), choice('tanh'), last],
      rule, rate: choice('constant', { lr: '0.02' }), batch_size: '16', steps: '4000' };
}

export function firstState(): State {
  return {
    data: { kind: 'spiral', count: 400, noise: 0.1, seed: 1, test: 0.2, points: [], csv: null },
    a: {
      ...firstSettings(false, 2),
      loss: choice('softmax_cross_entropy'),
      weight_decay: '0', l1: '0', clip_norm: '0', seed: '1', order: 'shuffled',
    },
    b: null,
  };
}

/** The short text that the library reads. */
export function choiceText(of: Choice): string {
  const settings = Object.entries(of.settings).filter(([, value]) => value.trim() !== '');
  return of.name + (settings.length ? `(${settings.map(([key, value]) => `${key}=${value}`).join(', ')})` : '');
}

export function netText(settings: Settings): string {
  return `sequential([${settings.layers.map(choiceText).join(', ')}])`;
}

/** The name that data have in the file, and beside it on a disk. */
export function dataName(data: DataChoice): string {
  if (data.kind === 'digits') return 'digits';
  if (data.kind === 'csv') return data.csv?.name ?? 'table.csv';
  return `${data.kind === 'own' ? 'points' : data.kind}.csv`;
}

export function targetOf(data: DataChoice): string {
  if (data.kind === 'csv') return data.csv?.target ?? '';
  return data.kind === 'plane' || data.kind === 'waves' ? 'z' : 'class';
}

const quoted = (text: string): string => JSON.stringify(text);

/** What `chainrule train run.toml` reads, and the page's own runs. */
export function toToml(data: DataChoice, settings: Settings): string {
  const isTable = data.kind !== 'digits';
  const rate = settings.rate.name === 'constant' ? settings.rate.settings.lr ?? '0.01' : quoted(choiceText(settings.rate));
  const lines = [
    `seed = ${settings.seed}`,
    `net = ${quoted(netText(settings))}`,
    `loss = ${quoted(choiceText(settings.loss))}`,
    '', '[data]',
    `name = ${quoted(dataName(data))}`,
    ...(isTable ? [`test = ${data.test}`, '', '[data.csv]', `target = ${quoted(targetOf(data))}`] : []),
    '', '[optimizer]',
    `rule = ${quoted(choiceText(settings.rule))}`,
    `lr = ${rate}`,
  ];
  for (const key of ['weight_decay', 'l1', 'clip_norm'] as const) {
    if (Number(settings[key]) !== 0) lines.push(`${key} = ${settings[key]}`);
  }
  lines.push('', '[train]', `steps = ${settings.steps}`, `batch_size = ${settings.batch_size}`);
  if (settings.order !== 'shuffled') lines.push(`order = ${quoted(settings.order)}`);
  if (data.kind === 'digits') lines.push('report_every = 200');
  return lines.join('\n') + '\n';
}

/** Own points as a table. */
export function pointsCsv(points: [number, number, number][]): string {
  return 'x,y,class\n' + points.map(([x, y, c]) => `${x.toFixed(4)},${y.toFixed(4)},${classNames[c]}\n`).join('');
}

const kMostLinked = 24_000;

/** All of it in letters that a link may have. A large table is left out. */
export function encode(state: unknown): string {
  const bytes = new TextEncoder().encode(JSON.stringify(state));
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
}
export function decode(text: string): unknown {
  const bytes = Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0));
  return JSON.parse(new TextDecoder().decode(bytes));
}
export function stateLink(state: State): { hash: string; complete: boolean } {
  const csv = state.data.csv;
  const complete = !csv || csv.text.length <= kMostLinked;
  const linked = complete ? state : { ...state, data: { ...state.data, kind: 'spiral', csv: null } };
  return { hash: `play=${encode(linked)}`, complete };
}

const isText = (value: unknown): value is string => typeof value === 'string';
function isChoice(value: unknown): value is Choice {
  const of = value as Choice;
  return Boolean(of) && isText(of.name) && typeof of.settings === 'object' && Object.values(of.settings).every(isText);
}
function isSettings(value: unknown): value is Settings {
  const of = value as Settings;
  const texts = [of?.weight_decay, of?.l1, of?.clip_norm, of?.batch_size, of?.steps, of?.seed, of?.order];
  return Boolean(of) && Array.isArray(of.layers) && of.layers.every(isChoice) && [of.loss, of.rule, of.rate].every(isChoice) &&
    texts.every((each) => isText(each) && /^[\w.+-]*$/.test(each));
}

/** What a link says, or null where somebody has changed it to something else. */
export function readState(text: string): State | null {
  try {
    const state = decode(text) as State;
    const data = state.data;
    const fine = isSettings(state.a) && (state.b === null || isSettings(state.b)) && isText(data.kind) &&
      [data.count, data.noise, data.seed, data.test].every((n) => typeof n === 'number' && isFinite(n)) &&
      Array.isArray(data.points) && data.points.every((p) => p.length === 3 && p.every((n) => typeof n === 'number')) &&
      (data.csv === null || (isText(data.csv.name) && isText(data.csv.text) && isText(data.csv.target)));
    return fine ? state : null;
  } catch {
    return null;
  }
}
