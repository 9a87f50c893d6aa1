// The playground: data, one net or two side by side, training, and what can be seen of it.
import { EngineError, Tables } from './engine';
import { curves, histogram, Line } from './charts';
import { DataPanel } from './data';
import { choosing, h, put, shown } from './dom';
import { DigitPad } from './digits';
import { homeDialog } from './home';
import { PlaneMap, Sample, Window, windowOf } from './map';
import { NetPicture, Pick } from './net';
import { explain, neuronView, sampleView, weightView } from './numbers';
import { Rows, Run, writeData } from './run';
import { LayerList, learningForm } from './settings';
import { firstSettings, Side, State, stateLink } from './state';
import { t } from './text';
import { checkView, weightChooser } from './tools';

const kMapSize = 50, kFrame = 14; // dots across; milliseconds a frame for training

interface View {
  run: Run;
  picture: NetPicture;
  plane: PlaneMap | null;
  pad: DigitPad | null;
}

export class Playground {
  readonly element = h('main', { class: 'play', id: 'main' });
  private side: Side = 'a';
  private views: Partial<Record<Side, View>> = {};
  private parts: [string, Rows][] = [];
  private window: Window = windowOf([]);
  private dataText = '';
  private playing = false;
  private drawnAt = 0;
  private sample: Sample = { part: 'train', row: 0 };
  private pick: Pick | null = null;
  private useBatch = true;
  private checked: HTMLElement[] | null = null; // what the gradient check said, until something else is asked for
  private rebuilding = 0;

  private bar = h('div', { class: 'bar', role: 'group' });
  private error = h('div', { class: 'error', role: 'alert', hidden: true });
  private left = h('div', { class: 'column left' });
  private netBox = h('section', { class: 'card netCard', 'aria-labelledby': 'netTitle' });
  private seen = h('section', { class: 'card seenCard', 'aria-labelledby': 'seenTitle' });
  private curvesBox = h('div', {});
  private histograms = h('div', { class: 'histograms' });
  private numbersBox = h('section', { class: 'card numbers', 'aria-live': 'polite', 'aria-labelledby': 'numbersTitle' });
  private status = h('p', { class: 'status', role: 'status' });

  constructor(private state: State, private tables: Tables, private linked: (hash: string) => void) {
    for (const type of ['dragover', 'dragleave', 'drop'] as const) this.element.addEventListener(type, (event) => this.panel?.drag(event));
    this.build();
    this.rebuild();
  }

  stop(): void {
    this.playing = false;
  }
  /** In other colours. */
  repaint(): void {
    this.buildForms();
    this.show();
  }

  private get settings() {
    return this.side === 'b' && this.state.b ? this.state.b : this.state.a;
  }
  private get view(): View | undefined {
    return this.views[this.side] ?? this.views.a;
  }
  private get sides(): Side[] {
    return (['a', 'b'] as const).filter((side) => this.views[side]);
  }

  private build(): void {
    put(this.element, this.bar, this.error, h('div', { class: 'columns' }, this.left,
      h('div', { class: 'column middle' }, this.netBox, this.numbersBox),
      h('div', { class: 'column right' }, this.seen,
        h('section', { class: 'card curvesCard', 'aria-labelledby': 'curvesTitle' }, h('h2', { id: 'curvesTitle' }, t('curves')), this.curvesBox),
        h('section', { class: 'card histCard', 'aria-labelledby': 'histTitle' }, h('h2', { id: 'histTitle' }, t('histograms')), this.histograms))));
    this.buildForms();
  }

  private buildForms(): void {
    const changed = (): void => this.later();
    const tabs = this.state.b ? choosing(h('div', { class: 'sides', role: 'tablist', 'aria-label': t('compare') }, ...(['a', 'b'] as const).map((side) =>
      h('button', { role: 'tab', 'aria-selected': String(this.side === side), class: this.side === side ? 'chosen' : '', 'data-side': side,
        onclick: () => { this.side = side; this.buildForms(); this.show(); } }, t('setting', { name: side.toUpperCase() }))))) : null;
    this.panel = new DataPanel(this.state.data, this.tables, () => { this.fitOutputs(); this.sample = { part: 'train', row: 0 }; this.buildForms(); this.later(); },
      (message) => this.complain(message));
    put(this.left, this.panel.element,
      h('section', { class: 'card learnCard', 'aria-labelledby': 'learnTitle' }, h('h2', { id: 'learnTitle' }, t('learning')), tabs,
        learningForm(this.settings, this.tables, changed)));
    this.layers = h('div', {}, h('details', { class: 'builder', open: true }, h('summary', {}, t('layersTitle')),
      new LayerList(this.settings, this.tables, changed).element));
  }
  private layers = h('div', {});
  private panel: DataPanel | null = null;

