// chainrule graph: a net as a picture.
#include "chainrule/explain/graph.h"

#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Validators.hpp>
#include <charconv>
#include <memory>
#include <nlohmann/json.hpp>

#include "chainrule/error.h"
#include "commands.h"
#include "exit_code.h"
#include "formats.h"
#include "json_text.h"
#include "keys.h"
#include "subject.h"

namespace chainrule::cli {
namespace {

using Json = nlohmann::ordered_json;
using Sizes = std::vector<std::int64_t>;

struct GraphOptions {
  std::string name, input, format, out;
  std::vector<Given> given;
  bool all = false, json = false;
};

/// "1,28,28"
Sizes read_sizes(const std::string& text) {
  Sizes sizes;
  const char *at = text.data(), *const end = at + text.size();
  while (at != end) {
    std::int64_t size = 0;
    const auto read = std::from_chars(at, end, size);
    const bool goes_on = read.ptr != end && *read.ptr == ',' && read.ptr + 1 != end;
    if (read.ec != std::errc() || size < 1 || size > 1'000'000 || (read.ptr != end && !goes_on)) {
      throw ValueError(385, fmt::format("[graph] --input {}: need the shape of a row, as in 1,28,28.", text));
    }
    sizes.push_back(size);
    at = goes_on ? read.ptr + 1 : read.ptr;
  }
  return sizes;
}

constexpr std::int64_t kRows = 2;  // of the placeholder; one row could not be told from other axes of size 1

Tensor placeholder(const Sizes& row, DType dtype) {
  Sizes shape{kRows};
  shape.insert(shape.end(), row.begin(), row.end());
  return zeros(Shape(std::span<const std::int64_t>(shape)), dtype);
}

explain::NetGraph graph_on(const nn::Layer& net, const Sizes& row, bool all) {
  DType dtype = f32;
  for (const auto& [name, parameter] : net.parameters()) {
    if (parameter) dtype = parameter.value().dtype();
  }
  try {
    return explain::graph_of(net, placeholder(row, dtype), {.collapse = !all});
  } catch (const DTypeError& error) {
    try {
      return explain::graph_of(net, placeholder(row, i64),
                               {.collapse = !all});  // an embedding takes numbers of symbols
    } catch (const Error&) {
      throw error;
    }
  }
}

explain::NetGraph make_graph(const GraphOptions& options) {
  Subject subject = open_subject(options.name, options.given);
  if (!options.input.empty())
    return graph_on(*subject.experiment.net, read_sizes(options.input), options.all);
  if (subject.is_trained && !subject.trained.input.empty()) {
    return graph_on(*subject.experiment.net, subject.trained.input, options.all);
  }
  if (!subject.has_settings) {
    throw ValueError(
        385, fmt::format("[graph] {} does not say what its net takes. Give the shape of a row: --input "
                         "1,28,28.",
                         subject.trained.path));
  }
  const LoadedData data = data_for(subject);
  const Tensor x = data.train.take({0, data.train.rows() > 1 ? 1 : 0})[0];
  return explain::graph_of(*subject.experiment.net, data.scaler ? (*data.scaler)(x) : x,
                           {.collapse = !options.all});
}

Sizes sizes_of(const Shape& shape) { return {shape.begin(), shape.end()}; }

Json json_of(const explain::NetNode& box) {
  constexpr const char* kKinds[] = {"layer", "join", "group"};
  Json made{{"kind", kKinds[static_cast<int>(box.kind)]},
            {"name", box.name},
            {"path", box.path},
            {"what", box.what},
            {"shape", sizes_of(box.shape)},
            {"parameters", box.parameters},
            {"repeats", box.repeats}};
  if (box.kind != explain::NetNode::Kind::group) return made;
  made["inside"] = Json::array();
  for (const explain::NetNode& inner : box.inside) made["inside"].push_back(json_of(inner));
  made["edges"] = Json::array();
  for (const auto& [from, to] : box.edges) {
    made["edges"].push_back({from < 0 ? Json("input") : Json(from), to < 0 ? Json("output") : Json(to)});
  }
  return made;
}

int run(const GraphOptions& options) {
  const std::string format =
      options.json ? "json" : format_of(options.format, options.out, {"text", "svg", "dot", "json"});
  const explain::NetGraph graph = make_graph(options);
  write_result(options.out, format == "svg"    ? to_svg(graph)
                            : format == "dot"  ? to_dot(graph)
                            : format == "json" ? json_text(Json{{"input", sizes_of(graph.input)},
                                                                {"net", json_of(graph.net)}})
                                               : to_text(graph));
  return kDone;
}

}  // namespace

Command add_graph(CLI::App& app) {
  const auto options = std::make_shared<GraphOptions>();
  CLI::App& graph = *app.add_subcommand("graph", "Draw a net: layers, their shapes, and what goes where");
  graph
      .add_option("NAME", options->name,
                  "a run's folder, a model file, or settings; without one\nthe books' net")
      ->type_name("");
  add_net_key(graph, options->given);
  graph
      .add_option("--input", options->input, "shape of a row, where neither model nor data say it:\n1,28,28")
      ->type_name("SIZES");
  graph
      .add_option("--format", options->format,
                  "text, svg, dot (Graphviz) or json; by default what\n--out ends in, else text")
      ->check(CLI::IsMember({"text", "svg", "dot", "json"}))
      ->type_name("");
  graph.add_flag("--json", options->json, "the same as --format json");
  graph.add_option("--out", options->out, "write there instead of to stdout")->type_name("FILE");
  graph.add_flag("--all", options->all, "draw each of several blocks that are alike");
  graph.footer(
      "Examples:\n"
      "  chainrule graph run1 --out net.svg\n"
      "  chainrule graph --net 'mlp([64, 10])'\n"
      "  chainrule graph cars.toml --format dot | dot -Tpdf > net.pdf\n"
      "  chainrule graph lenet.safetensors --input 1,28,28 --out net.svg");
  return [options] { return run(*options); };
}

}  // namespace chainrule::cli
