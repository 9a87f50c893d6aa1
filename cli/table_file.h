#pragma once

#include <string>
#include <vector>

namespace chainrule::cli {

/// The names in the first record of a table, which may have line breaks in quotes; none of one that is
/// packed. As CsvOptions::codes they let a table be looked at whose columns nobody has chosen yet, each cell
/// with its own words.
/// @throws FileError  as data::parse_csv.
std::vector<std::string> names_in(const std::string& path);

}  // namespace chainrule::cli