  /** The last layer and the loss follow the target: as many outputs as classes, or one number. */
  private fitOutputs(): void {
    const { data } = this.state;
    const words = data.kind === 'csv' && data.csv ? classesOfCsv(data.csv.text, data.csv.target)
      : data.kind === 'own' ? Math.max(2, new Set(data.points.map((p) => p[2])).size)
      : data.kind === 'digits' ? 10 : data.kind === 'plane' || data.kind === 'waves' ? 0 : 2;
    for (const settings of [this.state.a, this.state.b]) {
      if (!settings) continue;
      const last = settings.layers[settings.layers.length - 1];
      if (last.name === 'affine') last.settings.outputs = String(words || 1);
      const isClasses = /entropy|nll/.test(settings.loss.name);
      if (words > 0 !== isClasses) settings.loss = { name: words > 0 ? 'softmax_cross_entropy' : 'mse', settings: {} };
      const isForImages = /flatten|conv/.test(settings.layers[0].name);
      if ((data.kind === 'digits') !== isForImages) Object.assign(settings, firstSettings(data.kind === 'digits', words || 1));
    }
  }

  /** Soon, when nothing more has been changed for a moment. */
  private later(): void {
    clearTimeout(this.rebuilding);
    if (this.state.data.kind === 'digits') put(this.status, t('digitsHelp'));  // seen before the page is busy with them
    this.rebuilding = window.setTimeout(() => this.rebuild(), 60);
  }

  /** Why there is nothing to be seen. */
  private nothing(): HTMLElement {
    const { kind } = this.state.data;
    return h('p', { class: 'about' }, t(!this.error.hidden ? 'seeError' : kind === 'own' ? 'padHelp' : 'csvHelp'));
  }

  private complain(message: string): void {
    for (const each of this.left.querySelectorAll('input[name]')) each.setAttribute('aria-invalid', String(message.includes(`'${each.getAttribute('name')}'`)));
    this.error.hidden = message === '';
    this.error.textContent = message;
  }

  /** New runs of what is chosen now. */
  rebuild(): void {
    this.playing = false;
    this.pick = this.checked = null;
    this.linked(stateLink(this.state).hash);
    this.views = {};
    this.parts = [];
    const isEmpty = (this.state.data.kind === 'own' && this.state.data.points.length < 5) || (this.state.data.kind === 'csv' && !this.state.data.csv);
    if (isEmpty) {
      this.complain('');
      this.show();
      return;
    }
    try {
      this.dataText = writeData(this.state.data);
      for (const side of ['a', 'b'] as const) {
        const settings = this.state[side];
        if (!settings) continue;
        const run = new Run(side, this.state.data, settings);
        if (side === 'a' && run.hasMap) {
          this.parts = run.about.parts.map(({ name }) => [name, run.rows(name)]);
          this.window = windowOf(this.parts.map(([, rows]) => rows));
        }
        const plane = run.hasMap ? new PlaneMap(run, (sample) => this.choose(sample)) : null;
        plane?.setRows(this.parts, this.window);
        this.views[side] = {
          run, plane, picture: new NetPicture(run, (pick) => this.choosePick(pick, side)),
          pad: this.state.data.kind === 'digits' ? new DigitPad(run) : null,
        };
      }
      this.complain('');
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      this.views = {};
      this.complain(error.message);
    }
    this.show();
  }

  private choose(sample: Sample): void {
    this.sample = sample;
    this.pick = this.checked = null;
    this.show();
    this.reveal();
  }
  private choosePick(pick: Pick, side: Side): void {
    if (this.side !== side && this.state.b) {
      this.side = side;
      this.buildForms();
    }
    this.pick = pick;
    this.checked = null;
    this.show();
    this.reveal();
  }
  /** What was clicked is explained where it is seen. */
  private reveal(): void {
    if (this.numbersBox.getBoundingClientRect().top > window.innerHeight - 160) this.numbersBox.scrollIntoView({ block: 'center' });
  }

  // Training

