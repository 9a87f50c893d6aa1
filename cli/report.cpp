// The page of a run: what it came to, its plots, its settings.
#include "report.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "chainrule/error.h"
#include "chainrule/io.h"
#include "files.h"
#include "output.h"
#include "plot/drawing.h"

namespace chainrule::cli {
namespace {

using plot::xml;

constexpr const char* kPage = R"(
:root { color-scheme: light dark; --page: #ffffff; --text: #24303c; --soft: #55626f; --edge: #dfe5ea;
  --card: #f5f7f9; --accent: #0072b2; }
@media (prefers-color-scheme: dark) {
  :root { --page: #11161b; --text: #e3e9ee; --soft: #a9b5c0; --edge: #2b343d; --card: #1a2027; --accent: #56b4e9; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1160px; padding: 28px 16px 60px; background: var(--page); color: var(--text);
  font: 15px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
h1 { font-size: 26px; line-height: 1.25; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 18px; margin: 36px 0 2px; }
h2::first-letter { text-transform: uppercase; }
.plots { display: flex; flex-wrap: wrap; column-gap: 12px; }
section { min-width: 0; max-width: 100%; }
section p { max-width: 360px; min-height: 3em; }
@media (max-width: 760px) { section p { min-height: 0; } }
section.wide { flex-basis: 100%; }
section.wide p { max-width: none; min-height: 0; }
p { margin: 0 0 10px; color: var(--soft); overflow-wrap: anywhere; }
.numbers { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 150px), 1fr)); gap: 10px; margin: 20px 0 0; }
.numbers div { background: var(--card); border-radius: 8px; padding: 9px 13px; min-width: 0; }
.numbers b { display: block; font-size: 20px; font-weight: 600; font-variant-numeric: tabular-nums;
  overflow-wrap: anywhere; }
.numbers span { display: block; color: var(--soft); font-size: 13px; line-height: 1.35; overflow-wrap: break-word; }
.figures { display: flex; flex-wrap: wrap; gap: 14px 12px; align-items: flex-start; }
.figures div { max-width: 100%; overflow-x: auto; }
.figures svg { display: block; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: 5px 14px 5px 0; border-top: 1px solid var(--edge); }
th { font-weight: 400; color: var(--soft); white-space: nowrap; }
td { overflow-wrap: anywhere; }
pre { background: var(--card); border-radius: 8px; padding: 12px 14px; overflow-x: auto; margin: 8px 0 0;
  font: 12.5px/1.5 ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; }
summary { cursor: pointer; color: var(--accent); }
)";

std::string number_text(double number) { return fmt::format("{:.4g}", number); }

std::string time_text(double seconds) {
  if (seconds < 60) return fmt::format("{:.2f} s", seconds);
  const auto all = static_cast<std::int64_t>(seconds + 0.5);
  if (all < 3600) return fmt::format("{}:{:02} min", all / 60, all % 60);
  return fmt::format("{}:{:02}:{:02} h", all / 3600, all / 60 % 60, all % 60);
}

/// Now; or SOURCE_DATE_EPOCH, for files that are to be the same again.
std::string date_text() {
  const char* const fixed = std::getenv("SOURCE_DATE_EPOCH");
  const std::time_t now =
      fixed != nullptr && *fixed != '\0' ? std::strtoll(fixed, nullptr, 10) : std::time(nullptr);
  return fmt::format("{:%Y-%m-%d %H:%M} UTC", fmt::gmtime(now));
}

/// A name that may go on in another line behind a part of it: "validation.<wbr>accuracy".
std::string breakable(std::string_view name) {
  std::string text;
  for (const char c : name) {
    text += xml(std::string_view(&c, 1));
    if (c == '.' || c == '_' || c == '(') text += "<wbr>";
  }
  return text;
}

std::string tile(const std::string& value, std::string_view name) {
  return fmt::format("<div><b>{}</b><span>{}</span></div>\n", xml(value), breakable(name));
}
std::string row(std::string_view name, const std::string& value) {
  return value.empty() ? "" : fmt::format("<tr><th>{}</th><td>{}</td></tr>\n", xml(name), xml(value));
}

/// What the last report says.
std::string numbers_part(const train::History& history) {
  if (history.empty()) return "";
  const train::Report& last = history.back();
  std::string text = "<div class=\"numbers\">\n";
  for (const train::Measure& measure : last.metrics) {
    if (measure.matrix.empty() && !measure.name.ends_with(".loss"))
      text += tile(number_text(measure.value), measure.name);
  }
  return text + tile(number_text(last.loss), "training loss") + tile(fmt::format("{}", last.step), "steps") +
         tile(number_text(last.epoch), "epochs") + tile(time_text(last.seconds), "in steps") + "</div>\n";
}

/// result.json of the run, or an empty object.
nlohmann::json result_of(const std::string& folder) {
  std::error_code ignored;
  const std::string path = fmt::format("{}/{}", folder, kResultFile);
  if (!std::filesystem::exists(path, ignored)) return nlohmann::json::object();
  const nlohmann::json result = nlohmann::json::parse(io::read_file(path), nullptr, false);
  return result.is_object() ? result : nlohmann::json::object();
}

/// A text or a number of it, or "".
std::string text_of(const nlohmann::json& result, const char* key) {
  const auto at = result.find(key);
  if (at == result.end()) return "";
  return at->is_string() ? at->get<std::string>() : at->is_number() ? at->dump() : "";
}

/// Where it was trained; a model alone does not say.
std::string machine_of(const nlohmann::json& result) {
  const std::string simd = text_of(result, "simd"), threads = text_of(result, "threads");
  if (simd.empty() || threads.empty()) return "";
  return fmt::format("{}, {} thread{}, chainrule {}", simd, threads, threads == "1" ? "" : "s",
                     text_of(result, "version"));
}

std::string facts_part(const RunToPlot& run) {
  const nlohmann::json result = result_of(run.folder);
  const Experiment& of = run.experiment;
  std::string text = "<h2>The run</h2>\n<table>\n";
  text += row("data", run.data.empty() ? of.data.name : run.data);
  if (of.net) text += row("net", config::describe(*of.net));
  if (of.loss) text += row("loss", config::describe(*of.loss));
  if (of.optimizer.rule) text += row("optimizer", config::to_text(config::write(*of.optimizer.rule)));
  if (of.optimizer.options.lr)
    text += row("learning rate", config::to_text(config::write(*of.optimizer.options.lr)));
  text += row("seed", std::to_string(of.seed));
  text += row("ended", text_of(result, "reason"));
  text += row("machine", machine_of(result));
  text += row("this page", date_text());
  return text + "</table>\n";
}

std::string plots_part(const plot::Subject& subject) {
  std::string text = "<div class=\"plots\">\n";
  for (const Shared<plot::Plot>& plot : all_plots()) {
    const plot::Drawn drawn = plot->draw(subject);
    if (!drawn.missing.empty()) continue;
    text += fmt::format("<section{2}><h2 id=\"{0}\">{0}</h2>\n<p>{1}</p>\n<div class=\"figures\">\n",
                        plot->info().name, xml(plot->info().doc),
                        drawn.figures.size() > 1 ? " class=\"wide\"" : "");
    for (const plot::Figure& figure : drawn.figures)
      text += fmt::format("<div>{}</div>\n", plot::inline_svg(figure));
    text += "</div></section>\n";
  }
  return text + "</div>\n";
}

std::string layers_part(const plot::Subject& subject) {
  if (!subject.model.net || !subject.rows || subject.rows.rows() == 0) return "";
  const Tensor x = subject.rows.take({0})[0];
  const Shared<nn::Layer>& before = subject.model.options.before;
  const std::string summary = subject.model.net->summary(nn::Inputs(before ? before->predict(x) : x));
  return fmt::format("<h2>Layers</h2>\n<pre>{}</pre>\n", xml(summary));
}

}  // namespace

