// What plots look at: a run's folder, a model file, or a run that has just ended.
#include "run_to_plot.h"

#include <fmt/format.h>

#include <filesystem>
#include <sstream>
#include <utility>

#include "chainrule/error.h"
#include "chainrule/io.h"
#include "files.h"

namespace chainrule::cli {
namespace {

namespace fs = std::filesystem;

void add_task(RunToPlot& run, Shared<data::Scaler> scaler) {
  if (!run.experiment.loss) return;
  LoadedData scaled;
  scaled.scaler = std::move(scaler);
  run.task = std::make_unique<train::Task>(make_task(run.experiment, scaled));
  run.subject.task = run.task.get();
}

void add_model(RunToPlot& run, const std::string& data, const std::string& dir) {
  const Trained trained = load_trained(run.name);
  run.experiment = trained.experiment;
  run.subject.model = trained.model;
  if (!trained.has_experiment) return;
  add_task(run, trained.scaler);
  try {
    const ModelRows rows = rows_for(trained, data, dir, "plot");
    run.subject.rows = rows.source, run.subject.part = rows.part, run.data = rows.described;
  } catch (const Error& error) {
    if (!data.empty()) throw;
    run.trouble = error.what();
  }
}

}  // namespace

RunToPlot load_run(const std::string& name, const std::string& data, const std::string& dir) {
  std::error_code ignored;
  RunToPlot run;
  run.name = name;
  while (run.name.size() > 1 && run.name.ends_with('/')) run.name.pop_back();  // as completion leaves it
  const bool is_folder = fs::is_directory(name, ignored);
  run.folder = is_folder ? run.name : fs::path(name).parent_path().string();
  if (is_folder) run.subject.history = history_of(name);
  const bool has_model = !is_folder || fs::exists(fmt::format("{}/{}", name, kModelFile), ignored);
  if (has_model || run.subject.history.empty()) {
    add_model(run, data, dir);
  } else {
    run.experiment = read_run(name);
  }
  return run;
}

RunToPlot run_of(const std::string& folder, const Experiment& experiment, const LoadedData& data,
                 const train::History& history) {
  RunToPlot run;
  run.name = run.folder = folder;
  run.experiment = experiment;
  run.subject.history = history;
  run.subject.model = {experiment.net, model_options(experiment, data)};
  run.subject.rows = data.test ? data.test : data.validation ? data.validation : data.train;
  run.subject.part = data.test ? "test" : data.validation ? "validation" : "training";
  run.data = fmt::format("{}: {} {} rows", experiment.data.name, run.subject.rows.rows(), run.subject.part);
  add_task(run, data.scaler);
  return run;
}

}  // namespace chainrule::cli
