#include "config/words.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "config/print.h"
#include "core/nearest.h"

namespace chainrule::config {
namespace {

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

template <class Words>
std::string joined(const Words& words) {
  std::string all;
  for (const auto& word : words) all += cat(all.empty() ? "" : ", ", word);
  return all;
}

}  // namespace

bool is_setting_name(std::string_view name) {
  return !name.empty() && is_lower(name.front()) &&
         std::ranges::all_of(name, [](char c) { return is_lower(c) || is_digit(c) || c == '_'; }) &&
         std::ranges::find(kTakenWords, name) == kTakenWords.end();
}

std::string listed(std::span<const std::string_view> words) { return joined(words); }
std::string listed(const std::vector<std::string>& words) {
  constexpr std::size_t kMost = 16, kShown = 12;  // more than these nobody reads in a message
  if (words.size() <= kMost) return joined(words);
  return cat(joined(std::span(words).first(kShown)), ", ... ", words.size() - kShown, " more");
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates) {
  const std::string near = nearest(word, candidates);
  return near.empty() ? "" : cat(" Did you mean '", near, "'?");
}

std::string suggestion(std::string_view word, const std::vector<std::string>& candidates) {
  if (candidates.empty()) return " There are none.";
  const std::string near = did_you_mean(word, candidates);
  return near.empty() ? cat(" There are: ", listed(candidates), ".") : near;
}

std::string with_article(std::string_view word) {
  return cat(std::string_view("aeiou").find(word.front()) != std::string_view::npos ? "an " : "a ", word);
}

std::string plain_number(double value) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof(text), value).ptr};
}

namespace {

/// Whole numbers as people write them: 100000, not 1e+05.
std::string bound(double value) {
  const bool is_whole = value == std::trunc(value) && std::abs(value) < 1e15;
  return is_whole ? cat(static_cast<std::int64_t>(value)) : plain_number(value);
}

}  // namespace

std::string range_words(const Range& range) {
  const bool low = range.low >= -kLargestNumber, high = range.high < kLargestNumber;
  const std::string from = bound(range.low), to = bound(range.high);
  if (!low && !high) return "";
  if (!high) return cat(range.without_low ? "above " : "at least ", from);
  if (!low) return cat(range.without_high ? "below " : "at most ", to);
  if (range.without_low) return cat("above ", from, range.without_high ? " and below " : " and at most ", to);
  return cat("from ", from, range.without_high ? " to less than " : " to ", to);
}

std::string kind_words(const Field& field) {
  using Kind = Field::Kind;
  switch (field.kind) {
    case Kind::flag:
      return "true or false";
    case Kind::integer:
      return "integer";
    case Kind::seed:
      return "integer, at least 0";
    case Kind::number:
      return "number";
    case Kind::text:
      return "text";
    case Kind::choice:
      return cat("one of ", listed(field.choices));
    case Kind::integers:
      return cat("list of integers", field.choices.empty() ? "" : " or ", listed(field.choices));
    case Kind::numbers:
      return "list of numbers";
    case Kind::texts:
      return "list of texts";
    case Kind::object:
      return cat(field.registry->number_row().empty() ? "" : "number or ", field.registry->kind());
    case Kind::objects:
      return cat("list, each ", with_article(field.registry->kind()));
    case Kind::group:
      return "table of settings";
    case Kind::groups:
      return "list of tables";
  }
  return "";
}

const std::string_view* word_of(const Field& field) {
  const auto& numbers = *static_cast<const std::vector<std::int64_t>*>(field.target);
  if (numbers.size() != 1 || numbers[0] >= 0) return nullptr;
  for (std::size_t i = 0; i < field.choices.size(); ++i) {
    if (numbers[0] == -1 - static_cast<std::int64_t>(i)) return &field.choices[i];
  }
  return nullptr;
}

std::string need_words(const Field& field) {
  const std::string kind = kind_words(field), range = range_words(field.range);
  const bool bare = field.kind == Field::Kind::flag || field.kind == Field::Kind::choice;
  const bool each = field.kind == Field::Kind::integers || field.kind == Field::Kind::numbers;
  return cat(bare ? kind : with_article(kind), range.empty() ? "" : each ? ", each " : ", ", range);
}

std::string shown(const Value& value) {
  constexpr std::size_t kLongest = 40;
  switch (value.kind) {
    case Value::Kind::null:
      return "none";
    case Value::Kind::list:
      return "a list";
    case Value::Kind::table:
      return "a table";
    case Value::Kind::call:
      return cat(value.text, "(...)");
    case Value::Kind::text: {
      if (value.text.size() <= kLongest) return cat("the text ", quoted(value.text));
      std::size_t end = kLongest;
      while (end > 0 && (static_cast<unsigned char>(value.text[end]) & 0xC0) == 0x80) --end;
      return cat("the text ", quoted(value.text.substr(0, end) + "..."));
    }
    default:
      return to_text(value);
  }
}

}  // namespace chainrule::config
