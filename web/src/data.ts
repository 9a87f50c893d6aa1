// Which data: drawn by the library, put down by hand, or a table that is dropped here.
import { classColour, colours, css } from './colours';
import { Tables } from './engine';
import { choosing, h, put, s } from './dom';
import { field, selectOf } from './forms';
import { classNames, DataChoice } from './state';
import { Key, t } from './text';

export const kindNames: Record<string, Key> = {
  circle: 'circle', xor: 'xor', spiral: 'spiral', moons: 'moons', plane: 'plane', waves: 'waves',
  own: 'own', csv: 'csv', digits: 'digits',
};
const kExtent = 1.15;

/** Columns and rows of a table, as far as a person wants to see them: the library reads it itself. */
export function columnsOfCsv(text: string): string[] {
  const line = text.replace(/^\ufeff/, '').split(/\r?\n/, 1)[0];
  const separator = [',', ';', '\t', '|'].find((each) => line.includes(each)) ?? ',';
  return line.split(separator).map((name) => name.trim().replace(/^"(.*)"$/, '$1'));
}

async function textOf(file: File): Promise<string> {
  if (!file.name.endsWith('.gz')) return file.text();
  return new Response(file.stream().pipeThrough(new DecompressionStream('gzip'))).text();
}

// What is put down, and where arrow keys go on: the same while the panel is made anew.
let drawnClass = 0, cursor: [number, number] = [0, 0];

export class DataPanel {
  readonly element = h('section', { class: 'card data', 'aria-labelledby': 'dataTitle' });

  constructor(private data: DataChoice, private tables: Tables, private changed: () => void, private say: (message: string) => void) {
    this.build();
  }

  /** A file may be dropped anywhere on the page. */
  drag(event: DragEvent): void {
    if (event.type === 'dragover' || event.type === 'drop') event.preventDefault();
    this.element.classList.toggle('over', event.type === 'dragover');
    const file = event.type === 'drop' ? event.dataTransfer?.files[0] : undefined;
    if (file) void this.take(file);
  }

  private set(change: Partial<DataChoice>): void {
    Object.assign(this.data, change);
    this.build();
    this.changed();
  }

  private build(): void {
    const kinds = [...this.tables.points, 'own', 'csv', 'digits'];
    const choose = choosing(h('div', { class: 'kinds', role: 'radiogroup', 'aria-labelledby': 'dataTitle' }, ...kinds.map((kind) =>
      h('button', {
        role: 'radio', 'aria-checked': String(this.data.kind === kind), 'data-kind': kind, class: this.data.kind === kind ? 'chosen' : '',
        onclick: () => this.set({ kind }),
      }, t(kindNames[kind])))));
    const isDrawn = this.tables.points.includes(this.data.kind);
    put(this.element, h('h2', { id: 'dataTitle' }, t('data')), choose,
      isDrawn ? this.drawnForm() : null,
      this.data.kind === 'own' ? this.ownForm() : null,
      this.data.kind === 'csv' ? this.csvForm() : null,
      this.data.kind === 'digits' ? h('p', { class: 'about' }, t('digitsHelp')) : this.slider('testShare', 'test', 0, 0.6, 0.05));
  }

  private slider(label: Key, key: 'count' | 'noise' | 'test', low: number, high: number, step: number): HTMLElement {
    const value = h('output', {}, String(this.data[key]));
    const slider = h('input', {
      type: 'range', min: low, max: high, step, value: String(this.data[key]), name: key,
      oninput: () => { value.textContent = slider.value; },
      onchange: () => { this.data[key] = Number(slider.value); this.changed(); },
    });
    const made = field(t(label), slider);
    made.append(value);
    return made;
  }

  private drawnForm(): HTMLElement {
    const seed = h('input', {
      type: 'number', min: 0, max: 999999, value: String(this.data.seed), name: 'dataSeed',
      onchange: () => { this.data.seed = Math.max(0, Math.floor(Number(seed.value) || 0)); this.changed(); },
    });
    return h('div', {}, this.slider('pointCount', 'count', 40, 1000, 20), this.slider('noise', 'noise', 0, 0.5, 0.01), field(t('dataSeed'), seed));
  }

