// What the page asks of the library: one function, JSON in and JSON out, and an array of numbers beside it.
#include <cstdint>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "chainrule/error.h"
#include "chainrule/explain.h"
#include "chainrule/loss.h"
#include "core/text.h"
#include "explain/steps.h"
#include "explain_json.h"
#include "json_text.h"
#include "points.h"
#include "run.h"
#include "tables_json.h"

namespace chainrule::web {
namespace {

std::map<std::int64_t, Run>& runs() {
  static auto* const all = new std::map<std::int64_t, Run>;
  return *all;
}
std::vector<float>& numbers() {
  static auto* const all = new std::vector<float>;
  return *all;
}

Run& run_of(const Json& asked) {
  const std::int64_t id = asked.value("run", 0);
  const auto found = runs().find(id);
  if (found == runs().end()) throw ValueError(621, cat("[web] there is no run ", id, ". Open one first."));
  return found->second;
}

Json tables(const Json&) {
  cli::Experiment experiment;
  return {{"layers", cli::rows_json(registry<nn::Layer>().rows())},
          {"initializers", cli::rows_json(registry<nn::Initializer>().rows())},
          {"losses", cli::rows_json(registry<loss::Loss>().rows())},
          {"metrics", cli::rows_json(registry<metric::Metric>().rows())},
          {"optimizers", cli::rows_json(registry<optim::Rule>().rows())},
          {"schedules", cli::rows_json(registry<optim::Schedule>().rows())},
          {"settings", cli::leaves_json(config::leaves(experiment, config::Objects::skip))},
          {"functions", explain::function_names()},
          {"points", kinds_of_points()},
          {"version", CHAINRULE_VERSION}};
}

/// A file that data.name can say.
Json file(const Json& asked) {
  std::ofstream out(asked.at("name").get<std::string>(), std::ios::binary);
  out << asked.at("text").get<std::string>();
  return {{"bytes", static_cast<std::int64_t>(out.tellp())}};
}

Json points(const Json& asked) {
  PointsOptions options;
  options.kind = asked.value("kind", options.kind);
  options.count = asked.value("count", options.count);
  options.noise = asked.value("noise", options.noise);
  options.seed = asked.value("seed", options.seed);
  return {{"text", points_csv(options)}};
}

Json open(const Json& asked) {
  const std::int64_t id = asked.value("run", 0);
  Run made(asked.at("toml").get<std::string>());
  runs().erase(id);
  return runs().emplace(id, std::move(made)).first->second.about();
}

Json close(const Json& asked) { return {{"closed", runs().erase(asked.value("run", 0))}}; }

Json map(const Json& asked) {
  Window window;
  window.left = asked.value("left", window.left), window.right = asked.value("right", window.right);
  window.bottom = asked.value("bottom", window.bottom), window.top = asked.value("top", window.top);
  window.size = asked.value("size", window.size);
  return run_of(asked).map(window, numbers());
}

Json expression(const Json& asked) {
  const explain::Values at = explain::read_values(asked.value("at", ""));
  const explain::Trace trace =
      explain::trace(asked.at("text").get<std::string>(), at,
                     {.hessian = asked.value("order", 1) == 2, .check = asked.value("check", false)});
  Json made = Json::parse(cli::to_json(trace));
  made["svg"] = explain::to_svg(trace);
  for (const explain::Step& step : explain::steps(trace)) {
    made["steps"].push_back(
        {{"node", step.node + 1}, {"backward", step.backward}, {"what", step.what}, {"why", step.why}});
  }
  return made;
}

struct Command {
  const char* name;
  Json (*run)(const Json& asked);
};
constexpr Command kCommands[] = {
    {"tables", tables},
    {"file", file},
    {"points", points},
    {"open", open},
    {"close", close},
    {"train",
     [](const Json& a) {
       return run_of(a).train(a.value("steps", std::int64_t{1}), a.value("milliseconds", 1e9));
     }},
    {"net", [](const Json& a) { return run_of(a).net(numbers()); }},
    {"map", map},
    {"rows",
     [](const Json& a) {
       return run_of(a).rows(a.value("part", "train"), a.value("first", std::int64_t{0}),
                             a.value("count", std::int64_t{1}), numbers());
     }},
    {"predict", [](const Json& a) { return run_of(a).predict(a.at("row").get<std::vector<double>>()); }},
    {"explain",
     [](const Json& a) {
       return run_of(a).explain(a.value("part", ""), a.value("row", std::int64_t{0}),
                                a.value("parameter", ""));
     }},
    {"onnx", [](const Json& a) { return run_of(a).onnx(numbers()); }},
    {"check",
     [](const Json& a) {
       return run_of(a).check(a.value("samples", std::int64_t{3}), a.value("elements", std::int64_t{10}),
                              a.value("broken", ""));
     }},
    {"expression", expression},
};

Json answer(const std::string& text) {
  try {
    const Json asked = Json::parse(text);
    const auto name = asked.at("do").get<std::string>();
    for (const Command& command : kCommands) {
      if (name == command.name) return {{"ok", command.run(asked)}};
    }
    throw ValueError(621, cat("[web] there is no '", name, "' to do."));
  } catch (const explain::ExpressionError& error) {
    return {{"error", {{"message", error.what()}, {"code", error.code()}, {"position", error.position()}}}};
  } catch (const Error& error) {
    return {{"error", {{"message", error.what()}, {"code", error.code()}}}};
  } catch (const std::exception& error) {
    return {{"error", {{"message", error.what()}, {"code", 0}}}};
  }
}

}  // namespace
}  // namespace chainrule::web

extern "C" {

/// @param text  {"do": "train", "run": 0, "steps": 10}. Gives {"ok": ...} or {"error": {message, code}}; both
/// are UTF-8
///     and end in a zero. What it gives is kept until the next call.
const char* chainrule_call(const char* text) {
  using namespace chainrule;
  static auto* const said = new std::string;
  web::numbers().clear();
  *said = cli::json_text(web::answer(text), -1);
  return said->c_str();
}
/// The numbers that the last call gave beside its text.
const float* chainrule_numbers() { return chainrule::web::numbers().data(); }
std::size_t chainrule_count() { return chainrule::web::numbers().size(); }
}