  private toggle(): void {
    this.playing = !this.playing;
    this.checked = null;
    if (!this.playing) return this.show();
    this.showBar();
    requestAnimationFrame(() => this.frame());
  }
  private frame(): void {
    if (!this.playing) return;
    this.advance(1e9, kFrame / Math.max(1, this.sides.length));
    if (this.sides.every((side) => this.views[side]?.run.done)) this.playing = false;
    const now = performance.now();
    if (!this.playing || now - this.drawnAt > 90) {
      this.drawnAt = now;
      this.showMoving();
    }
    if (this.playing) requestAnimationFrame(() => this.frame());
    else this.show();
  }
  /** So many steps, or so long; the second run as many as the first. What goes wrong, such as a loss that is not finite,
   * is told. */
  private advance(steps: number, milliseconds = 1e9): void {
    let first: Run | null = null;
    for (const side of this.sides) {
      const run = (this.views[side] as View).run;
      try {
        if (first) run.train(Math.max(0, first.step - run.step));
        else run.train(steps, milliseconds);
      } catch (error) {
        if (!(error instanceof EngineError)) throw error;
        this.playing = false;
        this.complain(error.message);
      }
      first ??= run;
    }
  }
  private step(count: number): void {
    this.playing = false;
    this.checked = null;
    this.advance(count);
    this.show();
  }

  // What is seen

  private show(): void {
    this.showBar();
    const view = this.view;
    put(this.netBox, h('h2', { id: 'netTitle' }, t('net') + (this.state.b ? ` · ${t('setting', { name: this.side.toUpperCase() })}` : '')), this.layers, view ? view.picture.element : null,
      view ? h('p', { class: 'about' }, t(view.picture.drawn ? 'netHelp' : 'netListHelp'), view.picture.drawn && !view.plane ? ` ${t('rowHelp')}` : null) : null);
    put(this.seen, h('h2', { id: 'seenTitle' }, t('seen')), ...this.sides.map((side) => {
      const { plane, pad, run } = this.views[side] as View;
      return h('div', { class: 'seenOne' }, this.state.b ? h('h3', {}, t('setting', { name: side.toUpperCase() })) : null,
        plane?.element, pad?.element, plane || pad ? null : h('p', { class: 'about' }, t('noMap', { n: run.about.input.join(' × ') })));
    }), this.views.a?.plane ? this.views.a.plane.legend() : null, this.views.a?.plane ? h('p', { class: 'about' }, t('mapHelp')) : null, this.sides.length ? null : this.nothing());
    for (const side of this.sides) this.views[side]?.plane?.drawDots(this.sample);
    this.showMoving();
    this.showNumbers();
  }

  /** What changes while it trains. */
  private showMoving(): void {
    const lines: Line[] = [];
    for (const side of this.sides) {
      const { run, plane, picture, pad } = this.views[side] as View;
      if (plane) {
        const { maps, values } = run.map(this.window, kMapSize), dots = kMapSize * kMapSize;
        const answer = maps.layers[maps.layers.length - 1];
        plane.drawMap(answer.units, values.subarray(answer.at, answer.at + answer.units * dots), kMapSize);
        if (run === this.view?.run) picture.paint(maps, values, kMapSize);
      } else if (picture.drawn && run === this.view?.run) {
        picture.paintRow(explain(run, this.sample).layers);
      }
      if (run === this.view?.run) picture.update();
      pad?.predict();
      const name = this.state.b ? `${side.toUpperCase()} ` : '';
      const kept = run.reports.length > 1 ? run.reports.map((r) => ({ x: r.step, y: r.loss })) : run.losses.map((l) => ({ x: l.step, y: l.loss }));
      lines.push({ name: name + t('trainLoss'), kind: `train ${side}`, points: kept });
      if (run.reports.some((r) => 'test.loss' in r)) {
        lines.push({ name: name + t('testLoss'), kind: `test ${side}`, points: run.reports.map((r) => ({ x: r.step, y: r['test.loss'] as number })) });
      }
    }
    put(this.curvesBox, curves(lines, t('curves')), h('ul', { class: 'legend' }, ...lines.filter((line) => line.points.length).map((line) =>
      h('li', {}, h('i', { class: line.kind }), `${line.name} `, h('b', {}, shown(line.points[line.points.length - 1]?.y))))));
    const run = this.view?.run;
    put(this.histograms, ...(run ? run.net.parameters.map((p) => {
      const count = p.shape.reduce((a, b) => a * b, 1);
      return h('figure', {}, histogram(run.weights.subarray(p.at, p.at + count), p.path), h('figcaption', {}, p.path));
    }) : []));
    this.showStatus();
  }

