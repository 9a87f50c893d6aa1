// chainrule export: a trained net in the format of other programs.
#include <fmt/format.h>

#include <CLI/App.hpp>
#include <memory>

#include "chainrule/error.h"
#include "chainrule/ops.h"
#include "commands.h"
#include "exit_code.h"
#include "onnx_file.h"
#include "output.h"
#include "trained.h"

namespace chainrule::cli {
namespace {

struct ExportOptions {
  std::string model, to, out;
  std::vector<std::int64_t> input;
  bool fold = false, fixed = false;
};

/// A format: its name, the ending of its files, and what writes one and says what it wrote.
struct Format {
  const char* name;
  const char* ending;
  std::string (*write)(const Trained& trained, const nn::Inputs& example, const ExportOptions& options);
};

std::string write_onnx(const Trained& trained, const nn::Inputs& example, const ExportOptions& options) {
  return write_onnx_file(trained.model, example, {options.out, options.fold, options.fixed});
}

constexpr Format kFormats[] = {
    {"onnx", ".onnx", write_onnx},
};

std::string names_of_formats() {
  std::string names;
  for (const Format& format : kFormats) names += fmt::format("{}{}", names.empty() ? "" : ", ", format.name);
  return names;
}

const Format& format_for(const ExportOptions& options) {
  for (const Format& format : kFormats) {
    if (options.to.empty() ? options.out.ends_with(format.ending) : options.to == format.name) return format;
  }
  throw ValueError(511, fmt::format("[export] {} is no format that is known. Name one with --to: {}.",
                                    options.to.empty() ? options.out : options.to, names_of_formats()));
}

/// A batch of one like those that the net takes.
Tensor example_of(const Trained& trained, const ExportOptions& options) {
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

int run(const ExportOptions& options) {
  const Format& format = format_for(options);
  const Trained trained = load_trained(options.model);
  write_text(stdout, format.write(trained, nn::Inputs(example_of(trained, options)), options));
  return kDone;
}

}  // namespace

Command add_export(CLI::App& app) {
  const auto options = std::make_shared<ExportOptions>();
  CLI::App& command = *app.add_subcommand("export", "Write a trained net in the format of other programs");
  command.add_option("MODEL", options->model, "a run's folder, or a model file")->required()->type_name("");
  command.add_option("--out", options->out, "the file to write")->required()->type_name("FILE");
  command
      .add_option("--to", options->to,
                  fmt::format("{}; else what the name of --out ends in", names_of_formats()))
      ->type_name("FORMAT");
  command
      .add_option("--input", options->input,
                  "sizes of an input without the batch, if the model does not say\nthem: 1,28,28")
      ->delimiter(',')
      ->type_name("SIZES");
  command.add_flag("--fold", options->fold, "batch norm becomes part of the layer before it");
  command.add_flag("--fixed", options->fixed, "batches of one only; else of any size");
  command.footer(
      "Examples:\n"
      "  chainrule export run1 --out net.onnx\n"
      "  chainrule info net.onnx");
  return [options] { return run(*options); };
}

}  // namespace chainrule::cli
