// The plane of two inputs: what a net says at each place, and the rows of the data.
import { blended, classColour, colours, css, diverging, paint } from './colours';
import { h, s, shown } from './dom';
import { Run, Rows } from './run';
import { t } from './text';

export interface Window {
  left: number;
  right: number;
  bottom: number;
  top: number;
}
export interface Sample {
  part: string;
  row: number;
}

/** A window around all rows, a little wider. */
export function windowOf(all: Rows[]): Window {
  const made = { left: -1.15, right: 1.15, bottom: -1.15, top: 1.15 };
  const widest = (axis: number): [number, number] => {
    let low = Infinity, high = -Infinity;
    for (const rows of all) {
      for (let i = 0; i < rows.count; ++i) {
        low = Math.min(low, rows.inputs[2 * i + axis]);
        high = Math.max(high, rows.inputs[2 * i + axis]);
      }
    }
    const more = (high - low) * 0.06 || 1;
    return [low - more, high + more];
  };
  if (!all.some((rows) => rows.count > 0)) return made;
  const [left, right] = widest(0), [bottom, top] = widest(1);
  const isUsual = left > -1.5 && right < 1.5 && bottom > -1.5 && top < 1.5 && right - left > 1 && top - bottom > 1;
  return isUsual ? { left: Math.min(left, made.left), right: Math.max(right, made.right),
    bottom: Math.min(bottom, made.bottom), top: Math.max(top, made.top) } : { left, right, bottom, top };
}

/** Numbers of one unit as a picture. */
export function paintUnit(canvas: HTMLCanvasElement, values: Float32Array, size: number): void {
  let most = 1e-12;
  for (const value of values) most = Math.max(most, Math.abs(value));
  const of = colours();
  paint(canvas, size, (i) => diverging(values[i] / most, of));
}

export class PlaneMap {
  readonly canvas = h('canvas', { class: 'plane', role: 'img' });
  readonly dots = s('svg', { class: 'dots', viewBox: '0 0 1000 1000' });
  readonly element = h('div', { class: 'planeBox' }, this.canvas);
  private parts: [string, Rows][] = [];
  private window: Window = windowOf([]);

  constructor(private run: Run, private onsample: (sample: Sample) => void) {
    this.element.append(this.dots);
    this.dots.addEventListener('click', (event) => this.click(event as MouseEvent));
  }

  setRows(parts: [string, Rows][], window: Window): void {
    this.parts = parts;
    this.window = window;
  }

  private at(x: number, y: number): [number, number] {
    const w = this.window;
    return [((x - w.left) / (w.right - w.left)) * 1000, ((w.top - y) / (w.top - w.bottom)) * 1000];
  }

  /** The nearest row is the one that was meant. */
  private click(event: MouseEvent): void {
    const box = this.dots.getBoundingClientRect();
    const px = ((event.clientX - box.left) / box.width) * 1000, py = ((event.clientY - box.top) / box.height) * 1000;
    let best: Sample | null = null, nearest = 40 ** 2;
    for (const [part, rows] of this.parts) {
      for (let i = 0; i < rows.count; ++i) {
        const [x, y] = this.at(rows.inputs[2 * i], rows.inputs[2 * i + 1]);
        const distance = (x - px) ** 2 + (y - py) ** 2;
        if (distance < nearest) {
          nearest = distance;
          best = { part, row: i };
        }
      }
    }
    if (best) this.onsample(best);
  }

  drawMap(units: number, values: Float32Array, size: number): void {
    const of = colours(), dots = size * size;
    if (this.run.about.has_classes) {
      const p = new Array<number>(units);
      paint(this.canvas, size, (i) => {
        for (let u = 0; u < units; ++u) p[u] = values[u * dots + i];
        return blended(p, of);
      });
    } else {
      const [middle, half] = this.range();
      paint(this.canvas, size, (i) => diverging((values[i] - middle) / half, of));
    }
    this.canvas.setAttribute('aria-label', t('mapLabel', { net: this.run.about.net }));
  }

  /** Which colour is which. */
  legend(): HTMLElement {
    const of = colours(), { has_classes, classes, target } = this.run.about, [middle, half] = this.range();
    const marks: [string, string][] = has_classes ? classes.map((name, i) => [css(classColour(i, of)), name])
      : [-1, 0, 1].map((at) => [css(diverging(at, of)), `${target} = ${shown(middle + at * half, 3)}`]);
    return h('ul', { class: 'legend dotsLegend' }, ...marks.map(([colour, name]) => h('li', {}, h('i', { style: `background:${colour}` }), name)));
  }

  private range(): [number, number] {
    let low = Infinity, high = -Infinity;
    for (const [, rows] of this.parts) {
      for (const value of rows.targets) {
        low = Math.min(low, value);
        high = Math.max(high, value);
      }
    }
    return isFinite(low) ? [(low + high) / 2, (high - low) / 2 || 1] : [0, 1];
  }

  drawDots(chosen: Sample | null): void {
    const of = colours(), [middle, half] = this.range();
    this.dots.replaceChildren();
    for (const [part, rows] of this.parts) {
      for (let i = 0; i < rows.count; ++i) {
        const [x, y] = this.at(rows.inputs[2 * i], rows.inputs[2 * i + 1]), target = rows.targets[i];
        const fill = this.run.about.has_classes ? css(classColour(target, of)) : css(diverging((target - middle) / half, of));
        const isChosen = chosen !== null && chosen.part === part && chosen.row === i;
        this.dots.append(s('circle', { cx: x.toFixed(1), cy: y.toFixed(1), r: isChosen ? 20 : 11, fill, class: `${part}${isChosen ? ' chosen' : ''}` },
          s('title', {}, `${t(part === 'test' ? 'testRow' : 'trainRow', { n: i })}: ${shown(rows.inputs[2 * i])}, ${shown(rows.inputs[2 * i + 1])}`)));
      }
    }
  }
}
