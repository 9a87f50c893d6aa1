// What the page shows, and what is asked for on it. Whatever comes from the run is put in as text, never as HTML.
const by_id = (id) => document.getElementById(id);
let language = "en", info = null, now = null;
const charts = new Map(), seen = new Map();  // by title; gradients of each parameter since the page was opened

const word = (key) => words[language][key] ?? words.en[key] ?? key;

function choose_language(name) {
  language = words[name] ? name : "en";
  document.documentElement.lang = language;
  by_id("language").value = language;
  for (const each of document.querySelectorAll("[data-word]")) each.textContent = word(each.dataset.word);
  charts.clear();
  by_id("charts").replaceChildren();
  if (info) show_info();
  if (now) show();
}

function time_text(seconds) {
  if (!Number.isFinite(seconds)) return "–";
  if (seconds < 60) return seconds.toFixed(seconds < 10 ? 1 : 0) + " s";
  const all = Math.round(seconds), two = (value) => String(value).padStart(2, "0");
  const hours = Math.floor(all / 3600), minutes = Math.floor(all / 60) % 60;
  return hours ? `${hours}:${two(minutes)}:${two(all % 60)}` : `${minutes}:${two(all % 60)}`;
}

function show_info() {
  document.title = info.name + " – chainrule";
  by_id("name").textContent = info.name;
  by_id("about").textContent = info.data;
  by_id("control").hidden = !info.control;
  by_id("settings").textContent = info.settings;
  const rows = ["data", "net", "parameters", "loss", "optimizer", "batch_size", "seed", "machine"];
  by_id("facts").replaceChildren(html("tbody", {}, ...rows.map((key) =>
    html("tr", {}, html("th", { scope: "row" }, word(key)), html("td", {}, String(info[key]))))));
}

function show() {
  by_id("state").textContent = word(now.state);
  by_id("note").textContent = now.note;
  by_id("done").value = now.steps > 0 ? now.step / now.steps : 0;
  by_id("done").setAttribute("aria-label", word("steps_done"));
  show_numbers();
  show_control();
  show_curves();
  show_samples();
  show_layers();
}

function show_numbers() {
  const all = [["step", `${now.step} / ${now.steps}`], ["epoch", short(now.epoch)], ["loss", short(number(now.loss))],
               ["lr", short(number(now.lr))], ["rate", short(now.rate)], ["elapsed", time_text(now.seconds)],
               ["left", now.rate > 0 ? time_text(now.left) : "–"]];
  by_id("numbers").replaceChildren(...all.map(([key, text]) =>
    html("div", {}, html("dt", {}, word(key)), html("dd", {}, text))));
}

function show_control() {
  if (!info?.control) return;
  const is_over = ["ended", "failed", "lost", "measuring"].includes(now.state), is_paused = now.state === "paused";
  for (const each of by_id("control").querySelectorAll("button, input")) each.disabled = is_over;
  by_id("pause").textContent = word(is_paused ? "continue" : "pause");
  by_id("pause").dataset.do = is_paused ? "continue" : "pause";
  by_id("step").disabled = !is_paused;
  by_id("checkpoint").disabled = is_over || !info.checkpoints;
  if (document.activeElement !== by_id("lr")) by_id("lr").value = short(number(now.lr));
}

/// The metrics of one kind share a chart: "train.accuracy" and "test.accuracy".
function show_curves() {
  const { curve, reports } = now, is_log = by_id("log").checked;
  const figures = new Map([["loss", [{ name: word("each_step"), x: curve.step, y: curve.loss }]]]);
  for (const [name, y] of Object.entries(reports.metrics)) {
    const kind = name.slice(name.indexOf(".") + 1), part = name.slice(0, Math.max(0, name.indexOf(".")));
    if (!figures.has(kind)) figures.set(kind, []);
    figures.get(kind).push({ name: part || kind, x: reports.step.slice(0, y.length), y });
  }
  figures.set("lr", [{ name: word("lr"), x: reports.step, y: reports.lr }]);
  for (const [kind, series] of figures) {
    if (!charts.has(kind)) {
      charts.set(kind, new Chart(kind === "lr" || kind === "loss" ? word(kind) : kind));
      by_id("charts").append(charts.get(kind).figure);
    }
    charts.get(kind).show(series, is_log && (kind === "loss" || kind === "lr"));
  }
}

function verdict(said) {
  if (!said) return html("span", {}, "…");
  const share = "probability" in said ? ` · ${Math.round(100 * number(said.probability))} %` : "";
  if (!("right" in said)) return html("span", {}, said.said);
  return html("span", { className: said.right ? "right" : "wrong" }, `${said.right ? "✓" : "✗"} ${said.said}${share}`);
}

function show_samples() {
  if (!info) return;
  const { kind, part, rows } = info.samples, said = now.predictions;
  by_id("samples-section").hidden = said === null;
  if (said === null) return;
  by_id("samples-note").textContent = `${word("of_part_" + part)} – ${word("after_step")} ${now.details_step}`;
  const made = { images: image_samples, rows: row_samples, text: text_samples }[kind](rows, said);
  by_id("samples").replaceChildren(made);
}