  private ownForm(): HTMLElement {
    const classes = selectOf([...classNames, t('erase')], classNames[drawnClass] ?? t('erase'), () => {
      drawnClass = classes.selectedIndex;
    });
    const pad = s('svg', {
      viewBox: `${-kExtent} ${-kExtent} ${2 * kExtent} ${2 * kExtent}`, class: 'pad', tabindex: 0, role: 'application',
      'aria-label': t('padLabel', { n: this.data.points.length }),
    });
    const draw = (): void => {
      const of = colours();
      put(pad, s('path', { d: `M${-kExtent} 0H${kExtent}M0 ${-kExtent}V${kExtent}`, class: 'axes' }),
        ...this.data.points.map(([x, y, c]) => s('circle', { cx: x, cy: -y, r: 0.045, fill: css(classColour(c, of)) })),
        s('path', { d: `M${cursor[0] - 0.06} ${-cursor[1]}h.12m-.06 -.06v.12`, class: 'cursor' }));
      pad.setAttribute('aria-label', t('padLabel', { n: this.data.points.length }));
    };
    const put1 = (x: number, y: number): void => {
      if (drawnClass >= classNames.length) {
        const nearest = this.data.points.map(([px, py], i) => [(px - x) ** 2 + (py - y) ** 2, i]).sort((a, b) => a[0] - b[0])[0];
        if (nearest && nearest[0] < 0.02) this.data.points.splice(nearest[1], 1);
      } else {
        this.data.points.push([Number(x.toFixed(3)), Number(y.toFixed(3)), drawnClass]);
      }
      draw();
      this.changed();
    };
    pad.addEventListener('click', (event) => {
      const box = pad.getBoundingClientRect(), { clientX, clientY } = event as MouseEvent;
      put1((((clientX - box.left) / box.width) * 2 - 1) * kExtent, (1 - ((clientY - box.top) / box.height) * 2) * kExtent);
    });
    const moves: Record<string, [number, number]> = { ArrowLeft: [-0.05, 0], ArrowRight: [0.05, 0], ArrowUp: [0, 0.05], ArrowDown: [0, -0.05] };
    pad.addEventListener('keydown', (event) => {
      const { key } = event as KeyboardEvent, move = moves[key];
      if (move) cursor = cursor.map((at, i) => Math.max(-1.1, Math.min(1.1, at + move[i]))) as [number, number];
      else if (key === 'Enter' || key === ' ') put1(cursor[0], cursor[1]);
      else return;
      event.preventDefault();
      draw();
    });
    draw();
    return h('div', {}, field(t('putDown'), classes), pad as unknown as HTMLElement, h('p', { class: 'about' }, t('padHelp')),
      h('button', { class: 'small', 'data-do': 'clearPoints', onclick: () => this.set({ points: [] }) }, t('clear')));
  }

  private csvForm(): HTMLElement {
    const file = h('input', { type: 'file', accept: '.csv,.tsv,.txt,.gz', name: 'csvFile', hidden: true, 'aria-label': t('csvFile'), onchange: () => {
      if (file.files?.[0]) void this.take(file.files[0]);
    } });
    const csv = this.data.csv;
    return h('div', {}, h('p', { class: 'about' }, t('csvHelp')), file,
      h('div', { class: 'fileRow' }, h('button', { class: 'small', 'data-do': 'chooseFile', onclick: () => file.click() }, t('csvFile')), csv ? h('code', {}, csv.name) : null),
      csv ? field(t('targetColumn'), selectOf(columnsOfCsv(csv.text), csv.target, (target) => this.set({ csv: { ...csv, target } }))) : null);
  }

  /** A table from a file: its last column is to be learnt, unless another is chosen. */
  private async take(file: File): Promise<void> {
    try {
      const text = await textOf(file);
      const columns = columnsOfCsv(text);
      const name = file.name.replace(/\.gz$/, '').replace(/[^\w.-]/g, '_').replace(/\.(txt|csv|tsv)$|$/, '.csv');
      this.set({ kind: 'csv', csv: { name, text, target: columns[columns.length - 1] } });
    } catch (error) {
      this.say(String((error as Error).message));
    }
  }
}
