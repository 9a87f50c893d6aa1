// The page's colours as numbers, for pictures that are painted dot by dot.

type Rgb = [number, number, number];

export interface Colours {
  below: Rgb; // numbers below 0, and the first class
  above: Rgb; // above 0, and the second
  third: Rgb;
  zero: Rgb;
}

function read(name: string): Rgb {
  const hex = getComputedStyle(document.documentElement).getPropertyValue(name).trim().slice(1);
  return [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16)) as Rgb;
}

export function colours(): Colours {
  return { below: read('--below'), above: read('--above'), third: read('--third'), zero: read('--zero') };
}

const mix = (from: Rgb, to: Rgb, share: number): Rgb =>
  from.map((each, i) => each + (to[i] - each) * share) as Rgb;

/** Of a number from -1 to 1. */
export function diverging(value: number, of: Colours): Rgb {
  const share = Math.min(1, Math.abs(value)) ** 0.8;
  return mix(of.zero, value < 0 ? of.below : of.above, share);
}

/** Of probabilities of classes. Beyond three, classes take further hues. */
export function blended(p: number[], of: Colours): Rgb {
  const sum: Rgb = [0, 0, 0];
  p.forEach((share, i) => {
    const one = classColour(i, of);
    for (let c = 0; c < 3; ++c) sum[c] += share * one[c];
  });
  return mix(of.zero, sum, Math.min(1, Math.max(0, (Math.max(...p) - 1 / p.length) / (1 - 1 / p.length)) * 0.52 + 0.08));
}

export function classColour(i: number, of: Colours): Rgb {
  if (i < 3) return [of.below, of.above, of.third][i];
  const hue = (i * 137.5) % 360;
  const f = (n: number): number => {
    const k = (n + hue / 30) % 12;
    return 255 * (0.5 - 0.35 * Math.max(-1, Math.min(k - 3, 9 - k, 1)));
  };
  return [f(0), f(8), f(4)];
}

export const css = (rgb: Rgb): string => `rgb(${rgb.map((c) => Math.round(c)).join(' ')})`;

/** Paints size x size dots onto a canvas, which shows them as large as it is. */
export function paint(canvas: HTMLCanvasElement, size: number, dot: (i: number) => Rgb): void {
  canvas.width = canvas.height = size;
  const context = canvas.getContext('2d');
  if (!context) return;
  const image = context.createImageData(size, size);
  for (let i = 0; i < size * size; ++i) {
    const [r, g, b] = dot(i);
    image.data.set([r, g, b, 255], 4 * i);
  }
  context.putImageData(image, 0, 0);
}
