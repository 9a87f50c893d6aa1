#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace chainrule::cli {

/// A document, or with `indent` -1 a line. Bytes that are not UTF-8, as a file's name may have, are replaced.
template <class Json>
std::string json_text(const Json& json, int indent = 2) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace chainrule::cli
