// Any expression of `chainrule explain`, stepped through forwards and backwards.
import { call, EngineError, Tables } from './engine';
import { h, put, shown } from './dom';
import { field } from './forms';
import { decode, encode } from './state';
import { t } from './text';
import { inTheme } from './theme';

interface Trace {
  expression: string;
  result: string;
  value: number;
  gradient: Record<string, number>;
  hessian?: Record<string, Record<string, number>>;
  check?: { gradient: Record<string, number>; relative_error: Record<string, number> };
  notes: string[];
  nodes: { id: number }[];
  svg: string;
  steps: { node: number; backward: boolean; what: string; why: string }[];
}
export interface Asked {
  text: string;
  at: string;
  order: number;
  check: boolean;
  step: number;
}

const examples: [string, string][] = [
  ['(w*2 + b) * (b + 1)', 'w=3, b=4'],
  ['1 / (1 + exp(-x))', 'x=0.5'],
  ['z = w*x + b; a = sigmoid(z); (a - t)^2', 'w=0.6, x=1.5, b=-0.2, t=1'],
  ['x = 2*w + b; y = b + 1; x*y', 'w=3, b=4'],
  ['log(exp(a) + exp(b))', 'a=1, b=2'],
  ['x^y', 'x=2, y=3'],
];

export function readAsked(text: string): Asked | null {
  try {
    const asked = decode(text) as Asked;
    return typeof asked.text === 'string' && typeof asked.at === 'string' ? { ...asked, order: asked.order === 2 ? 2 : 1,
      check: asked.check === true, step: Math.floor(Number(asked.step)) || 0 } : null;
  } catch {
    return null;
  }
}

const kAll = 1e9; // all steps are shown at first

export class ExplainPage {
  readonly element = h('main', { class: 'explain', id: 'main' });
  private asked: Asked;
  private trace: Trace | null = null;
  private timer = 0;
  private error = h('div', { class: 'error', role: 'alert', hidden: true });
  private figure = h('figure', { class: 'graph', tabindex: 0, role: 'group', 'aria-label': t('graphLabel') });
  private said = h('div', { class: 'stepText', 'aria-live': 'polite' });
  private results = h('div', {});
  private slider = h('input', { type: 'range', min: 0, value: '0', name: 'at', 'aria-label': t('step') });
  private count = h('output', {});
  private play = h('button', { 'data-do': 'playSteps', onclick: () => this.toggle() }, t('play'));

  constructor(asked: Asked | null, private tables: Tables, private linked: (hash: string) => void) {
    this.asked = asked ?? { text: examples[0][0], at: examples[0][1], order: 1, check: false, step: kAll };
    this.build();
    this.compute(this.asked.step);
  }

  /** In other colours, at the same step. */
  repaint(): void {
    this.compute(Number(this.slider.value));
  }
  stop(): void {
    clearInterval(this.timer);
    this.timer = 0;
    this.play.textContent = t('play');
  }