function image_samples(rows, said) {
  return html("div", { className: "images" }, ...rows.map((row, i) =>
    html("div", {}, html("img", { src: row.image, alt: `${word("truth")}: ${row.truth}` }), html("br"), verdict(said[i]),
         html("br"), html("span", { className: "soft" }, `${word("truth")}: ${row.truth}`))));
}

function row_samples(rows, said) {
  const heads = ["said", "truth", "input"].map((key) => html("th", { scope: "col" }, word(key)));
  return html("table", { className: "texts" }, html("thead", {}, html("tr", {}, ...heads)),
    html("tbody", {}, ...rows.map((row, i) => html("tr", {}, html("td", {}, verdict(said[i])),
      html("td", {}, row.truth), html("td", { className: "soft" }, row.input)))));
}

function text_samples(rows, said) {
  return html("div", {}, ...rows.map((row, i) =>
    html("p", { className: "written" }, html("b", {}, row.input.replace(/^\n/, "")), said[i] ? said[i].said : "…")));
}

/// How the gradient of a parameter has been, as a small line on a logarithmic scale.
function spark(values) {
  const picture = svg("svg", { viewBox: "0 0 120 22", "aria-hidden": "true" });
  const logs = values.map((each) => Math.log10(Math.max(each, 1e-30)));
  const low = Math.min(...logs), high = Math.max(...logs), room = high - low || 1;
  const points = logs.map((y, i) => `${i ? "L" : "M"}${(i / Math.max(1, logs.length - 1) * 116 + 2).toFixed(1)} ` +
                                    `${(19 - (y - low) / room * 16).toFixed(1)}`);
  picture.append(svg("path", { class: "k0", d: points.join("") }));
  return picture;
}

function show_layers() {
  by_id("layers-note").textContent = `${word("layers_note")} – ${word("after_step")} ${now.details_step}`;
  const heads = ["parameter", "shape", "weight_rms", "gradient_rms", "ratio", "since_open"];
  const rows = now.layers.map((each) => {
    const weight = number(each.weight), gradient = number(each.gradient);
    const cells = [each.shape, short(weight), short(gradient), short(gradient / weight)];
    return html("tr", {}, html("th", { scope: "row" }, each.path),
      ...cells.map((text, i) => html("td", { className: i ? "number" : "" }, text)),
      html("td", {}, spark(seen.get(each.path) ?? [])));
  });
  by_id("layers").replaceChildren(
    html("thead", {}, html("tr", {}, ...heads.map((key, i) =>
      html("th", { scope: "col", className: i > 1 && i < 5 ? "number" : "" }, word(key))))),
    html("tbody", {}, ...rows));
}

function remember_gradients() {
  for (const { path, gradient } of now.layers) {
    const before = seen.get(path) ?? [];
    if (!seen.has(path)) seen.set(path, before);
    if (before.step === now.details_step || !Number.isFinite(number(gradient))) continue;
    before.step = now.details_step;
    before.push(gradient);
    if (before.length > 200) before.splice(0, before.length, ...before.filter((_, i) => i % 2 === 1));
  }
}

async function ask(what) {
  const answer = await fetch("control", {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(what),
  }).then((response) => response.json()).catch(() => ({ error: word("lost") }));
  by_id("answer").textContent = answer.error ?? "";
}

async function become_report(events) {
  const answer = await fetch("report").catch(() => null);
  const text = answer?.ok ? await answer.text() : null;
  events.close();
  if (text === null) return;
  document.open();
  document.write(text);
  document.close();
}

function listen() {
  const events = new EventSource("events");
  let is_drawn = true;
  events.onmessage = (event) => {
    now = JSON.parse(event.data);
    remember_gradients();
    if (now.state === "ended") return become_report(events);
    if (now.state === "failed") events.close();
    if (!is_drawn) return;
    is_drawn = false;
    requestAnimationFrame(() => { is_drawn = true; show(); });
  };
  events.onerror = () => {
    if (!now || now.state === "failed") return;
    now.state = "lost";
    show();
  };
}

by_id("language").addEventListener("change", (event) => {
  choose_language(event.target.value);
  try { localStorage.setItem("language", language); } catch { /* not kept */ }
});
by_id("log").addEventListener("change", () => now && show_curves());
by_id("control").addEventListener("click", (event) => {
  const what = event.target.dataset?.do;
  if (what && (what !== "stop" || confirm(word("sure_to_stop")))) ask({ do: what });
});
by_id("control").addEventListener("submit", (event) => {
  event.preventDefault();
  const value = Number(by_id("lr").value.replace(",", "."));
  if (value > 0 && value <= 1e6) ask({ do: "lr", value });
  else by_id("answer").textContent = word("no_rate");
  by_id("lr").blur();
});
addEventListener("resize", () => now && show_curves());

let wanted = navigator.language.slice(0, 2);
try { wanted = localStorage.getItem("language") ?? wanted; } catch { /* not kept */ }
choose_language(wanted);
fetch("info").then((answer) => answer.json()).then((answer) => {
  info = answer;
  show_info();
  listen();
});
