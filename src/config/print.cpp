#include "config/print.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "chainrule/error.h"
#include "config/source.h"
#include "config/words.h"

namespace chainrule::config {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

std::string key_text(std::string_view key) { return is_plain_word(key) ? std::string(key) : quoted(key); }

std::string arguments(const Value& value, std::string_view equals) {
  std::string all;
  for (const Value& element : value.list) all += cat(all.empty() ? "" : ", ", to_text(element));
  for (const Entry& entry : value.table)
    all += cat(all.empty() ? "" : ", ", key_text(entry.key), equals, to_text(entry.value));
  return all;
}

}  // namespace

std::string quoted(std::string_view text) {
  static constexpr std::string_view kSpecial = "\b\t\n\f\r\"\\", kLetters = "btnfr\"\\";
  static constexpr std::string_view kDigits = "0123456789ABCDEF";
  if (!is_utf8(text))
    throw ValueError(238, "[config] a text to be written is not UTF-8. Need that encoding.");
  std::string made = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (const std::size_t i = kSpecial.find(c); i != std::string_view::npos) {
      (made += '\\') += kLetters[i];
    } else if (byte < 0x20 || byte == 0x7F) {
      ((made += "\\u00") += kDigits[byte >> 4]) += kDigits[byte & 15];
    } else {
      made += c;
    }
  }
  return made + '"';
}

std::string fractional(double value) {
  std::string text = plain_number(value);
  if (std::isfinite(value) && text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

bool is_plain_word(std::string_view text) {
  return !text.empty() && is_letter(text[0]) &&
         std::ranges::all_of(text, [](char c) { return is_letter(c) || (c >= '0' && c <= '9'); }) &&
         std::ranges::find(kTakenWords, text) == kTakenWords.end();
}

std::string to_text(const Value& value) {
  switch (value.kind) {
    case Value::Kind::null:
      return "none";
    case Value::Kind::boolean:
      return value.boolean ? "true" : "false";
    case Value::Kind::integer:
      return std::to_string(value.integer);
    case Value::Kind::seed:
      return std::to_string(value.seed);
    case Value::Kind::number:
      return std::isnan(value.number) ? "nan" : fractional(value.number);
    case Value::Kind::text:
      return is_plain_word(value.text) ? value.text : quoted(value.text);
    case Value::Kind::list:
      return cat("[", arguments(value, "="), "]");
    case Value::Kind::table:
      return cat("{", arguments(value, " = "), "}");
    case Value::Kind::call:
      return cat(value.text, "(", arguments(value, "="), ")");
  }
  return "";
}

}  // namespace chainrule::config