  private build(): void {
    let soon = 0;
    const later = (): void => {
      clearTimeout(soon);
      soon = window.setTimeout(() => this.compute(kAll), 120);
    };
    const text = h('textarea', { rows: 2, spellcheck: 'false', autocapitalize: 'off', name: 'expression',
      oninput: () => { this.asked.text = text.value; later(); } });
    text.value = this.asked.text;
    const at = h('input', { type: 'text', value: this.asked.at, spellcheck: 'false', autocapitalize: 'off', autocomplete: 'off', name: 'values',
      oninput: () => { this.asked.at = at.value; later(); } });
    const box = (key: 'order' | 'check'): HTMLElement => {
      const made = h('input', { type: 'checkbox', name: key, checked: key === 'order' ? this.asked.order === 2 : this.asked.check, onchange: () => {
        if (key === 'order') this.asked.order = made.checked ? 2 : 1;
        else this.asked.check = made.checked;
        this.compute(kAll);
      } });
      return field(t(key === 'order' ? 'second' : 'differences'), made);
    };
    const samples = h('div', { class: 'examples', role: 'group', 'aria-label': t('examples') }, ...examples.map(([expression, values]) =>
      h('button', { class: 'small', onclick: () => {
        Object.assign(this.asked, { text: expression, at: values });
        text.value = expression;
        at.value = values;
        this.compute(kAll);
      } }, h('code', {}, expression))));
    const move = (name: string, sign: string, label: string, to: () => number): HTMLElement =>
      h('button', { 'data-do': name, 'aria-label': label, title: label, onclick: () => { this.stop(); this.show(to()); } }, sign);
    const now = (): number => Number(this.slider.value);
    this.slider.addEventListener('input', () => { this.stop(); this.show(now()); });
    put(this.element,
      h('section', { class: 'card', 'aria-labelledby': 'askTitle' }, h('h2', { id: 'askTitle' }, t('expression')),
        field(t('expression'), text), field(t('values'), at), h('div', { class: 'settings' }, box('order'), box('check')), samples,
        h('details', {}, h('summary', {}, t('functions')), h('p', {}, h('code', {}, this.tables.functions.join('  '))), h('p', { class: 'about' }, t('grammar')))),
      this.error,
      h('section', { class: 'card', 'aria-labelledby': 'graphTitle' }, h('h2', { id: 'graphTitle' }, t('passes')), this.figure,
        h('div', { class: 'player', role: 'group', 'aria-label': t('passes') },
          move('firstStep', '|◀', t('first'), () => 0), move('backStep', '◀', t('back'), () => now() - 1), this.play,
          move('nextStep', '▶', t('next'), () => now() + 1), move('lastStep', '▶|', t('last'), () => kAll), this.slider, this.count),
        this.said, this.results));
    this.element.addEventListener('keydown', (event) => {
      if ((event.target as HTMLElement).matches('input, textarea, select')) return;
      const keys: Record<string, number> = { ArrowLeft: now() - 1, ArrowRight: now() + 1, Home: 0, End: kAll };
      if (!(event.key in keys) || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      this.stop();
      this.show(keys[event.key]);
    });
  }

  private compute(step: number): void {
    this.stop();
    const { text, at, order, check } = this.asked;
    try {
      this.trace = call<Trace>('expression', { text, at, order, check });
      this.error.hidden = true;
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      this.trace = null;
      this.error.hidden = false;
      const [first, ...marked] = error.message.split('\n');
      put(this.error, h('p', {}, first), marked.length ? h('pre', {}, marked.join('\n')) : null);
    }
    this.figure.innerHTML = inTheme(this.trace?.svg ?? '');  // made by the library, which escapes what was typed
    this.figure.querySelector('svg')?.setAttribute('role', 'img');
    this.slider.max = String(this.trace?.steps.length ?? 0);
    this.slider.disabled = !this.trace;
    this.show(step);
    put(this.results, this.trace ? this.table(this.trace) : null);
  }

  private show(wanted: number): void {
    const steps = this.trace?.steps ?? [], step = Math.max(0, Math.min(steps.length, wanted)), now = steps[step - 1];
    this.slider.value = String(step);
    this.count.textContent = `${step} / ${steps.length}`;
    for (const part of this.figure.querySelectorAll<SVGElement>('[data-step]')) {
      part.classList.toggle('later', Number(part.dataset.step) > step);
      part.classList.toggle('fresh', Number(part.dataset.step) === step);
    }
    for (const node of this.figure.querySelectorAll<SVGElement>('[data-node]')) node.classList.toggle('active', now !== undefined && node.dataset.node === String(now.node));
    const forward = steps.filter((each) => !each.backward).length;
    put(this.said, ...(!this.trace ? [] : now ? [
      h('small', {}, now.backward ? t('backwardStep', { n: step - forward, all: steps.length - forward }) : t('forwardStep', { n: step, all: forward })),
      h('p', { class: now.backward ? 'what backward' : 'what' }, now.what), h('p', { lang: 'en' }, now.why),
    ] : [h('p', {}, t('beforeSteps'))]));
    if (step === steps.length) this.stop();
    this.asked.step = step;
    this.linked(`explain=${encode(this.asked)}`);
  }

  private toggle(): void {
    if (this.timer) return this.stop();
    const now = (): number => Number(this.slider.value);
    if (now() >= (this.trace?.steps.length ?? 0)) this.show(0);
    this.play.textContent = t('pause');
    this.timer = window.setInterval(() => this.show(now() + 1), 1200);
  }

  private table(of: Trace): HTMLElement {
    const row = (name: string, value: number, more: (string | number)[] = []): HTMLElement => h('tr', {}, h('th', { scope: 'row' }, name),
      h('td', {}, shown(value, 10)), ...more.map((each) => h('td', {}, shown(each, 6))));
    const rows = [row(of.result, of.value), ...Object.entries(of.gradient).map(([name, value]) => row(`d${of.result}/d${name}`, value,
      of.check ? [`${t('difference')} ${shown(of.check.gradient[name], 10)}`, `${t('relativeError')} ${shown(of.check.relative_error[name], 2)}`] : []))];
    for (const [a, inner] of Object.entries(of.hessian ?? {})) {
      for (const [b, value] of Object.entries(inner)) rows.push(row(`d²${of.result}/d${a}d${b}`, value));
    }
    return h('div', {}, h('div', { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': t('results') }, h('table', {}, h('tbody', {}, ...rows))),
      ...of.notes.map((note) => h('p', { lang: 'en' }, note)));
  }
}
