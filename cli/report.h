#pragma once

#include <string>
#include <vector>

#include "run_to_plot.h"

namespace chainrule::cli {

inline constexpr const char* kReportFile = "report.html";

/// Every plot, with its settings at their defaults.
std::vector<Shared<plot::Plot>> all_plots();

/// One page of HTML that needs no other file: what the run came to, all plots that it has what is needed for,
/// its layers, settings and machine.
std::string report_html(const RunToPlot& run);
/// @throws FileError  if it cannot be written (E083).
void write_report(const RunToPlot& run, const std::string& path);

/// The report of a training that has come to its end. What goes wrong is a warning: the training is saved.
void report_training(const std::string& folder, const Experiment& experiment, const LoadedData& data,
                     const train::History& history);

}  // namespace chainrule::cli
