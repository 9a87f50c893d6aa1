// The net as a picture: a column of neurons for each layer with weights, a line for each weight.
import { colours, diverging, paint } from './colours';
import { h, s, shown } from './dom';
import { paintUnit } from './map';
import { Run } from './run';
import { t } from './text';
import { Maps } from './engine';

export interface Column {
  title: string; // "affine1 → tanh1"
  path: string; // of the last layer in it, whose output the neurons show
  affine: string | null; // of the one with the weights
  units: number;
  weight: { at: number; rows: number } | null; // in the run's weights
}
export type Pick = { kind: 'neuron'; column: Column; unit: number } | { kind: 'weight'; parameter: string; index: number[] };

const kMostUnits = 64, kShown = 12;

/** Columns of a net whose layers are all rows of a few numbers; null for others. */
export function columnsOf(run: Run): Column[] | null {
  const [inputs, ...more] = run.about.input;
  if (more.length || inputs > 16) return null;
  const columns: Column[] = [{ title: t('inputs'), path: '', affine: null, units: inputs, weight: null }];
  for (const layer of run.net.layers) {
    const last = columns[columns.length - 1], units = layer.shape[1];
    if (layer.shape.length !== 2 || units > kMostUnits) return null;
    const weight = run.net.parameters.find((p) => p.path === `${layer.path}.weight` && p.shape.length === 2);
    if (weight) {
      columns.push({ title: layer.path, path: layer.path, affine: layer.path, units, weight: { at: weight.at, rows: weight.shape[0] } });
    } else if (units === last.units && columns.length > 1) {
      last.path = layer.path;
      last.title += ` → ${layer.path}`;
    } else {
      columns.push({ title: layer.path, path: layer.path, affine: null, units, weight: null });
    }
  }
  return columns;
}

export class NetPicture {
  readonly element = h('div', { class: 'netScroll', tabindex: 0, role: 'group' });
  private columns: Column[] | null;
  private canvases = new Map<string, HTMLCanvasElement[]>();
  private lines: { at: number; line: SVGElement }[] = [];

  constructor(private run: Run, private onpick: (pick: Pick) => void) {
    this.columns = columnsOf(run);
    this.element.setAttribute('aria-label', t('netPicture'));
    if (this.columns) this.build(this.columns);
    else this.list();
    this.update();
  }

  /** Nets with images or many neurons: their layers, one below the other. */
  private list(): void {
    this.element.append(h('ol', { class: 'layerList' }, ...this.run.net.layers.map((layer) => {
      const numbers = this.run.net.parameters.filter((p) => p.path.startsWith(layer.path + '.'))
        .reduce((sum, p) => sum + p.shape.reduce((a, b) => a * b, 1), 0);
      return h('li', {}, h('b', {}, layer.path), ` ${layer.what} `,
        h('small', {}, `${layer.shape.slice(1).join(' × ')}${numbers ? ', ' + t('nParameters', { n: numbers }) : ''}`));
    })));
  }

  private build(columns: Column[]): void {
    const most = Math.min(kShown, Math.max(...columns.map((c) => c.units)));
    const size = most > 8 ? 30 : 38, gap = 8, top = 44;
    const room = Math.min(760, document.documentElement.clientWidth) - 90 - size; // as wide as a small screen at most
    const apart = Math.max(62, Math.min(132, room / (columns.length - 1)));
    const height = top + most * (size + gap), width = (columns.length - 1) * apart + size + 24;
    const place = (column: number, unit: number): [number, number] => {
      const count = Math.min(kShown, columns[column].units), free = (most - count) * (size + gap);
      return [12 + column * apart, top + free / 2 + unit * (size + gap)];
    };
    const wires = s('svg', { class: 'wires', viewBox: `0 0 ${width} ${height}`, width, height });
    const box = h('div', { class: 'net', style: `width:${width}px;height:${height}px` });
    box.append(wires);
    columns.forEach((column, c) => {
      box.append(h('div', { class: 'columnTitle', style: `left:${12 + c * apart + size / 2 - apart / 2 + 2}px;width:${apart - 4}px`, title: column.title }, column.title));
      const drawn: HTMLCanvasElement[] = [];
      for (let unit = 0; unit < Math.min(kShown, column.units); ++unit) {
        const [x, y] = place(c, unit);
        if (column.weight) this.wire(wires, column, c, unit, place, size, columns);
        const canvas = h('canvas', { width: 1, height: 1 });
        const name = c === 0 ? this.run.about.columns[unit] ?? `x${unit + 1}` : `${column.title} ${unit}`;
        drawn.push(canvas);
        box.append(h('button', {
          class: 'neuron', style: `left:${x}px;top:${y}px;width:${size}px;height:${size}px`, 'data-unit': `${column.path}/${unit}`,
          'aria-label': t('neuron', { name }), title: name, disabled: c === 0,
          'aria-pressed': c === 0 ? undefined : 'false', onclick: () => this.onpick({ kind: 'neuron', column, unit }),
        }, canvas, c === 0 ? h('span', {}, name) : null));
      }
      if (column.units > kShown) {
        box.append(h('div', { class: 'more', style: `left:${12 + c * apart}px;top:${height - 2}px` }, `+${column.units - kShown}`));
      }
      this.canvases.set(column.path, drawn);
    });
    this.element.append(box);
  }

