#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace chainrule::cli {

/// What a result is written as: --format, or else what the name of --out ends in; the first one without any.
/// @param known  "text", "json", ...; text is .txt
/// @throws ValueError  for another ending (E380).
std::string format_of(const std::string& format, const std::string& out,
                      const std::vector<std::string>& known);

/// To a file, which is replaced, or to stdout without a name.
void write_result(const std::string& out, std::string_view text);

}  // namespace chainrule::cli
