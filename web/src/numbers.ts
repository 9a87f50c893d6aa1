// Every number of one sample's passes, one neuron's, or one weight's with its update, as the library gives them.
import { call } from './engine';
import { h, shown } from './dom';
import { Sample } from './map';
import { Pick } from './net';
import { Run } from './run';
import { t } from './text';

interface Parameter {
  path: string;
  shape: number[];
  values: { value: number[] | null; gradient: number[] | null };
}
interface Layer {
  path: string;
  what: string;
  output_shape: number[];
  parameters: Parameter[];
  values: { input: number[] | null; output: number[] | null; gradient: number[] | null };
}
export interface Explained {
  title: string;
  rows: number[];
  loss: number;
  layers: Layer[];
  inputs: number[] | null;
  target: number[] | null;
  weight?: {
    parameter: string; index: number[]; value: number; gradient: number; kind: string; sum: number;
    terms: { row: number; x?: number; dy?: number; product: number }[];
  };
  update?: {
    rule: string; step: number; lr: number; states: Record<string, number>; states_from: string;
    before: number; after: number; formulas: { name: string; formula: string; numbers: string; value: number }[];
  } | null;
}

export function explain(run: Run, sample: Sample | null, parameter = ''): Explained {
  return call<Explained>('explain', { run: run.id, part: sample?.part ?? '', row: sample?.row ?? 0, parameter });
}

const kShown = 24;

function table(head: string[], rows: (string | number | null)[][], name = ''): HTMLElement {
  return h('div', { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': name || head.join(', ') }, h('table', {},
    h('thead', {}, h('tr', {}, ...head.map((text) => h('th', { scope: 'col' }, text)))),
    h('tbody', {}, ...rows.map((row) => h('tr', {}, ...row.map((cell, i) =>
      i === 0 ? h('th', { scope: 'row' }, shown(cell)) : h('td', typeof cell === 'string' && cell.length > 20 ? { class: 'long' } : {}, shown(cell, 6))))))));
}

/** Numbers in brackets, the first of them. */
function listed(values: number[] | null, count: number): string {
  if (!values) return t('tooMany', { n: count });
  const some = values.slice(0, kShown).map((value) => shown(value, 5)).join('  ');
  return values.length > kShown ? `${some}  … (${values.length})` : some;
}

export function sampleView(of: Explained, classes: string[]): HTMLElement[] {
  const count = (layer: Layer): number => layer.output_shape.reduce((a, b) => a * b, 1);
  const x = of.inputs, target = of.target, scaled = of.layers[0]?.values.input;
  const isScaled = x && scaled && x.length === scaled.length && x.some((each, i) => Math.abs(each - scaled[i]) > 1e-6);
  return [
    h('h3', {}, of.title),
    h('p', {}, `${t('inputs')}: `, h('code', {}, listed(x, 0)), isScaled ? ` · ${t('scaled')}: ` : null, isScaled ? h('code', {}, listed(scaled, 0)) : null, ` · ${t('target')}: `, h('code', {}, listed(target, 0)), target?.length === 1 && classes[target[0]] !== undefined ? ` (${classes[target[0]]})` : null,
      ` · ${t('loss')}: `, h('code', {}, shown(of.loss, 7))),
    table([t('layer'), t('forward'), t('backward')], of.layers.map((layer) => [
      `${layer.path} · ${layer.what}`, listed(layer.values.output, count(layer)), listed(layer.values.gradient, count(layer)),
    ])),
    h('p', { class: 'about' }, t('sampleHelp')),
  ];
}

export function neuronView(of: Explained, pick: Pick & { kind: 'neuron' }, onweight: (parameter: string, index: number[]) => void): HTMLElement[] {
  const { column, unit } = pick;
  const first = of.layers.findIndex((layer) => layer.path === (column.affine ?? column.path));
  const last = of.layers.findIndex((layer) => layer.path === column.path);
  const layer = of.layers[first];
  const made: HTMLElement[] = [h('h3', {}, t('neuronOf', { layer: column.title, n: unit })), h('p', { class: 'about' }, of.title)];
  const weight = layer.parameters.find((p) => p.path === `${layer.path}.weight`);
  const bias = layer.parameters.find((p) => p.path === `${layer.path}.bias`);
  const input = layer.values.input, units = layer.output_shape[layer.output_shape.length - 1];
  if (column.affine && weight?.values.value && input) {
    const w = weight.values.value, dw = weight.values.gradient ?? [];
    const rows = input.map((x, i) => [`${i}`, x, w[i * units + unit], x * w[i * units + unit], dw[i * units + unit] ?? null]);
    const parts = table(['i', 'x', 'w', 'x · w', t('gradientOf', { name: 'w' })], rows, t('weightedSum'));
    parts.querySelectorAll('tbody tr').forEach((row, i) => {
      const index = [i, unit];
      row.append(h('td', {}, h('button', { class: 'small', onclick: () => onweight(weight.path, index) }, t('explainIt'))));
    });
    made.push(parts);
    if (bias?.values.value) {
      made.push(h('p', {}, `${t('bias')}: `, h('code', {}, shown(bias.values.value[unit], 6)), ` · ${t('gradientOf', { name: 'b' })}: `,
        h('code', {}, shown(bias.values.gradient?.[unit], 6)), ' ',
        h('button', { class: 'small', onclick: () => onweight(bias.path, [unit]) }, t('explainIt'))));
    }
  }
  made.push(table([t('layer'), t('forward'), t('backward')], of.layers.slice(first, last + 1).map((each) =>
    [`${each.path} · ${each.what}`, each.values.output?.[unit] ?? null, each.values.gradient?.[unit] ?? null])));
  return made;
}

export function weightView(of: Explained): HTMLElement[] {
  const weight = of.weight;
  if (!weight) return [];
  const name = `${weight.parameter}[${weight.index.join(',')}]`;
  const made: HTMLElement[] = [
    h('h3', {}, name),
    h('p', { class: 'about' }, of.title),
    h('p', {}, `${t('value')} `, h('code', { 'data-value': weight.value }, shown(weight.value, 8)), ` · ${t('gradientOf', { name: 'w' })} `,
      h('code', { 'data-gradient': weight.gradient }, shown(weight.gradient, 8))),
  ];
  if (weight.terms.length) {
    const isProduct = weight.kind === 'products';
    const rows = weight.terms.slice(0, kShown).map((term) => isProduct
      ? [`${of.rows[term.row] ?? term.row}`, term.x ?? null, term.dy ?? null, term.product] : [`${of.rows[term.row] ?? term.row}`, term.product]);
    made.push(h('h4', {}, t(isProduct ? 'termsProducts' : 'termsSamples')),
      table(isProduct ? [t('row'), 'x', 'dy', 'x · dy'] : [t('row'), t('gradient')], rows),
      h('p', {}, t('sumOf', { n: weight.terms.length }), ' ', h('code', {}, shown(weight.sum, 8))));
  }
  const update = of.update;
  if (update) {
    made.push(h('h4', {}, t('updateBy', { rule: update.rule, step: update.step })),
      table([t('name'), t('formula'), t('withNumbers'), t('value')],
        update.formulas.map((each) => [each.name, each.formula, each.numbers, each.value])),
      h('p', {}, h('code', {}, `${shown(update.before, 8)} → ${shown(update.after, 8)}`), ' ', h('small', {}, `(${update.states_from})`)));
  }
  return made;
}
