// A digit drawn by hand, and what the net says of it.
import { h, put } from './dom';
import { inkOf, kDots, Stroke } from './ink';
import { Run } from './run';
import { t } from './text';

const kSize = 280, kWide = 0.075; // dots of the field; the pen's width, of the field's

/** Ink as a picture, black on white. */
function paintInk(canvas: HTMLCanvasElement, ink: Float32Array): void {
  const context = canvas.getContext('2d');
  if (!context) return;
  const image = context.createImageData(kDots, kDots);
  ink.forEach((each, i) => image.data.set([255 * (1 - each), 255 * (1 - each), 255 * (1 - each), 255], 4 * i));
  context.putImageData(image, 0, 0);
}

export class DigitPad {
  private strokes: Stroke[] = [];
  private ink = new Float32Array(kDots * kDots);
  private readonly canvas = h('canvas', { width: kSize, height: kSize, class: 'digit', tabindex: 0, role: 'application', 'aria-label': t('digitLabel') });
  private readonly seen = h('canvas', { width: kDots, height: kDots, class: 'seenDigit', role: 'img', 'aria-label': t('digitSeen') });
  private readonly bars = h('ol', { class: 'bars', start: 0 });
  readonly element = h('div', { class: 'digitBox' },
    h('div', {}, this.canvas, h('p', { class: 'about' }, t('digitHelp')), h('div', { class: 'sides' },
      h('button', { class: 'small', 'data-do': 'clearDigit', onclick: () => this.clear() }, t('clear')),
      h('button', { class: 'small', 'data-do': 'someDigit', onclick: () => this.some() }, t('someDigit')))),
    this.bars, h('figure', { class: 'seenBox' }, this.seen, h('figcaption', { class: 'about' }, t('digitSeen'))));
  private pen: [number, number] = [0.5, 0.25]; // where arrow keys go on
  private isDown = false;
  private next = 0;

  constructor(private run: Run) {
    this.canvas.addEventListener('pointerdown', (event) => {
      this.canvas.setPointerCapture(event.pointerId);
      this.isDown = false;
      this.stroke(event);
    });
    this.canvas.addEventListener('pointermove', (event) => event.buttons && this.stroke(event));
    this.canvas.addEventListener('pointerup', () => { this.isDown = false; });
    this.canvas.addEventListener('keydown', (event) => this.key(event));
    for (const type of ['focus', 'blur']) this.canvas.addEventListener(type, () => this.draw());
    this.changed();
  }

  private key(event: KeyboardEvent): void {
    const moves: Record<string, [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    if (event.shiftKey) this.isDown = false;
    else if (!this.isDown) this.point(this.pen);
    this.pen = this.pen.map((at, i) => Math.max(0.05, Math.min(0.95, at + 0.05 * move[i]))) as [number, number];
    if (this.isDown) this.point(this.pen);
    this.changed();
  }
  private stroke(event: PointerEvent): void {
    const box = this.canvas.getBoundingClientRect();
    this.pen = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    this.point(this.pen);
    this.changed();
  }
  /** The pen goes there, or is put down there. */
  private point(at: [number, number]): void {
    if (!this.isDown) this.strokes.push([]);
    this.isDown = true;
    this.strokes[this.strokes.length - 1].push(at);
  }

  private clear(): void {
    this.strokes = [];
    this.isDown = false;
    this.changed();
  }
  /** One of the library's own. */
  private some(): void {
    this.strokes = [];
    this.isDown = false;
    this.ink = Float32Array.from(this.run.rows('test', this.next++ % 1000, 1).inputs);
    this.draw();
    this.predict();
  }
  private changed(): void {
    this.ink = inkOf(this.strokes);
    this.draw();
    this.predict();
  }

  private draw(): void {
    paintInk(this.seen, this.ink);
    const context = this.canvas.getContext('2d');
    if (!context) return;
    context.fillStyle = '#fff';
    context.fillRect(0, 0, kSize, kSize);
    context.imageSmoothingEnabled = false;
    if (!this.strokes.length) context.drawImage(this.seen, 0, 0, kSize, kSize);
    Object.assign(context, { lineWidth: kWide * kSize, lineCap: 'round', lineJoin: 'round', strokeStyle: '#000' });
    for (const stroke of this.strokes) {
      context.beginPath();
      stroke.forEach(([x, y], i) => context[i ? 'lineTo' : 'moveTo'](x * kSize, y * kSize));
      context.lineTo(stroke[stroke.length - 1][0] * kSize, stroke[stroke.length - 1][1] * kSize);
      context.stroke();
    }
    if (!this.canvas.matches(':focus-visible')) return;
    Object.assign(context, { lineWidth: 3, strokeStyle: '#d66d12' });
    const [x, y] = this.pen.map((at) => at * kSize);
    context.stroke(new Path2D(`M${x - 12} ${y}h24M${x} ${y - 12}v24`));
  }

  predict(): void {
    const isEmpty = this.ink.every((each) => each === 0);
    const p = isEmpty ? new Array<number>(10).fill(0) : this.run.predict([...this.ink]);
    const best = p.indexOf(Math.max(...p));
    put(this.bars, ...p.map((share, i) => h('li', { class: !isEmpty && i === best ? 'best' : '' }, h('span', {}, String(i)),
      h('i', { style: `width:${(share * 100).toFixed(1)}%` }), h('small', {}, isEmpty ? '' : `${(share * 100).toFixed(0)} %`))));
  }
}
