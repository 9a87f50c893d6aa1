// Lines over steps, as SVG: an axis with round numbers, a legend, and what is at a place that the pointer or the
// arrow keys choose.
function svg(name, attributes, text) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const key in attributes) made.setAttribute(key, attributes[key]);
  if (text !== undefined) made.textContent = text;
  return made;
}

function html(name, properties, ...inside) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...inside);
  return made;
}

/// JSON has no NaN: it comes as a text.
const number = (value) => (typeof value === "number" ? value : NaN);

function short(value) {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e6 || size < 1e-4)) return value.toExponential(2).replace("e+", "e");
  return String(Number(value.toPrecision(4)));
}

/// Round numbers from low to high: 1, 2 or 5 times a power of ten apart.
function ticks(low, high, most) {
  const rough = (high - low) / most, power = 10 ** Math.floor(Math.log10(rough));
  const apart = power * ([1, 2, 5].find((each) => each * power >= rough) || 10);
  const made = [];
  for (let at = Math.ceil(low / apart - 1e-9); at * apart <= high + apart * 1e-9; ++at) made.push(at * apart);
  return made;
}

/// Powers of ten, or round numbers where there are hardly any.
function log_ticks(low, high) {
  const made = [];
  for (let at = Math.ceil(low); at <= high; ++at) made.push(10 ** at);
  if (made.length > 6) return made.filter((_, i) => i % Math.ceil(made.length / 6) === 0);
  if (made.length >= 2) return made;
  return ticks(10 ** low, 10 ** high, 4).filter((each) => each > 0);
}

const kLeft = 56, kRight = 10, kTop = 10, kBottom = 22, kHeight = 220;

class Chart {
  /// @param title  of the figure
  constructor(title) {
    this.title = title;
    this.caption = html("figcaption");
    this.picture = svg("svg", { role: "img", tabindex: 0 });
    this.figure = html("figure", {}, this.caption, this.picture);
    this.chosen = null;  // a step
    this.picture.addEventListener("pointermove", (event) => this.choose(this.step_at(event.offsetX)));
    this.picture.addEventListener("pointerleave", () => this.choose(null));
    this.picture.addEventListener("blur", () => this.choose(null));
    this.picture.addEventListener("keydown", (event) => this.move(event));
  }

  /// @param series  each with name, x, y
  show(series, is_log) {
    this.series = series.filter((each) => each.x.length > 0);
    this.is_log = is_log;
    this.draw();
  }

  scale(value) { return this.is_log ? (value > 0 ? Math.log10(value) : NaN) : value; }
  across(step) {
    return kLeft + (step - this.first) / (this.last - this.first || 1) * (this.width - kLeft - kRight);
  }
  down(value) {
    return kHeight - kBottom - (this.scale(value) - this.low) / (this.high - this.low) * (kHeight - kTop - kBottom);
  }
  step_at(pixels) {
    if (!this.series || !this.series.length) return null;
    const share = (pixels - kLeft) / (this.width - kLeft - kRight);
    return this.first + Math.min(1, Math.max(0, share)) * (this.last - this.first);
  }

  choose(step) {
    if (step === this.chosen) return;
    this.chosen = step;
    this.draw();
  }

  move(event) {
    const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (way === undefined || !this.series.length) return;
    event.preventDefault();
    const steps = this.series[0].x, now = this.chosen === null ? steps.length : this.place(this.series[0], this.chosen);
    this.choose(steps[Math.min(steps.length - 1, Math.max(0, now + way))]);
  }

  /// The place of the step that is nearest.
  place(of, step) {
    let low = 0, high = of.x.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (of.x[middle] < step) low = middle; else high = middle;
    }
    return Math.abs(of.x[low] - step) <= Math.abs(of.x[high] - step) ? low : high;
  }

  measure() {
    const steps = this.series.flatMap((each) => each.x);
    const values = this.series.flatMap((each) => each.y.map((y) => this.scale(number(y)))).filter(Number.isFinite);
    this.first = Math.min(...steps);
    this.last = Math.max(...steps);
    this.low = Math.min(...values);
    this.high = Math.max(...values);
    if (!values.length) this.low = 0, this.high = 1;
    const room = (this.high - this.low) * 0.05 || Math.abs(this.high) * 0.1 || 1;
    this.low -= room;
    this.high += room;
    this.width = Math.max(this.picture.clientWidth, 200);
  }

  draw() {
    const fresh = document.createDocumentFragment();
    const at = this.chosen;
    const legend = [html("b", {}, this.title)];
    if (this.series.length) {
      this.measure();
      this.draw_axes(fresh);
      if (at !== null)
        fresh.append(svg("line", { class: "mark", x1: this.across(at), x2: this.across(at), y1: kTop, y2: kHeight - kBottom }));
    }
    this.series.forEach((each, i) => {
      const place = at === null ? each.x.length - 1 : this.place(each, at), value = number(each.y[place]);
      fresh.append(svg("path", { class: "k" + i % 4, d: this.path(each) }));
      if (Number.isFinite(this.scale(value)))
        fresh.append(svg("circle", { class: "k" + i % 4, r: 3, cx: this.across(each.x[place]), cy: this.down(value) }));
      const step = at === null ? "" : " @ " + short(each.x[place]);
      legend.push(html("span", {}, html("i", { className: "k" + i % 4 }), `${each.name} ${short(value)}${step}`));
    });
    this.picture.replaceChildren(fresh);
    this.caption.replaceChildren(...legend);
    this.picture.setAttribute("aria-label", legend.map((each) => each.textContent).join(", "));
  }

  draw_axes(to) {
    const right = this.width - kRight;
    for (const each of this.is_log ? log_ticks(this.low, this.high) : ticks(this.low, this.high, 5)) {
      const y = this.down(each);
      to.append(svg("line", { class: "grid", x1: kLeft, x2: right, y1: y, y2: y }),
                svg("text", { x: kLeft - 6, y: y + 4, "text-anchor": "end" }, short(each)));
    }
    if (this.last <= this.first) return;
    for (const each of ticks(this.first, this.last, Math.max(2, Math.floor(this.width / 110)))) {
      const x = this.across(each);
      to.append(svg("text", { x, y: kHeight - 6, "text-anchor": x > right - 20 ? "end" : "middle" }, short(each)));
    }
  }

  path(of) {
    let text = "", is_open = false;
    of.x.forEach((x, i) => {
      const y = number(of.y[i]);
      const is_there = Number.isFinite(this.scale(y));
      if (is_there) text += `${is_open ? "L" : "M"}${this.across(x).toFixed(1)} ${this.down(y).toFixed(1)}`;
      is_open = is_there;
    });
    return text;
  }
}
