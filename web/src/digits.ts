// A digit drawn by hand, and what the net says of it.
import { h, put } from './dom';
import { Run } from './run';
import { t } from './text';

const kSize = 28;

export class DigitPad {
  private readonly ink = new Float32Array(kSize * kSize);
  private readonly canvas = h('canvas', { width: kSize, height: kSize, class: 'digit', tabindex: 0, role: 'application', 'aria-label': t('digitLabel') });
  private readonly bars = h('ol', { class: 'bars', start: 0 });
  readonly element = h('div', { class: 'digitBox' }, this.canvas, h('div', {}, this.bars,
    h('button', { class: 'small', 'data-do': 'clearDigit', onclick: () => this.clear() }, t('clear')), ' ',
    h('button', { class: 'small', 'data-do': 'someDigit', onclick: () => this.some() }, t('someDigit'))), h('p', { class: 'about' }, t('digitHelp')));
  private last: [number, number] | null = null;
  private cursor: [number, number] = [14, 14];
  private next = 0;

  constructor(private run: Run) {
    this.canvas.addEventListener('pointerdown', (event) => {
      this.canvas.setPointerCapture(event.pointerId);
      this.last = null;
      this.stroke(event);
    });
    this.canvas.addEventListener('pointermove', (event) => event.buttons && this.stroke(event));
    this.canvas.addEventListener('keydown', (event) => this.key(event));
    this.draw();
  }

  private key(event: KeyboardEvent): void {
    const moves: Record<string, [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    this.cursor = [Math.max(2, Math.min(25, this.cursor[0] + move[0])), Math.max(2, Math.min(25, this.cursor[1] + move[1]))];
    if (!event.shiftKey) this.dab(this.cursor[0], this.cursor[1]);
    this.draw();
    this.predict();
  }

  private stroke(event: PointerEvent): void {
    const box = this.canvas.getBoundingClientRect();
    const to: [number, number] = [((event.clientX - box.left) / box.width) * kSize, ((event.clientY - box.top) / box.height) * kSize];
    const from = this.last ?? to, steps = Math.ceil(Math.hypot(to[0] - from[0], to[1] - from[1]) * 3) + 1;
    for (let i = 0; i <= steps; ++i) this.dab(from[0] + ((to[0] - from[0]) * i) / steps, from[1] + ((to[1] - from[1]) * i) / steps);
    this.last = to;
    this.draw();
    this.predict();
  }
  /** A round pen of about the width that the library's digits have. */
  private dab(x: number, y: number): void {
    for (let row = Math.max(0, Math.floor(y - 3)); row < Math.min(kSize, y + 3); ++row) {
      for (let column = Math.max(0, Math.floor(x - 3)); column < Math.min(kSize, x + 3); ++column) {
        const distance = Math.hypot(column + 0.5 - x, row + 0.5 - y);
        const at = row * kSize + column;
        this.ink[at] = Math.max(this.ink[at], Math.max(0, Math.min(1, 1.8 - distance)));
      }
    }
  }
  private clear(): void {
    this.ink.fill(0);
    this.draw();
    this.predict();
  }
  /** One of the library's own. */
  private some(): void {
    this.ink.set(this.run.rows('test', this.next++ % 1000, 1).inputs);
    this.draw();
    this.predict();
  }
  private draw(): void {
    const context = this.canvas.getContext('2d');
    if (!context) return;
    const image = context.createImageData(kSize, kSize);
    this.ink.forEach((ink, i) => image.data.set([255 * (1 - ink), 255 * (1 - ink), 255 * (1 - ink), 255], 4 * i));
    context.putImageData(image, 0, 0);
  }

  predict(): void {
    const isEmpty = this.ink.every((each) => each === 0);
    const p = isEmpty ? new Array<number>(10).fill(0) : this.run.predict([...this.ink]);
    const best = p.indexOf(Math.max(...p));
    put(this.bars, ...p.map((share, i) => h('li', { class: !isEmpty && i === best ? 'best' : '' }, h('span', {}, String(i)),
      h('i', { style: `width:${(share * 100).toFixed(1)}%` }), h('small', {}, isEmpty ? '' : `${(share * 100).toFixed(0)} %`))));
  }
}
