#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "chainrule/explain.h"
#include "chainrule/explain/net.h"

namespace chainrule::cli {

/// What `chainrule explain MODEL` found.
struct NetExplanation {
  std::string model, title;
  std::vector<std::int64_t> rows;  // of the data
  explain::NetTrace net;
  std::optional<explain::WeightTrace> weight;
  std::optional<explain::UpdateTrace> update;
  std::string states;  // where the optimizer's states come from
};

/// As JSON documents that give every number back exactly. Those that are not finite are the strings "inf",
/// "-inf" and "nan".
/// @{
std::string to_json(const explain::Trace& trace);
std::string to_json(const explain::Iterations& iterations, bool solved);
std::string to_json(const NetExplanation& made);
/// @}

}  // namespace chainrule::cli
