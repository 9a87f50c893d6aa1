#pragma once

#include <string>

namespace chainrule::cli {

/// What is in a set, a file or a folder: rows, columns with the smallest number, mean, deviation and largest,
/// what is missing, and classes with how many rows each has. As text, or as a JSON document.
std::string data_stats(const std::string& name, const std::string& dir, bool is_json);

}  // namespace chainrule::cli
