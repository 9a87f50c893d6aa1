// The sections of docs/errors.md, for chainrule help E012.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <system_error>

#include "commands.h"

namespace chainrule::cli {
namespace {

struct Section {
  std::string_view number, text;
};
constexpr Section kSections[] = {
#include "errors_text.inc"
};

}  // namespace

std::string error_text(std::string_view number) {
  if (!number.empty() && (number[0] == 'E' || number[0] == 'e')) number.remove_prefix(1);
  int value = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (error != std::errc() || end != number.data() + number.size()) return "";
  const std::string wanted = fmt::format("E{:03}", value);
  const auto found = std::find_if(std::begin(kSections), std::end(kSections),
                                  [&](const Section& section) { return section.number == wanted; });
  return found == std::end(kSections) ? "" : std::string(found->text);
}

}  // namespace chainrule::cli
