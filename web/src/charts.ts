// Curves and histograms, as SVG.
import { s, shown } from './dom';
import { t } from './text';

export interface Line {
  name: string;
  kind: string; // its class: what it looks like
  points: { x: number; y: number }[];
}

function ticks(from: number, to: number, count: number): number[] {
  const raw = (to - from) / count || 1, power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((each) => each * power).find((each) => each >= raw) ?? raw;
  const made: number[] = [];
  for (let at = Math.ceil(from / step) * step; at <= to + step * 1e-9; at += step) made.push(Math.abs(at) < step / 1e6 ? 0 : at);
  return made;
}

/** Lines over steps; y as its logarithm where it spans much. */
export function curves(lines: Line[], label: string): SVGElement {
  const width = 400, height = 190, left = 44, right = 20, top = 8, bottom = 22;
  const drawn = lines.map((line) => ({ ...line, points: line.points.filter((p) => isFinite(p.y)) }));
  const all = drawn.flatMap((line) => line.points);
  const picture = s('svg', { viewBox: `0 0 ${width} ${height}`, class: 'curves', role: 'img', 'aria-label': label });
  if (all.length === 0) {
    picture.append(s('text', { x: width / 2, y: height / 2, class: 'none' }, t('noCurves')));
    return picture;
  }
  const ys = all.map((p) => p.y), low = Math.min(...ys), high = Math.max(...ys);
  const isLog = low > 0 && high / low > 30;
  const f = (y: number): number => (isLog ? Math.log10(y) : y);
  const from = isLog ? f(low) : Math.min(0, low), to = Math.max(f(high), from + 1e-9);
  const most = Math.max(...all.map((p) => p.x), 1);
  const px = (x: number): number => left + (x / most) * (width - left - right);
  const py = (y: number): number => top + (1 - (f(y) - from) / (to - from)) * (height - top - bottom);
  for (const tick of ticks(from, to, 4)) {
    const y = top + (1 - (tick - from) / (to - from)) * (height - top - bottom);
    picture.append(s('path', { d: `M${left} ${y}H${width - right}`, class: 'grid' }),
      s('text', { x: left - 6, y: y + 4, class: 'tick end' }, shown(isLog ? 10 ** tick : tick, 2)));
  }
  for (const tick of ticks(0, most, 4)) {
    picture.append(s('text', { x: px(tick), y: height - 6, class: 'tick middle' }, shown(tick, 3)));
  }
  for (const line of drawn) {
    if (line.points.length === 0) continue;
    const d = line.points.map((p, i) => `${i ? 'L' : 'M'}${px(p.x).toFixed(1)} ${py(p.y).toFixed(1)}`).join('');
    picture.append(s('path', { d: line.points.length > 1 ? d : d + 'h2', class: `line ${line.kind}` }));
  }
  return picture;
}

/** How often numbers lie where, in 24 equal parts. */
export function histogram(values: ArrayLike<number>, label: string): SVGElement {
  const bins = 24, width = 160, height = 64;
  let low = Infinity, high = -Infinity;
  for (let i = 0; i < values.length; ++i) {
    low = Math.min(low, values[i]);
    high = Math.max(high, values[i]);
  }
  const counts = new Array<number>(bins).fill(0), span = high - low || 1;
  for (let i = 0; i < values.length; ++i) {
    ++counts[Math.min(bins - 1, Math.floor(((values[i] - low) / span) * bins))];
  }
  const most = Math.max(...counts, 1), each = width / bins;
  const picture = s('svg', {
    viewBox: `0 0 ${width} ${height + 14}`, class: 'histogram', role: 'img',
    'aria-label': `${label}: ${values.length}, ${shown(low)} … ${shown(high)}`,
  });
  counts.forEach((count, i) => {
    const tall = (count / most) * (height - 2);
    picture.append(s('rect', { x: i * each + 0.5, y: height - tall, width: each - 1, height: tall }));
  });
  if (low < 0 && high > 0) {
    const zero = (-low / span) * width;
    picture.append(s('path', { d: `M${zero} 0V${height}`, class: 'zero' }));
  }
  picture.append(s('text', { x: 0, y: height + 12, class: 'tick' }, shown(low, 3)),
    s('text', { x: width, y: height + 12, class: 'tick end' }, shown(high, 3)));
  return picture;
}
