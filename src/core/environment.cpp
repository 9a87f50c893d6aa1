#include "core/environment.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "chainrule/error.h"
#include "core/text.h"

namespace chainrule::environment {
namespace {

/// Nothing, if that will do for what it holds.
/// @throws ValueError E003
std::nullopt_t refuse(const Variable& variable, const std::string& held) {
  if (!variable.is_ours) return std::nullopt;
  throw ValueError(3, cat("[environment] ", variable.name, " is \"", held, "\". Need ", allowed(variable),
                          "; or unset it."));
}

}  // namespace

std::string allowed(const Variable& variable) {
  if (variable.most > 0) return cat("a number from 1 to ", variable.most);
  const auto& words = variable.words;
  return words[0].empty() ? "any text" : cat(words[0], ", ", words[1], " or ", words[2]);
}

std::optional<std::string> text(const Variable& variable) {
  const char* held = std::getenv(variable.name);
  if (held == nullptr || *held == '\0') return std::nullopt;
  return held;
}

std::optional<int> word(const Variable& variable) {
  const auto held = text(variable);
  if (!held) return std::nullopt;
  const auto found = std::find(variable.words.begin(), variable.words.end(), *held);
  if (found == variable.words.end()) return refuse(variable, *held);
  return static_cast<int>(found - variable.words.begin());
}

std::optional<int> number(const Variable& variable) {
  const auto held = text(variable);
  if (!held) return std::nullopt;
  const char* const end = held->data() + held->size();
  const char* begin = held->data();
  while (begin != end && (*begin == ' ' || *begin == '\t')) ++begin;
  int value = 0;
  const auto [rest, error] = std::from_chars(begin, end, value);
  if (error != std::errc{} || value < 1 || value > variable.most) return refuse(variable, *held);
  if (rest != end && *rest != ',' && *rest != ' ') return refuse(variable, *held);
  return value;
}

}  // namespace chainrule::environment
