// chainrule diff: where two runs, two files of tensors, or a run and another program's trace differ.
#include <fmt/format.h>

#include <CLI/App.hpp>
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "chainrule/error.h"
#include "chainrule/explain/difference.h"
#include "chainrule/io.h"
#include "color.h"
#include "commands.h"
#include "core/nearest.h"
#include "diff_report.h"
#include "exit_code.h"
#include "files.h"
#include "json_text.h"
#include "options.h"
#include "output.h"
#include "progress.h"
#include "replay.h"
#include "train/checkpoint_file.h"

namespace chainrule::cli {
namespace {

namespace fs = std::filesystem;

struct DiffOptions {
  std::string a, b;
  double tolerance = 0;
  std::int64_t threads = 0;
  bool json = false, quiet = false;
};

bool is_folder(const std::string& name) {
  std::error_code ignored;
  return fs::is_directory(name, ignored);
}

/// Tensors of a file, or of a run: of its model, or else its newest checkpoint.
struct Content {
  NamedTensors tensors;
  std::string of;  // "run1/model.safetensors"
};

/// Of a model in the order of its net, else in that of the file.
NamedTensors read_tensors(const std::string& path) {
  io::TensorFile file = io::read_safetensors(path);
  const auto names_net = [](const auto& entry) { return entry.first == "chainrule.net"; };
  const bool is_model = std::any_of(file.metadata.begin(), file.metadata.end(), names_net);
  if (is_model) return tensors_of(*load_model(path).net);
  NamedTensors sorted;  // of a checkpoint the net's first, then those of the optimizer
  for (const bool is_of_net : {true, false}) {
    for (const auto& [name, tensor] : file.tensors) {
      if ((name.find('/') == std::string::npos) == is_of_net) sorted.add(name, tensor);
    }
  }
  return sorted;
}

Content content_of(const std::string& name) {
  if (name.ends_with(".npz")) return {io::read_npz(name), name};
  if (!is_folder(name)) return {read_tensors(name), name};
  const std::string model = fmt::format("{}/{}", name, kModelFile);
  std::error_code ignored;
  if (fs::exists(model, ignored)) return {read_tensors(model), model};
  train::Newest newest = train::read_newest(name);
  return {std::move(newest.checkpoint.tensors), newest.path};
}

void compare_settings(const std::string& a, const std::string& b, Differing& found) {
  Experiment first = read_run(a), second = read_run(b);
  std::map<std::string, std::string> other;
  for (const config::Leaf& leaf : config::leaves(second, config::Objects::skip))
    other[leaf.name] = leaf.value;
  for (const config::Leaf& leaf : config::leaves(first, config::Objects::skip)) {
    const auto same = other.find(leaf.name);
    const std::string value = same == other.end() ? "" : same->second;
    if (leaf.value != value) found.settings.push_back({leaf.name, leaf.value, value});
    if (same != other.end()) other.erase(same);
  }
  for (const auto& [name, value] : other) {
    if (!value.empty()) found.settings.push_back({name, "", value});
  }
}

/// The first number of two reports that differs.
std::optional<HistoryDifference> first_of(const train::Report& a, const train::Report& b, double tolerance) {
  const auto is_same = [&](double x, double y) {
    return x == y || (std::isnan(x) && std::isnan(y)) ||
           std::abs(x - y) <= tolerance * std::max(std::abs(x), std::abs(y));
  };
  const auto differs = [&](const std::string& name, double x, double y) -> std::optional<HistoryDifference> {
    if (is_same(x, y)) return {};
    return HistoryDifference{a.step, name, x, y};
  };
  if (a.step != b.step) {
    return HistoryDifference{a.step, "step", static_cast<double>(a.step), static_cast<double>(b.step)};
  }
  if (auto found = differs("lr", a.lr, b.lr)) return found;
  if (auto found = differs("loss", a.loss, b.loss)) return found;
  for (const train::Measure& measure : a.metrics) {
    const double* other = b.find(measure.name);
    if (other == nullptr || !measure.matrix.empty()) continue;
    if (auto found = differs(measure.name, measure.value, *other)) return found;
  }
  return {};
}

void compare_history(const std::string& a, const std::string& b, double tolerance, Differing& found) {
  const train::History first = history_of(a), second = history_of(b);
  found.reports = static_cast<std::int64_t>(std::min(first.size(), second.size()));
  found.reports_a = static_cast<std::int64_t>(first.size()),
  found.reports_b = static_cast<std::int64_t>(second.size());
  for (std::size_t i = 0; i < static_cast<std::size_t>(found.reports) && !found.history; ++i) {
    found.history = first_of(first[i], second[i], tolerance);
  }
}

/// A trace by its steps.
std::map<std::int64_t, NamedTensors> steps_of(const NamedTensors& trace, const std::string& path) {
  std::map<std::int64_t, NamedTensors> steps;
  for (const auto& [text, tensor] : trace) {
    const explain::TraceName name = explain::read_trace_name(text);
    if (name.step < 0) {
      throw ValueError(
          387, fmt::format("[diff] {}: '{}' names no step, others do. Each array of a trace is named as in "
                           "step3/affine1.weight.",
                           path, text));
    }
    steps[name.step].add(name.name, tensor);
  }
  return steps;
}

bool is_trace(const NamedTensors& tensors) {
  for (const auto& [name, tensor] : tensors) {
    if (explain::read_trace_name(name).step >= 0) return true;
  }
  return false;
}

void check_names(const NamedTensors& asked, const NamedTensors& known, std::int64_t step,
                 const std::string& path) {
  for (const auto& [name, tensor] : asked) {
    if (known.contains(name)) continue;
    const std::string near = nearest(name, known.names());
    throw ValueError(387, fmt::format("[diff] {}: the run has no tensor step{}/{}.{}", path, step, name,
                                      near.empty() ? " It has parameters, layers, loss, and .grad of each."
                                                   : fmt::format(" Did you mean {}?", near)));
  }
}

/// The run once more, against what another program wrote.
void compare_trace(const std::string& run, const NamedTensors& trace, const std::string& path,
                   const DiffOptions& options, Differing& found) {
  const std::map<std::int64_t, NamedTensors> steps = steps_of(trace, path);
  Replay replay(run);
  if (steps.rbegin()->first > replay.steps()) {
    throw ValueError(387, fmt::format("[diff] {}: step {} lies behind the end of {}, which has {} steps.",
                                      path, steps.rbegin()->first, run, replay.steps()));
  }
  found.tensors_of_a = run + ", trained again", found.tensors_of_b = path;
  Progress progress(options.quiet ? nullptr : stderr, static_cast<std::int64_t>(steps.size()), "steps");
  std::int64_t done = 0;
  for (const auto& [step, asked] : steps) {
    const NamedTensors own = replay.at(step);
    check_names(asked, own, step, path);
    NamedTensors wanted;  // in the order in which they are computed
    for (const auto& [name, tensor] : own) {
      if (asked.contains(name)) wanted.add(name, tensor);
    }
    for (explain::TensorDifference& each : explain::differences(wanted, asked, options.tolerance)) {
      found.tensors.push_back({step, std::move(each)});
    }
    progress.update(++done);
  }
}

void compare_tensors(const std::string& a, const std::string& b, double tolerance, Differing& found) {
  const Content first = content_of(a), second = content_of(b);
  found.tensors_of_a = first.of, found.tensors_of_b = second.of;
  for (explain::TensorDifference& each : explain::differences(first.tensors, second.tensors, tolerance)) {
    const explain::TraceName name = explain::read_trace_name(each.name);
    each.name = name.name;
    found.tensors.push_back({name.step, std::move(each)});
  }
}

Differing compare(const DiffOptions& options) {
  Differing found{.a = options.a, .b = options.b, .tolerance = options.tolerance};
  const bool a_runs = is_folder(options.a), b_runs = is_folder(options.b);
  found.are_runs = a_runs && b_runs;
  if (found.are_runs) {
    compare_settings(options.a, options.b, found);
    compare_history(options.a, options.b, options.tolerance, found);
  }
  if (a_runs != b_runs && (a_runs ? options.b : options.a).ends_with(".npz")) {
    const std::string &run = a_runs ? options.a : options.b, &path = a_runs ? options.b : options.a;
    const NamedTensors trace = io::read_npz(path);
    if (is_trace(trace)) {
      compare_trace(run, trace, path, options, found);
      return found;
    }
  }
  compare_tensors(options.a, options.b, options.tolerance, found);
  return found;
}

int run(const DiffOptions& options) {
  use_threads(options.threads);
  const Differing found = compare(options);
  write_text(stdout, options.json ? to_json(found) : colored_verdicts(to_text(found)));
  return found.differs() ? kCheckFailed : kDone;
}

}  // namespace

Command add_diff(CLI::App& app) {
  const auto options = std::make_shared<DiffOptions>();
  CLI::App& diff = *app.add_subcommand("diff", "Say where two runs, models or traces begin to differ");
  diff.add_option("A", options->a, "a run's folder, a .safetensors file or an .npz file")
      ->required()
      ->type_name("");
  diff.add_option("B", options->b, "the same")->required()->type_name("");
  add_number(diff, "--tolerance", options->tolerance, 0, 1e6,
             "what may differ, as a part of the number's size, or of the\nroot mean square of its tensor if "
             "that is more; 0: no bit");
  add_threads(diff, options->threads);
  diff.add_flag("--json", options->json, "print one JSON document");
  add_quiet(diff, options->quiet);
  diff.footer(
      "Of two runs: the settings, the first report of the history, and the tensors of\n"
      "the models that differ. Exits with 0 if all is the same, with 3 if not.\n\n"
      "An .npz file with names such as step3/affine1.weight is a trace of another\n"
      "program's training. The run is trained again, and each step held against it:\n"
      "  step3/affine1.weight        what step 3 begins with (the first step is 0)\n"
      "  step3/affine1               what a layer gives in it\n"
      "  step3/loss                  the loss of its batch\n"
      "  step3/affine1.grad          the loss's gradient by what the layer gives\n"
      "  step3/affine1.weight.grad   and by the parameter\n\n"
      "Examples:\n"
      "  chainrule diff run1 run2\n"
      "  chainrule diff run1 trace.npz --tolerance 1e-5\n"
      "  chainrule diff run1/model.safetensors run2/model.safetensors");
  return [options] { return run(*options); };
}

}  // namespace chainrule::cli
