#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "chainrule/config.h"
#include "chainrule/error.h"
#include "core/text.h"

namespace chainrule::config {

/// Words of the short text that are values of their own.
inline constexpr std::array<std::string_view, 5> kTakenWords = {"true", "false", "none", "inf", "nan"};
/// The key of a table that says which object it is.
inline constexpr std::string_view kType = "type";

/// Whether it is a lower-case word that a setting or a registered struct may have as its name.
bool is_setting_name(std::string_view name);

/// "a, b, c".
std::string listed(std::span<const std::string_view> words);
std::string listed(const std::vector<std::string>& words);

/// " Did you mean 'lr'?", or "" if nothing is near.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);
/// The same, or, if nothing is near, " There are: lr, momentum."
std::string suggestion(std::string_view word, const std::vector<std::string>& candidates);

/// A number without an end that only says that it is one: "0.1", "5", "inf".
std::string plain_number(double value);

/// "a number", "an integer".
std::string with_article(std::string_view word);

/// What a setting takes, for tables: "number", "one of same, valid", "list of integers".
std::string kind_words(const Field& field);
/// Of integers: the word that stands for the list; null if none does.
const std::string_view* word_of(const Field& field);
/// The same as kind_words for "need ...": "a number, above 0".
std::string need_words(const Field& field);

/// A value in a message: "the text 'fast'", "5", "a list".
std::string shown(const Value& value);

/// An error about what stands at a place: "[config] run.toml:7:3: parts".
template <class... Parts>
ValueError mistake(int code, const Place& place, const Parts&... parts) {
  const std::string where = place.text();
  return ValueError(code, cat("[config] ", where, where.empty() ? "" : ": ", parts...));
}

}  // namespace chainrule::config
