// Ten digits as people draw them with a mouse: strokes of places from 0 to 1, across and down.
const arc = (x, y, across, down, from, to, count = 18) => Array.from({ length: count + 1 }, (_, i) => {
  const angle = ((from + ((to - from) * i) / count) * Math.PI) / 180;
  return [x + across * Math.sin(angle), y - down * Math.cos(angle)];
});

/** By digit; clockwise from the top, in degrees. */
export const plainDigits = [
  [arc(0.5, 0.5, 0.2, 0.32, 0, 360)],
  [[[0.52, 0.18], [0.5, 0.82]]],
  [[...arc(0.5, 0.36, 0.2, 0.18, -80, 120), [0.32, 0.8], [0.72, 0.8]]],
  [[...arc(0.47, 0.34, 0.19, 0.16, -60, 170), ...arc(0.47, 0.66, 0.22, 0.17, 10, 240)]],
  [[[0.42, 0.18], [0.28, 0.58], [0.74, 0.58]], [[0.6, 0.32], [0.58, 0.86]]],
  [[[0.7, 0.2], [0.4, 0.2], [0.36, 0.46], ...arc(0.48, 0.62, 0.19, 0.19, -20, 220)]],
  [[...arc(0.68, 0.6, 0.34, 0.44, -10, -80), ...arc(0.5, 0.65, 0.17, 0.17, -100, -440)]],
  [[[0.3, 0.2], [0.7, 0.2], [0.45, 0.82]]],
  [[...arc(0.5, 0.35, 0.15, 0.16, 0, -180), ...arc(0.5, 0.67, 0.18, 0.16, 0, 360), ...arc(0.5, 0.35, 0.15, 0.16, 180, 0)]],
  [[...arc(0.5, 0.36, 0.17, 0.17, 90, -270), [0.66, 0.5], [0.62, 0.84]]],
];

/** Drawn smaller, somewhere else. */
export const moved = (strokes, size, left, top) => strokes.map((stroke) => stroke.map(([x, y]) => [left + size * x, top + size * y]));

/** Draws into an element with the mouse. */
export async function draw(page, where, strokes) {
  const box = await page.locator(where).boundingBox();
  for (const stroke of strokes) {
    const places = stroke.map(([x, y]) => [box.x + x * box.width, box.y + y * box.height]);
    await page.mouse.move(...places[0]);
    await page.mouse.down();
    for (const at of places.slice(1)) await page.mouse.move(...at, { steps: 4 });
    await page.mouse.up();
  }
}
