#pragma once

#include <cmath>
#include <nlohmann/json.hpp>

namespace chainrule::cli {

/// A number; one that is not finite as "inf", "-inf" or "nan", which JSON has no numbers for.
inline nlohmann::ordered_json json_number(double value) {
  if (std::isfinite(value)) return value + 0.0;  // without the sign of -0
  return std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
}

}  // namespace chainrule::cli
