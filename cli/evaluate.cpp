// chainrule eval: measures a trained net.
#include <fmt/format.h>

#include <CLI/App.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "exit_code.h"
#include "json_text.h"
#include "options.h"
#include "output.h"
#include "trained.h"

namespace chainrule::cli {
namespace {

struct EvalOptions {
  std::string model, data, data_dir;
  std::int64_t threads = 0;
  bool json = false;
};

/// The numbers of a confusion, a row a class: true classes down, predicted ones across.
std::string matrix_text(const train::Measure& measure, const std::vector<std::string>& classes) {
  std::size_t count = 1;
  while (count * count < measure.matrix.size()) ++count;
  std::string text = measure.name + " (true classes down, predicted ones across)\n";
  for (std::size_t row = 0; row < count; ++row) {
    text += fmt::format("  {:>14}", row < classes.size() ? classes[row] : std::to_string(row));
    for (std::size_t column = 0; column < count; ++column)
      text += fmt::format(" {:>7}", measure.matrix[row * count + column]);
    text += "\n";
  }
  return text;
}

int run(const EvalOptions& options) {
  use_threads(options.threads);
  const Trained trained = load_trained(options.model);
  std::string described;
  const std::vector<train::Measure> measures = measure_on(trained, options.data, options.data_dir, described);
  if (options.json) {
    nlohmann::ordered_json all{{"model", trained.path}, {"data", described}};
    for (const train::Measure& measure : measures) {
      if (measure.matrix.empty()) {
        all[measure.name] = measure.value;
      } else {
        all[measure.name] = measure.matrix;
      }
    }
    write_text(stdout, json_text(all));
    return kDone;
  }
  std::string text = described + "\n";
  for (const train::Measure& measure : measures) {
    text += measure.matrix.empty() ? fmt::format("{:<12}{:.6g}\n", measure.name, measure.value)
                                   : matrix_text(measure, trained.model.options.classes);
  }
  write_text(stdout, text);
  return kDone;
}

}  // namespace

Command add_eval(CLI::App& app) {
  const auto options = std::make_shared<EvalOptions>();
  CLI::App& eval = *app.add_subcommand("eval", "Measure a trained net");
  eval.add_option("MODEL", options->model, "a run's folder, or a model file")->required()->type_name("");
  eval.add_option("--data", options->data,
                  "other data: the test part of a set, all rows of a file\n(the test part of what the run "
                  "learnt from)")
      ->type_name("SET");
  eval.add_option("--data-dir", options->data_dir, "where to look first for a named set's files")
      ->type_name("DIR");
  add_threads(eval, options->threads);
  eval.add_flag("--json", options->json, "print one JSON document");
  eval.footer(
      "Examples:\n"
      "  chainrule eval run1\n"
      "  chainrule eval cars1 --data more_cars.csv\n"
      "  chainrule eval run1/model.safetensors --data mnist");
  return [options] { return run(*options); };
}

}  // namespace chainrule::cli
