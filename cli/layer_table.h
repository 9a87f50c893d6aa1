#pragma once

#include <cstddef>
#include <string>

#include "chainrule/nn/summary.h"

namespace chainrule::cli {

/// As nn::Layer::summary, in at most so many columns: settings of layers are cut short, and the last columns
/// left out, where they need more.
std::string layer_table(const nn::NetSummary& net, std::int64_t batch_size, std::size_t room);

}  // namespace chainrule::cli
