// Strokes as the library's digits are: their ink fills 20 of 28 dots, and its centre of mass is in the middle.

export const kDots = 28;
export type Stroke = [number, number][]; // places from 0 to 1: across, down

// As src/data/digit_hand.cpp and digit_canvas.cpp have them on average.
const kInk = 19.7, kPen = 1.25, kSoft = 1.05, kCentre = 14;
const kLeast = 0.2; // a drawing that is smaller than this is not made larger than a digit of this size

type Segment = [number, number, number, number];

/** The strokes around the middle, so long that their ink fills the box; their pen stays as it is. */
function fitted(strokes: Stroke[]): Segment[] {
  const all = strokes.flat(), xs = all.map((p) => p[0]), ys = all.map((p) => p[1]);
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const scale = (kInk - 2 * kPen) / Math.max(right - left, bottom - top, kLeast);
  const place = ([x, y]: [number, number]): [number, number] =>
    [kDots / 2 + (x - (left + right) / 2) * scale, kDots / 2 + (y - (top + bottom) / 2) * scale];
  return strokes.flatMap((stroke) => stroke.map((p, i): Segment => [...place(stroke[Math.max(0, i - 1)]), ...place(p)]));
}

/** How much ink a dot has, from its distance to the nearest segment. */
function dotted(segments: Segment[]): Float32Array {
  const ink = new Float32Array(kDots * kDots), reach = kPen + kSoft / 2;
  for (const [x1, y1, x2, y2] of segments) {
    const dx = x2 - x1, dy = y2 - y1, length = Math.max(dx * dx + dy * dy, 1e-6);
    const first = (a: number, b: number): number => Math.max(0, Math.floor(Math.min(a, b) - reach));
    const end = (a: number, b: number): number => Math.min(kDots, Math.ceil(Math.max(a, b) + reach));
    for (let row = first(y1, y2); row < end(y1, y2); ++row) {
      for (let column = first(x1, x2); column < end(x1, x2); ++column) {
        const px = column + 0.5 - x1, py = row + 0.5 - y1;
        const along = Math.min(1, Math.max(0, (px * dx + py * dy) / length));
        const distance = Math.hypot(px - along * dx, py - along * dy) - kPen;
        const at = row * kDots + column;
        ink[at] = Math.max(ink[at], Math.min(1, Math.max(0, 0.5 - distance / kSoft)));
      }
    }
  }
  return ink;
}

/** Moved by whole dots, its centre of mass to the middle, without losing ink. */
function centred(ink: Float32Array): Float32Array {
  const shift = (at: (i: number) => number): number => {
    let total = 0, moment = 0, first = kDots, last = -1;
    ink.forEach((each, i) => {
      if (each === 0) return;
      total += each;
      moment += each * at(i);
      first = Math.min(first, at(i));
      last = Math.max(last, at(i));
    });
    return Math.min(kDots - 1 - last, Math.max(-first, Math.floor(kCentre - moment / total + 0.5)));
  };
  const across = shift((i) => i % kDots), down = shift((i) => Math.floor(i / kDots));
  const made = new Float32Array(kDots * kDots);
  ink.forEach((each, i) => { if (each > 0) made[i + down * kDots + across] = each; });
  return made;
}

/** What a net that has learnt the library's digits expects of these strokes; nothing of none. */
export function inkOf(strokes: Stroke[]): Float32Array {
  return strokes.some((stroke) => stroke.length) ? centred(dotted(fitted(strokes))) : new Float32Array(kDots * kDots);
}
