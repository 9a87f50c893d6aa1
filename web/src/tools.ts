// Choosing what is explained without a mouse, and the gradient check.
import { call } from './engine';
import { h, shown } from './dom';
import { field, selectOf } from './forms';
import { Sample } from './map';
import { Pick } from './net';
import { Run } from './run';
import { Key, t } from './text';

interface Chosen {
  sample: (sample: Sample) => void;
  weight: (parameter: string, index: number[]) => void;
  batch: (useBatch: boolean) => void;
}

export function weightChooser(run: Run, part: string, row: number, pick: Pick | null, useBatch: boolean, chosen: Chosen): HTMLElement {
  const parts = selectOf(run.about.parts.map((each) => each.name), part, (name) => chosen.sample({ part: name, row: 0 }));
  const rows = run.about.parts.find((each) => each.name === part)?.rows ?? 1;
  const rowBox = h('input', { type: 'number', min: 0, max: rows - 1, value: String(row), name: 'row', onchange: () =>
    chosen.sample({ part, row: Math.max(0, Math.min(rows - 1, Math.floor(Number(rowBox.value) || 0))) }) });
  const parameter = pick?.kind === 'weight' ? pick.parameter : run.net.parameters[0].path;
  const shape = run.net.parameters.find((p) => p.path === parameter)?.shape ?? [];
  const index = pick?.kind === 'weight' ? pick.index : shape.map(() => 0);
  const names = selectOf(run.net.parameters.map((p) => p.path), parameter, (name) =>
    chosen.weight(name, (run.net.parameters.find((p) => p.path === name)?.shape ?? []).map(() => 0)));
  names.name = 'parameter';
  const place = h('input', { type: 'text', value: index.join(','), name: 'index', size: 6, autocomplete: 'off' });
  const go = (): void => chosen.weight(names.value, place.value.split(',').map((each) => Math.floor(Number(each) || 0)));
  place.addEventListener('change', go);
  const batch = h('input', { type: 'checkbox', checked: useBatch, name: 'batch', onchange: () => chosen.batch(batch.checked) });
  return h('div', { class: 'chooser' }, field(t('part'), parts), field(t('row'), rowBox), field(t('parameter'), names),
    field(t('index'), place), h('button', { class: 'small', 'data-do': 'explainWeight', onclick: go }, t('explainIt')),
    pick?.kind === 'weight' ? field(t('nextBatch'), batch) : null);
}

interface Checked {
  passed: boolean;
  verdict: string;
  culprit: string | null;
  parameters: { name: string; compared: number; analytic: number; numeric: number; max_relative_error: number; passed: boolean }[];
}

export function checkView(run: Run): HTMLElement[] {
  const made = call<Checked>('check', { run: run.id });
  const verdicts: Record<string, Key> = { agree: 'agree', differ: 'differ', incomplete: 'incomplete' };
  return [
    h('p', { class: made.passed ? 'good' : 'bad', 'data-verdict': made.verdict }, t(verdicts[made.verdict])),
    made.culprit ? h('p', {}, made.culprit) : h('p', { class: 'about' }, t('checkHelp')),
    h('div', { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': t('check') }, h('table', {},
      h('thead', {}, h('tr', {}, ...[t('parameter'), t('compared'), t('backward'), t('difference'), t('relativeError'), ''].map((text) => h('th', { scope: 'col' }, text)))),
      h('tbody', {}, ...made.parameters.map((p) => h('tr', {}, h('th', { scope: 'row' }, p.name), h('td', {}, String(p.compared)),
        h('td', {}, shown(p.analytic, 6)), h('td', {}, shown(p.numeric, 6)), h('td', {}, shown(p.max_relative_error, 2)), h('td', {}, p.passed ? '✓' : '✗')))))),
  ];
}
