#pragma once

#include <memory>
#include <string>

#include "chainrule/plot.h"
#include "trained.h"

namespace chainrule::cli {

/// A run or a model with all that plots look at.
struct RunToPlot {
  std::string name;    // as given
  std::string folder;  // of the run, or where the model file lies
  Experiment experiment;
  std::string data;                   // what rows it is shown on: "digits: 10000 test rows"
  std::string trouble;                // why there are no rows, if that is a surprise
  std::unique_ptr<train::Task> task;  // of the subject
  plot::Subject subject;
};

/// @param name  a run's folder, which may have no model yet, or a model file.
/// @param data, dir  as `chainrule eval` takes them. Rows that were asked for must be there; else the run is
///     plotted without.
/// @throws FileError  as load_trained, if there is neither a model nor a history.
RunToPlot load_run(const std::string& name, const std::string& data, const std::string& dir);

/// A run that has just come to its end.
RunToPlot run_of(const std::string& folder, const Experiment& experiment, const LoadedData& data,
                 const train::History& history);

}  // namespace chainrule::cli
