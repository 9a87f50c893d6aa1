// How the page of a net looks and steps. It loads nothing.
#include "explain/net_page.h"

namespace chainrule::explain {

const char* const kNetPageStyle = R"(
:root { --ink: #111827; --soft: #6b7280; --paper: #fff; --ground: #f9fafb; --line: #d1d5db; --zero: #f3f4f6;
        --forward: #1d4ed8; --backward: #c2410c; --chosen: #fef3c7; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e5e7eb; --soft: #9ca3af; --paper: #1f2937; --ground: #111827; --line: #374151; --zero: #1f2937;
          --forward: #60a5fa; --backward: #fb923c; --chosen: #422006; }
}
* { box-sizing: border-box; }
body { font: 16px/1.5 system-ui, "DejaVu Sans", sans-serif; margin: 0 auto; padding: 1rem; max-width: 1200px; color: var(--ink); background: var(--ground); }
h1 { font-size: 1.15rem; margin: 0 0 .75rem; overflow-wrap: anywhere; } h2 { margin: 0 0 .5rem; font-size: 1.3rem; overflow-wrap: anywhere; }
p { margin: .3rem 0; } small, figcaption, .keys { color: var(--soft); font-size: .85rem; }
code, pre, table { font-family: "DejaVu Sans Mono", Menlo, Consolas, monospace; font-size: .88em; } code { overflow-wrap: anywhere; }
.controls { display: flex; gap: .4rem; align-items: center; flex-wrap: wrap; margin-bottom: .75rem; }
button { font: inherit; color: inherit; background: var(--paper); border: 1px solid var(--line); border-radius: 6px; padding: .25rem .8rem; cursor: pointer; }
input[type=range] { flex: 1; min-width: 10rem; }
main { display: grid; grid-template-columns: 17rem 1fr; gap: 1rem; align-items: start; }
nav { display: flex; flex-direction: column; gap: .3rem; max-height: 75vh; overflow-y: auto; }
nav button { text-align: left; position: relative; padding: .3rem .6rem .55rem; display: flex; gap: .2rem .6rem; flex-wrap: wrap; justify-content: space-between; }
nav span { color: var(--soft); font-size: .85rem; } nav i { position: absolute; left: 0; bottom: 0; height: 4px; background: var(--backward); border-radius: 0 2px 2px 4px; }
nav .chosen { background: var(--chosen); }
section { background: var(--paper); border: 1px solid var(--line); border-left: 5px solid var(--forward); border-radius: 8px; padding: .8rem 1rem; margin-bottom: .75rem; }
section.backward { border-left-color: var(--backward); } section.loss { border-left-color: var(--ink); } section[hidden] { display: none; }
.pair { display: flex; flex-wrap: wrap; gap: 1rem 2rem; align-items: end; } figure { margin: .5rem 0; max-width: 100%; }
canvas { display: block; max-width: 100%; image-rendering: pixelated; border: 1px solid var(--line); }
.bars { width: 260px; max-width: 100%; display: block; } .bars rect { fill: var(--forward); } .backward .bars rect { fill: var(--backward); }
.bars path { stroke: var(--soft); } .bars text { font: 11px "DejaVu Sans Mono", monospace; fill: var(--soft); } .bars .end { text-anchor: end; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; } td, th { padding: .15rem .9rem .15rem 0; text-align: left; white-space: nowrap; }
pre { overflow-x: auto; background: var(--paper); border: 1px solid var(--line); border-radius: 8px; padding: .8rem 1rem; line-height: 1.35; }
kbd { border: 1px solid var(--line); border-radius: 4px; padding: 0 .3rem; background: var(--paper); }
@media (max-width: 700px) { main { grid-template-columns: 1fr; } nav { flex-direction: row; overflow-x: auto; max-height: none; padding-bottom: .3rem; } nav button { flex: none; width: 9rem; } }
)";

const char* const kNetPageScript = R"(
const steps = [...document.querySelectorAll('#steps section')];
const layers = [...document.querySelectorAll('nav button')];
const colour = name => {
  const hex = getComputedStyle(document.documentElement).getPropertyValue(name).trim().slice(1);
  return hex.length === 3 ? [...hex].map(c => parseInt(c + c, 16)) : [0, 2, 4].map(i => parseInt(hex.slice(i, i + 2), 16));
};
function draw() {
  const zero = colour('--zero'), below = colour('--forward'), above = colour('--backward');
  for (const canvas of document.querySelectorAll('canvas')) {
    const { maps, height, width, bytes } = canvas.dataset;
    const n = Number(maps), h = Number(height), w = Number(width);
    const across = Math.min(n, Math.max(1, Math.floor(64 / w), 4)), down = Math.ceil(n / across), gap = n > 1 ? 1 : 0;
    canvas.width = across * (w + gap) - gap;
    canvas.height = down * (h + gap) - gap;
    const scale = Math.max(2, Math.min(24, Math.floor(440 / canvas.width)));
    canvas.style.width = canvas.width * scale + 'px';
    const context = canvas.getContext('2d');
    for (let m = 0; m < n; ++m) {
      const image = context.createImageData(w, h);
      for (let i = 0; i < w * h; ++i) {
        const value = (parseInt(bytes.slice(2 * (m * w * h + i), 2 * (m * w * h + i) + 2), 16) - 128) / 127;
        const to = value < 0 ? below : above, share = Math.sqrt(Math.abs(value));
        for (let c = 0; c < 3; ++c) image.data[4 * i + c] = zero[c] + (to[c] - zero[c]) * share;
        image.data[4 * i + 3] = 255;
      }
      context.putImageData(image, (m % across) * (w + gap), Math.floor(m / across) * (h + gap));
    }
  }
}
function showStep(step) {
  steps.forEach((section, i) => { section.hidden = i !== step; });
  const chosen = steps[step].dataset.layer;
  for (const layer of layers) {
    layer.classList.toggle('chosen', layer.dataset.layer === chosen);
    if (layer.dataset.layer !== chosen) continue;
    const list = layer.parentElement;  // scrolled itself, so that the page stays where it is
    list.scrollLeft = layer.offsetLeft - list.offsetLeft - (list.clientWidth - layer.offsetWidth) / 2;
    list.scrollTop = layer.offsetTop - list.offsetTop - (list.clientHeight - layer.offsetHeight) / 2;
  }
}
for (const layer of layers) layer.onclick = () => {
  stop();
  const place = Number(layer.dataset.layer);  // of one that is shown already, the other pass
  show(now === place ? steps.length - place : place);
};
draw();
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
start({ last: steps.length - 1, from: 1, show: showStep }, 0);
)";

}  // namespace chainrule::explain
