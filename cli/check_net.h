#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "experiment.h"

namespace chainrule::cli {

/// What `chainrule check NAME` was asked.
struct CheckNetOptions {
  std::string name;          // a run, a model, settings; or "" for the books' run with another net
  std::vector<Given> given;  // changes of the settings
  std::int64_t samples = 3;
  std::int64_t elements = 10;
  double tolerance = 1e-5;
  std::uint64_t seed = 1;
  std::string broken;
  bool json = false;
};

/// Checks the gradients of any net, by parameter; returns the exit code.
int check_any_net(const CheckNetOptions& options);

}  // namespace chainrule::cli