std::vector<Shared<plot::Plot>> all_plots() {
  std::vector<Shared<plot::Plot>> plots;
  for (const Registry::Row& each : registry<plot::Plot>().rows()) {
    plots.push_back(Shared<plot::Plot>(static_cast<plot::Plot*>(each.make())));
  }
  return plots;
}

std::string report_html(const RunToPlot& run) {
  const std::string name = xml(run.name);
  std::string text = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";
  text += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n";
  text += fmt::format("<title>{}</title>\n<style>{}{}</style>\n</head>\n<body>\n<h1>{}</h1>\n", name, kPage,
                      plot::style(), name);
  text += numbers_part(run.subject.history);
  text += plots_part(run.subject);
  text += facts_part(run);
  text += layers_part(run.subject);
  text += fmt::format("<h2>Settings</h2>\n<details><summary>run.toml</summary><pre>{}</pre></details>\n",
                      xml(config::to_toml(config::write(run.experiment))));
  return text + "</body>\n</html>\n";
}

void write_report(const RunToPlot& run, const std::string& path) { io::replace_file(path, report_html(run)); }

void report_training(const std::string& folder, const Experiment& experiment, const LoadedData& data,
                     const train::History& history) {
  try {
    write_report(run_of(folder, experiment, data, history), fmt::format("{}/{}", folder, kReportFile));
  } catch (const std::exception& error) {
    complain(fmt::format("the training is saved, but it has no report: {}", error.what()));
  }
}

}  // namespace chainrule::cli
