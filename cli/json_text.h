#pragma once

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>

namespace chainrule::cli {

/// JSON has no numbers for what is not finite: they become "inf", "-inf" and "nan", as in history.jsonl. A
/// zero loses its sign.
template <class Json>
void spell_numbers(Json& json) {
  if (json.is_structured()) {
    for (Json& inner : json) spell_numbers(inner);
  } else if (json.is_number_float()) {
    const double value = json.template get<double>();
    if (std::isfinite(value)) {
      json = value + 0.0;
    } else {
      json = std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
    }
  }
}

/// A document, or with `indent` -1 a line. Bytes that are not UTF-8, as a file's name may have, are replaced.
template <class Json>
std::string json_text(Json json, int indent = 2) {
  spell_numbers(json);
  return json.dump(indent, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace chainrule::cli
