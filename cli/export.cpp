// chainrule export: a net as a file of another kind.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/App.hpp>
#include <CLI/Validators.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>

#include "chainrule/c_export.h"
#include "chainrule/error.h"
#include "chainrule/io.h"
#include "chainrule/nn/pytorch.h"
#include "chainrule/ops.h"
#include "commands.h"
#include "core/nearest.h"
#include "exit_code.h"
#include "files.h"
#include "json_text.h"
#include "onnx_file.h"
#include "options.h"
#include "output.h"
#include "replay.h"
#include "subject.h"

namespace chainrule::cli {
namespace {

struct ExportOptions {
  std::string name, to, out, weights = "f32", loss = "softmax_cross_entropy";
  std::vector<std::int64_t> input;
  std::int64_t train_last = 0, steps = 3;
  bool fold = false, fixed = false, json = false;
};

/// What came of it: the files, and a line for people.
struct Written {
  std::vector<std::string> files;
  std::string text;
};

/// A batch of one row of zeros like those that the net takes.
Tensor zeros_for(const Trained& trained, const ExportOptions& options) {
  std::vector<std::int64_t> sizes = options.input.empty() ? trained.input : options.input;
  if (sizes.empty()) {
    throw ValueError(
        512, fmt::format("[export] {} does not say what its inputs are. Give the sizes of one, without the "
                         "batch: --input 1,28,28.",
                         trained.path));
  }
  sizes.insert(sizes.begin(), 1);
  const bool is_text = trained.has_experiment && kind_of(trained.experiment.data.name) == DataKind::text;
  return zeros(Shape(sizes), is_text ? i64 : trained.model.net->parameters().at(0).parameter.value().dtype());
}

/// Rows of the data it learnt from, as they come in before scaling; else zeros.
Tensor examples_for(const Trained& trained, const ExportOptions& options) {
  constexpr std::int64_t kRows = 4;
  if (!trained.has_experiment || !options.input.empty()) return zeros_for(trained, options);
  const ModelRows rows = rows_for(trained, "", "", "export");
  std::vector<std::int64_t> numbers;
  for (std::int64_t i = 0; i < std::min(kRows, rows.source.rows()); ++i) numbers.push_back(i);
  return rows.source.take(numbers)[0];
}

std::string out_or(const ExportOptions& options, const char* other) {
  const std::string out = options.out.empty() ? other : options.out;
  keep_input(out, options.name);
  for (const char* of_run : {kModelFile, kResultFile, "run.toml", "history.jsonl"})
    keep_input(out, fmt::format("{}/{}", options.name, of_run));
  return out;
}

Written to_c(const ExportOptions& options) {
  const Trained trained = load_trained(options.name);
  std::string out = out_or(options, "net");
  if (out.ends_with(".c")) out.resize(out.size() - 2);
  const CSource made =
      export_c(out, trained.model, examples_for(trained, options),
               {.int8 = options.weights == "int8", .train_last = options.train_last, .loss = options.loss});
  return {{out + ".h", out + ".c"},
          fmt::format("{0}.h, {0}.c: {1} bytes of constants, {2} of workspace{3}.{4}\n", out,
                      made.weight_bytes, made.workspace_bytes,
                      made.state_bytes > 0 ? fmt::format(", {} of state", made.state_bytes) : "",
                      options.weights == "int8"
                          ? fmt::format(" Outputs are up to {:.2g} from those of the net.", made.int8_error)
                          : "")};
}

Written to_onnx(const ExportOptions& options) {
  const Trained trained = load_trained(options.name);
  const std::string out = out_or(options, "net.onnx");
  return {{out},
          write_onnx_file(trained.model, nn::Inputs(zeros_for(trained, options)),
                          {out, options.fold, options.fixed})};
}

Written to_pytorch(const ExportOptions& options) {
  const std::string out = out_or(options, "pytorch.safetensors");
  const Trained trained = load_trained(options.name);
  save(out, *trained.model.net, names::pytorch);
  return {{out},
          fmt::format("{}: {} parameters, named as PyTorch names them\n", out,
                      trained.model.net->parameters().size())};
}

/// Trains the run's net again, and writes what each layer gave and got, as `chainrule diff` reads it.
Written to_trace(const ExportOptions& options) {
  Replay replay(options.name);
  NamedTensors all;
  for (std::int64_t step = 0; step < options.steps; ++step) {
    for (const auto& [name, tensor] : replay.at(step)) all.add(fmt::format("step{}/{}", step, name), tensor);
  }
  const std::string out = out_or(options, "trace.npz");
  io::write_npz(out, all);
  return {{out}, fmt::format("{}: {} arrays of {} steps\n", out, all.size(), options.steps)};
}

/// The kinds of file there are, with the ending by which each is known.
struct Format {
  std::string_view name, ending;
  Written (*write)(const ExportOptions& options);
};
constexpr Format kFormats[] = {
    {"onnx", ".onnx", to_onnx},
    {"c", ".c", to_c},
    {"pytorch", ".safetensors", to_pytorch},
    {"trace", ".npz", to_trace},
};

std::vector<std::string> names_of_formats() {
  std::vector<std::string> names;
  for (const Format& format : kFormats) names.emplace_back(format.name);
  return names;
}

int run(const ExportOptions& options) {
  for (const Format& format : kFormats) {
    if (options.to.empty() ? !options.out.ends_with(format.ending) : options.to != format.name) continue;
    const Written written = format.write(options);
    nlohmann::ordered_json all{
        {"format", format.name}, {"model", options.name}, {"files", files_json(written.files)}};
    write_text(stdout, options.json ? json_text(all) : written.text);
    return kDone;
  }
  const std::string& asked = options.to.empty() ? options.out : options.to;
  const std::string near = nearest(options.to, names_of_formats());
  throw ValueError(511, fmt::format("[export] {} is no format that is known. Name one with --to: {}.{}",
                                    asked.empty() ? "nothing" : asked, fmt::join(names_of_formats(), ", "),
                                    near.empty() ? "" : fmt::format(" Did you mean {}?", near)));
}

}  // namespace

Command add_export(CLI::App& app) {
  const auto options = std::make_shared<ExportOptions>();
  CLI::App& exporting =
      *app.add_subcommand("export", "Write a net for other programs: ONNX, C, PyTorch's weights");
  exporting.add_option("MODEL", options->name, "a run's folder, or a model file")->required()->type_name("");
  exporting
      .add_option(
          "--to", options->to,
          fmt::format("{};\nelse what the name of --out ends in", fmt::join(names_of_formats(), ", ")))
      ->type_name("FORMAT");
  exporting
      .add_option("--out", options->out,
                  "where to; for C with or without .c: net, unless given;\nelse net.onnx, "
                  "pytorch.safetensors, trace.npz")
      ->type_name("FILE");
  exporting
      .add_option("--input", options->input,
                  "sizes of an input without the batch, if the model does not\nsay them: 1,28,28")
      ->delimiter(',')
      ->type_name("SIZES");
  exporting.add_flag("--fold", options->fold, "ONNX: batch norm becomes part of the layer before it");
  exporting.add_flag("--fixed", options->fixed, "ONNX: batches of one only; else of any size");
  exporting.add_option("--weights", options->weights, "C: f32, or int8 for a quarter of the size")
      ->check(CLI::IsMember({"f32", "int8"}))
      ->type_name("");
  add_integer(exporting, "--train-last", options->train_last, 0, 1000,
              "C: so many affine layers at the end can be trained on");
  exporting.add_option("--loss", options->loss, "C: what training on minimises")
      ->check(CLI::IsMember({"softmax_cross_entropy", "mse"}))
      ->type_name("");
  add_integer(exporting, "--steps", options->steps, 1, 1'000'000, "trace: steps of the training");
  exporting.add_flag("--json", options->json, "print one JSON document");
  exporting.footer(
      "Examples:\n"
      "  chainrule export run1 --out net.onnx\n"
      "  chainrule export run1 --to c --out digits\n"
      "  chainrule export run1 --to c --weights int8\n"
      "  chainrule export run1 --to c --train-last 1\n"
      "  chainrule export run1 --to pytorch --out model.safetensors\n"
      "  chainrule export run1 --to trace --steps 3 --out trace.npz");
  return [options] { return run(*options); };
}

}  // namespace chainrule::cli
