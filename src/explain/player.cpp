// Stepping through a page: first, back, play, next, last.
#include "explain/player.h"

namespace chainrule::explain {

const char* const kPlayerScript = R"(
'use strict';
const slider = document.getElementById('slider');
let player, timer = 0, now = 0;
function show(step) {
  now = Math.max(0, Math.min(player.last, step));
  slider.value = now;
  player.show(now);
  document.getElementById('count').textContent = (now + player.from) + ' / ' + (player.last + player.from);
  if (now === player.last) stop();
}
function stop() {
  clearInterval(timer);
  timer = 0;
  document.getElementById('play').textContent = 'Play';
}
function play() {
  if (timer) return stop();
  if (now === player.last) show(0);
  timer = setInterval(() => show(now + 1), 1500);
  document.getElementById('play').textContent = 'Pause';
}
const actions = { first: () => show(0), back: () => show(now - 1), play, next: () => show(now + 1), last: () => show(player.last) };
for (const [id, action] of Object.entries(actions)) {
  document.getElementById(id).onclick = () => { if (id !== 'play') stop(); action(); };
}
slider.oninput = () => { stop(); show(Number(slider.value)); };
const keys = { ArrowLeft: 'back', ArrowRight: 'next', Home: 'first', End: 'last', ' ': 'play' };
document.addEventListener('keydown', event => {
  if (!(event.key in keys) || event.ctrlKey || event.altKey || event.metaKey) return;
  event.preventDefault();
  document.getElementById(keys[event.key]).click();
});
function start(of, step) {
  player = of;
  document.getElementById('controls').hidden = false;
  show(location.hash ? Number(location.hash.slice(1)) || 0 : step);
}
)";

}  // namespace chainrule::explain
