#include "config/numbers.h"

#include <charconv>
#include <cmath>
#include <limits>

#include "config/print.h"
#include "config/words.h"

namespace chainrule::config {
namespace {

using Kind = Value::Kind;

bool is_list(const Field& field) {
  return field.kind == Field::Kind::integers || field.kind == Field::Kind::numbers ||
         field.kind == Field::Kind::texts || field.kind == Field::Kind::objects;
}

/// "'lr' of sgd is -1", "'betas' of adam holds 2".
std::string statement(const Field& field, const Label& label, const Value& value) {
  const bool element = is_list(field) && value.kind != Kind::list;
  return cat(label.text(), element ? " holds " : " is ", shown(value));
}

void check_range(const Field& field, const Label& label, const Value& value, double number) {
  if (field.range.contains(number)) return;
  const std::string words = range_words(field.range);
  throw mistake(228, value.place, statement(field, label, value), ". Need ",
                words.empty() ? "a number" : cat(std::isinf(number) ? "a finite number, " : "", words),
                ".");  // nan is none, whatever the range
}

/// A number that is whole, and at least low and less than high, both powers of two.
double whole(const Field& field, const Label& label, const Value& value, double low, double high) {
  if (std::trunc(value.number) != value.number)  // inf is "whole" and too large, nan is not
    throw mistake(232, value.place, statement(field, label, value), ", not whole. Need ", need_words(field),
                  ".");
  if (value.number < low || value.number >= high)
    throw mistake(232, value.place, statement(field, label, value),
                  ", too large for an integer of 64 bits. Need ", need_words(field), ".");
  return value.number;
}

}  // namespace

std::string Label::text() const { return cat("'", name, "'", owner.empty() ? "" : " of ", owner); }

ValueError wrong_kind(const Field& field, const Label& label, const Value& value) {
  return mistake(227, value.place, statement(field, label, value), ". Need ", need_words(field), ".");
}

std::int64_t integer_of(const Field& field, const Label& label, const Value& value) {
  std::int64_t integer = 0;
  if (value.kind == Kind::integer) {
    integer = value.integer;
  } else if (value.kind == Kind::number) {
    integer = static_cast<std::int64_t>(whole(field, label, value, -0x1p63, 0x1p63));
  } else if (value.kind == Kind::seed) {
    throw mistake(232, value.place, statement(field, label, value),
                  ", too large for an integer of 64 bits. Need ", need_words(field), ".");
  } else {
    throw wrong_kind(field, label, value);
  }
  check_range(field, label, value, static_cast<double>(integer));
  return integer;
}

std::uint64_t seed_of(const Field& field, const Label& label, const Value& value) {
  if (value.kind == Kind::seed) return value.seed;
  if (value.kind == Kind::number) return static_cast<std::uint64_t>(whole(field, label, value, 0, 0x1p64));
  if (value.kind == Kind::text) {  // how TOML has the large ones
    std::uint64_t seed = 0;
    const char* const end = value.text.data() + value.text.size();
    const auto [stop, error] = std::from_chars(value.text.data(), end, seed);
    if (error == std::errc() && stop == end) return seed;
  }
  if (value.kind != Kind::integer) throw wrong_kind(field, label, value);
  if (value.integer < 0)
    throw mistake(228, value.place, statement(field, label, value), ". Need at least 0.");
  return static_cast<std::uint64_t>(value.integer);
}

double number_of(const Field& field, const Label& label, const Value& value) {
  double number = 0;
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (value.kind == Kind::number) {
    number = value.number;
  } else if (value.kind == Kind::integer) {
    number = static_cast<double>(value.integer);
  } else if (value.kind == Kind::seed) {
    number = static_cast<double>(value.seed);
  } else if (value.kind == Kind::text &&
             (value.text == "inf" || value.text == "-inf")) {  // how JSON has them
    number = value.text == "inf" ? kInfinity : -kInfinity;
  } else {
    throw wrong_kind(field, label, value);
  }
  check_range(field, label, value, number);
  return number;
}

}  // namespace chainrule::config
