#pragma once

#include <string>

#include "chainrule/explain.h"

namespace chainrule::cli {

/// As JSON documents that give every number back exactly. Those that are not finite are the strings "inf",
/// "-inf" and "nan".
/// @{
std::string to_json(const explain::Trace& trace);
std::string to_json(const explain::Iterations& iterations, bool solved);
/// @}

}  // namespace chainrule::cli
