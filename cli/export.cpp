// chainrule export: a net as a file of another kind.
#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Validators.hpp>
#include <memory>
#include <span>

#include "chainrule/c_export.h"
#include "chainrule/error.h"
#include "chainrule/io.h"
#include "chainrule/nn/pytorch.h"
#include "commands.h"
#include "exit_code.h"
#include "options.h"
#include "output.h"
#include "replay.h"
#include "subject.h"

namespace chainrule::cli {
namespace {

struct ExportOptions {
  std::string name, to = "c", out, weights = "f32", loss = "softmax_cross_entropy";
  std::int64_t train_last = 0, steps = 3;
};

/// Rows that the model takes: of the data it learnt from, as they come in before scaling; else zeros.
Tensor examples_for(const Trained& trained) {
  constexpr std::int64_t kRows = 4;
  if (trained.has_experiment) {
    const ModelRows rows = rows_for(trained, "", "", "export");
    std::vector<std::int64_t> numbers;
    for (std::int64_t i = 0; i < std::min(kRows, rows.source.rows()); ++i) numbers.push_back(i);
    return rows.source.take(numbers)[0];
  }
  if (trained.input.empty()) {
    throw ValueError(573,
                     fmt::format("[export] {} does not say what its net takes: no run wrote it. Export it by "
                                 "export_c in a program, with examples.",
                                 trained.path));
  }
  std::vector<std::int64_t> sizes{1};
  sizes.insert(sizes.end(), trained.input.begin(), trained.input.end());
  return zeros(Shape(std::span<const std::int64_t>(sizes)));
}

std::string out_or(const ExportOptions& options, const char* other) {
  return options.out.empty() ? other : options.out;
}

void to_c(const ExportOptions& options) {
  const Trained trained = load_trained(options.name);
  const std::string out = out_or(options, "net");
  const CSource made =
      export_c(out, trained.model, examples_for(trained),
               {.int8 = options.weights == "int8", .train_last = options.train_last, .loss = options.loss});
  write_text(stdout, fmt::format("{0}.h, {0}.c: {1} bytes of constants, {2} of workspace{3}.{4}\n", out,
                                 made.weight_bytes, made.workspace_bytes,
                                 made.state_bytes > 0 ? fmt::format(", {} of state", made.state_bytes) : "",
                                 options.weights == "int8"
                                     ? fmt::format(" Outputs are up to {:.2g} from those of the net.",
                                                   made.int8_error)
                                     : ""));
}

void to_pytorch(const ExportOptions& options) {
  save(out_or(options, "pytorch.safetensors"), *load_trained(options.name).model.net, names::pytorch);
}

/// Trains the run's net again, and writes what each layer gave and got, as `chainrule diff` reads it.
void to_trace(const ExportOptions& options) {
  Replay replay(options.name);
  NamedTensors all;
  for (std::int64_t step = 0; step < options.steps; ++step) {
    for (const auto& [name, tensor] : replay.at(step)) all.add(fmt::format("step{}/{}", step, name), tensor);
  }
  io::write_npz(out_or(options, "trace.npz"), all);
}

/// The kinds of file there are.
struct Format {
  std::string_view name;
  void (*write)(const ExportOptions& options);
};
constexpr Format kFormats[] = {
    {"c", to_c},
    {"pytorch", to_pytorch},
    {"trace", to_trace},
};

int run(const ExportOptions& options) {
  for (const Format& format : kFormats) {
    if (format.name == options.to) format.write(options);
  }
  return kDone;
}

}  // namespace

Command add_export(CLI::App& app) {
  const auto options = std::make_shared<ExportOptions>();
  CLI::App& exporting =
      *app.add_subcommand("export", "Write a net for other programs: as C, PyTorch's weights, a trace");
  exporting.add_option("MODEL", options->name, "a run's folder, or a model file")->required()->type_name("");
  std::vector<std::string> names;
  for (const Format& format : kFormats) names.emplace_back(format.name);
  exporting.add_option("--to", options->to, "the kind of file")->check(CLI::IsMember(names))->type_name("");
  exporting
      .add_option(
          "--out", options->out,
          "where to; for C without .h and .c: net, unless given;\nelse pytorch.safetensors, trace.npz")
      ->type_name("FILE");
  exporting.add_option("--weights", options->weights, "C: f32, or int8 for a quarter of the size")
      ->check(CLI::IsMember({"f32", "int8"}))
      ->type_name("");
  add_integer(exporting, "--train-last", options->train_last, 0, 1000,
              "C: so many affine layers at the end can be trained on");
  exporting.add_option("--loss", options->loss, "C: what training on minimises")
      ->check(CLI::IsMember({"softmax_cross_entropy", "mse"}))
      ->type_name("");
  add_integer(exporting, "--steps", options->steps, 1, 1'000'000, "trace: steps of the training");
  exporting.footer(
      "Examples:\n"
      "  chainrule export run1 --to c --out digits\n"
      "  chainrule export run1 --to c --weights int8\n"
      "  chainrule export run1 --to c --train-last 1\n"
      "  chainrule export run1 --to pytorch --out model.safetensors\n"
      "  chainrule export run1 --to trace --steps 3 --out trace.npz");
  return [options] { return run(*options); };
}

}  // namespace chainrule::cli
