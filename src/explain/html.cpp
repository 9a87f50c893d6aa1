// The trace as one page, with the picture, that steps forward and backward through both passes.
#include "chainrule/explain.h"
#include "core/text.h"
#include "explain/markup.h"
#include "explain/number.h"
#include "explain/player.h"
#include "explain/steps.h"

namespace chainrule::explain {
namespace {

constexpr const char* kStyle = R"(
:root { --ink: #111827; --soft: #6b7280; --paper: #fff; --ground: #f9fafb; --line: #d1d5db; --back: #c2410c; --chosen: #fef3c7; --chosen-ink: #b45309; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e5e7eb; --soft: #9ca3af; --paper: #1f2937; --ground: #111827; --line: #374151; --back: #fb923c; --chosen: #422006; --chosen-ink: #fbbf24; }
}
body { font: 16px/1.5 system-ui, "DejaVu Sans", sans-serif; margin: 0 auto; padding: 1rem; max-width: 1400px; color: var(--ink); background: var(--ground); }
h1 { font: 600 1.25rem/1.4 "DejaVu Sans Mono", Menlo, Consolas, monospace; white-space: pre-wrap; overflow-wrap: anywhere; margin: 0; }
p { margin: .25rem 0; }
figure { margin: 1rem 0; background: var(--paper); border: 1px solid var(--line); border-radius: 8px; overflow-x: auto; text-align: center; }
figure svg { max-width: max(100%, 640px); height: auto; min-width: min(60%, 640px); }
.controls { display: flex; gap: .5rem; align-items: center; flex-wrap: wrap; }
button { font: inherit; color: inherit; padding: .3rem .9rem; border: 1px solid var(--line); border-radius: 6px; background: var(--paper); cursor: pointer; }
input[type=range] { flex: 1; min-width: 12rem; }
ol { list-style: none; padding: 0; min-height: 5.5rem; }
li { border-left: 4px solid var(--ink); background: var(--paper); padding: .5rem 1rem; margin: .4rem 0; }
li.backward { border-color: var(--back); }
li b { font-family: "DejaVu Sans Mono", Menlo, Consolas, monospace; overflow-wrap: anywhere; }
li small { color: var(--soft); }
.steps [hidden], svg .later { display: none; }
svg .active .shape { stroke-width: 3.5; fill: var(--chosen); }
svg .active .constant { fill: var(--chosen-ink); font-weight: bold; }
svg g.fresh > text { font-size: 16px; }
table { border-collapse: collapse; } td, th { padding: .15rem .9rem .15rem 0; text-align: left; font-family: "DejaVu Sans Mono", Menlo, Consolas, monospace; }
kbd { border: 1px solid var(--line); border-radius: 4px; padding: 0 .3rem; background: var(--paper); font-size: .85em; }
)";

constexpr const char* kScript = R"(
const items = [...document.querySelectorAll('#steps li')];
const parts = [...document.querySelectorAll('svg [data-step]')];
const nodes = [...document.querySelectorAll('svg [data-node]')];
function showItem(step) {
  items.forEach((item, i) => { item.hidden = i !== step; });
  const node = items[step].dataset.node;
  for (const part of parts) {
    part.classList.toggle('later', Number(part.dataset.step) > step);
    part.classList.toggle('fresh', Number(part.dataset.step) === step);
  }
  for (const each of nodes) each.classList.toggle('active', each.dataset.node === node);
}
start({ last: items.length - 1, from: 0, show: showItem }, items.length - 1);  // all of it is there at first
)";

std::string point(const Trace& trace) {
  std::string text;
  for (const auto& [name, value] : trace.at)
    text += cat(text.empty() ? "at " : ", ", name, " = ", shown(value));
  return text;
}

std::string items(const Trace& trace) {
  const std::vector<Step> all = steps(trace);
  const std::size_t forward = trace.nodes.size();
  std::string text =
      cat("<li data-node=\"0\"><b>", escaped(trace.expression),
          "</b><br>The graph before anything is "
          "computed. Forward, values go with the arrows (above them, black); backward, gradients "
          "come back (below them, orange).</li>\n");
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Step& step = all[i];
    text +=
        cat("<li data-node=\"", step.node + 1, "\"", step.backward ? " class=\"backward\"" : "", "><small>",
            step.backward ? cat("backward, step ", i + 1 - forward, " of ", all.size() - forward)
                          : cat("forward, step ", i + 1, " of ", forward),
            ", node [", step.node + 1, "]</small><br><b>", escaped(step.what), "</b><br>", escaped(step.why),
            "</li>\n");
  }
  return text;
}

std::string results(const Trace& trace) {
  std::string text =
      cat("<table><tr><th>", trace.result, "</th><td>", shown(trace.value(), 10), "</td></tr>\n");
  const auto row = [&](const std::string& name, const Derivative& derivative) {
    text += cat("<tr><th>", name, "</th><td>", shown(derivative.value, 10), "</td>");
    if (trace.checked) {
      text += cat("<td>central difference ", shown(derivative.numeric, 10), ", relative error ",
                  shown(derivative.relative_error, 2), "</td>");
    }
    text += "</tr>\n";
  };
  for (const Derivative& each : trace.gradient) row(cat("d", trace.result, "/d", each.name), each);
  for (std::size_t i = 0; i < trace.hessian.size(); ++i) {
    for (const Derivative& each : trace.hessian[i]) {
      row(cat("d\u00B2", trace.result, "/d", trace.gradient[i].name, "d", each.name), each);
    }
  }
  text += "</table>\n";
  for (const std::string& note : trace.notes) text += cat("<p>", escaped(note), "</p>\n");
  return text;
}

}  // namespace

std::string to_html(const Trace& trace) {
  const std::size_t last = trace.nodes.size() + trace.backward.size();
  return cat(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n",
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n<title>",
      escaped(trace.expression), "</title>\n<style>", kStyle, "</style>\n</head>\n<body>\n<h1>",
      escaped(trace.expression), "</h1>\n<p>", escaped(point(trace)), "</p>\n<figure>\n", to_svg(trace),
      "</figure>\n<div class=\"controls\" id=\"controls\" hidden>\n"
      "<button id=\"first\">First</button><button id=\"back\">Back</button><button id=\"play\">Play</button>"
      "<button id=\"next\">Next</button><button id=\"last\">Last</button>\n"
      "<input type=\"range\" id=\"slider\" min=\"0\" max=\"",
      last, "\" value=\"0\" aria-label=\"Step\"><span id=\"count\"></span>\n</div>\n",
      "<ol class=\"steps\" id=\"steps\">\n", items(trace), "</ol>\n", results(trace),
      "<p><small>Keys: <kbd>&larr;</kbd> <kbd>&rarr;</kbd> <kbd>Home</kbd> <kbd>End</kbd>, "
      "<kbd>space</kbd> plays. Made by chainrule explain.</small></p>\n<script>",
      kPlayerScript, kScript, "</script>\n</body>\n</html>\n");
}

}  // namespace chainrule::explain