  private wire(wires: SVGElement, column: Column, c: number, unit: number, place: (c: number, u: number) => [number, number], size: number, columns: Column[]): void {
    const weight = column.weight as { at: number; rows: number };
    const [x2, y2] = place(c, unit);
    for (let from = 0; from < Math.min(weight.rows, kShown, columns[c - 1].units); ++from) {
      const [x1, y1] = place(c - 1, from);
      const a = x1 + size, b = x2, middle = (a + b) / 2;
      const d = `M${a} ${y1 + size / 2}C${middle} ${y1 + size / 2} ${middle} ${y2 + size / 2} ${b} ${y2 + size / 2}`;
      const line = s('path', { d, class: 'wire' });
      const index = [from, unit], parameter = `${column.affine}.weight`;
      const wide = s('path', { d, class: 'reach', 'data-weight': `${parameter}[${index.join(',')}]`,
        onclick: () => this.onpick({ kind: 'weight', parameter, index }) });
      const title = s('title', {});
      wide.append(title);
      wide.addEventListener('pointerenter', () => {
        title.textContent = `${parameter}[${index.join(',')}] = ${shown(this.run.weights[weight.at + from * column.units + unit])}`;
      });
      wires.append(line, wide);
      this.lines.push({ at: weight.at + from * column.units + unit, line });
    }
  }

  /** Shows which neuron or weight is explained. */
  choose(pick: Pick | null): void {
    for (const each of this.element.querySelectorAll('[data-unit][aria-pressed]')) {
      each.setAttribute('aria-pressed', String(pick?.kind === 'neuron' && each.getAttribute('data-unit') === `${pick.column.path}/${pick.unit}`));
    }
    const weight = pick?.kind === 'weight' ? `${pick.parameter}[${pick.index.join(',')}]` : '';
    for (const each of this.element.querySelectorAll('[data-weight]')) each.classList.toggle('chosen', each.getAttribute('data-weight') === weight);
  }

  /** Lines as the weights are now. */
  update(): void {
    let most = 1e-6;
    for (const { at } of this.lines) most = Math.max(most, Math.abs(this.run.weights[at]));
    for (const { at, line } of this.lines) {
      const weight = this.run.weights[at];
      line.setAttribute('stroke-width', (0.4 + 3.2 * Math.abs(weight) / most).toFixed(2));
      line.classList.toggle('negative', weight < 0);
    }
  }

  /** Neurons as what they say over the plane. */
  paint(maps: Maps, values: Float32Array, size: number): void {
    const dots = size * size;
    for (const layer of maps.layers) {
      const canvases = layer.path ? this.canvases.get(layer.path) : undefined;
      canvases?.forEach((canvas, unit) => {
        const at = layer.at + unit * dots;
        paintUnit(canvas, values.subarray(at, at + dots), size);
      });
    }
    const inputs = this.canvases.get('');
    inputs?.forEach((canvas, axis) => {
      const ramp = new Float32Array(dots);
      for (let i = 0; i < dots; ++i) ramp[i] = axis === 0 ? (i % size) / size - 0.5 : 0.5 - Math.floor(i / size) / size;
      paintUnit(canvas, ramp, size);
    });
  }

  /** Neurons as what they say of one row. */
  paintRow(layers: { path: string; values: { input: number[] | null; output: number[] | null } }[]): void {
    const show = (path: string, numbers: number[] | null | undefined): void => {
      const most = Math.max(1e-12, ...(numbers ?? []).map(Math.abs)), of = colours();
      this.canvases.get(path)?.forEach((canvas, unit) => paint(canvas, 1, () => diverging((numbers?.[unit] ?? 0) / most, of)));
    };
    show('', layers[0]?.values.input);
    for (const layer of layers) show(layer.path, layer.values.output);
  }

  get drawn(): boolean {
    return this.columns !== null;
  }
}