  private showStatus(): void {
    put(this.status, ...this.sides.map((side) => {
      const { run } = this.views[side] as View, last = run.reports[run.reports.length - 1];
      const measured = last ? Object.entries(last).filter(([key, value]) => /\./.test(key) && !/loss/.test(key) && typeof value === 'number')
        .map(([key, value]) => `${key} ${shown(value as number)}`).join(', ') : '';
      const rate = run.seconds > 0.2 ? `, ${Math.round(run.step / run.seconds)} ${t('perSecond')}` : '';
      return h('span', { 'data-run': side }, this.state.b ? h('b', {}, side.toUpperCase() + ' ') : null,
        `${t('stepOf', { n: run.step, all: run.about.steps })} · ${t('loss')} `, h('b', { class: 'lossNow' }, last ? shown(last.loss, 6) : isNaN(run.loss) ? '–' : shown(run.loss, 6)),
        measured ? ` · ${measured}` : '', ` · ${t('nParameters', { n: run.about.parameters })}${rate}`, run.done ? ` · ${t('over')}` : '');
    }));
  }

  private showBar(): void {
    const ready = this.sides.length > 0, done = this.sides.every((side) => this.views[side]?.run.done);
    const button = (name: string, label: string, act: () => void, off = false, more = ''): HTMLElement =>
      h('button', { 'data-do': name, class: more, disabled: off, onclick: act }, label);
    this.bar.setAttribute('aria-label', t('training'));
    put(this.bar,
      button('train', this.playing ? `❚❚ ${t('pause')}` : `▶ ${t('train')}`, () => this.toggle(), !ready || done, 'primary'),
      button('step', t('oneStep'), () => this.step(1), !ready || done),
      button('reset', `↺ ${t('reset')}`, () => this.rebuild(), !ready),
      this.status,
      button('compare', this.state.b ? t('compareOff') : t('compare'), () => this.compare(), !ready),
      button('check', t('check'), () => this.check(), !ready),
      button('home', t('takeHome'), () => this.takeHome(), !ready));
  }

  private showNumbers(): void {
    const run = this.view?.run;
    this.view?.picture.choose(this.pick);
    if (!run) {
      put(this.numbersBox, h('h2', { id: 'numbersTitle' }, t('numbers')), this.nothing());
      return;
    }
    if (this.checked) return put(this.numbersBox, h('h2', { id: 'numbersTitle' }, t('check')), ...this.checked);
    const onweight = (parameter: string, index: number[]): void => {
      this.pick = { kind: 'weight', parameter, index };
      this.showNumbers();
    };
    const pick = this.pick, parameter = pick?.kind === 'weight' ? `${pick.parameter}[${pick.index.join(',')}]` : '';
    let body: HTMLElement[];
    try {
      const of = explain(run, pick?.kind === 'weight' && this.useBatch ? null : this.sample, parameter);
      body = pick?.kind === 'weight' ? weightView(of) : pick?.kind === 'neuron' ? neuronView(of, pick, onweight) : sampleView(of, run.about.has_classes ? run.about.classes : []);
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      body = [h('p', { class: 'error' }, error.message)];
    }
    const part = run.about.parts.find((each) => each.name === this.sample.part) ?? run.about.parts[0];
    put(this.numbersBox, h('h2', { id: 'numbersTitle' }, t('numbers')),
      weightChooser(run, part.name, this.sample.row, pick, this.useBatch, {
        sample: (sample) => this.choose(sample), weight: onweight,
        batch: (useBatch) => { this.useBatch = useBatch; this.showNumbers(); },
      }), ...body);
  }

  // Tools

  private compare(): void {
    this.state.b = this.state.b ? null : structuredClone(this.state.a);
    if (!this.state.b) this.side = 'a';
    else this.side = 'b';
    this.buildForms();
    this.rebuild();
  }
  private check(): void {
    const run = this.view?.run;
    if (!run) return;
    this.playing = false;
    this.checked = checkView(run);
    this.show();
    this.numbersBox.scrollIntoView({ block: 'nearest' });
  }
  private takeHome(): void {
    const run = this.view?.run;
    if (!run) return;
    this.playing = false;
    this.show();
    homeDialog(this.state, this.settings, run, this.dataText);
  }
}

/** How many different words a table's target has; 0 where they are numbers. */
function classesOfCsv(text: string, target: string): number {
  const lines = text.split(/\r?\n/).filter((line) => line !== ''), separator = [',', ';', '\t', '|'].find((each) => lines[0]?.includes(each)) ?? ',';
  const clean = (cell: string): string => cell.trim().replace(/^"(.*)"$/, '$1');
  const at = lines[0].split(separator).map(clean).indexOf(target);
  const cells = lines.slice(1).map((line) => clean(line.split(separator)[at] ?? '')).filter((cell) => cell !== '' && cell !== 'NA');
  return cells.length && isNaN(Number(cells[0])) ? new Set(cells).size : 0;
}
