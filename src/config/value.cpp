#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "chainrule/config.h"
#include "core/text.h"

namespace chainrule::config {

std::string Place::text() const {
  const std::string_view name = source ? std::string_view(source->name) : "";
  if (line == 0 && column <= 1) return std::string(name);  // all of it
  if (line == 0) return cat(name, name.empty() ? "" : ", ", "column ", column);
  if (name.empty()) return cat("line ", line, ", column ", column);
  return cat(name, ":", line, ":", column);
}

Value::Value() = default;
Value::Value(bool value) : kind(Kind::boolean), boolean(value) {}
Value::Value(int value) : kind(Kind::integer), integer(value) {}
Value::Value(std::int64_t value) : kind(Kind::integer), integer(value) {}
Value::Value(std::uint64_t value) {
  const bool fits = value <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  kind = fits ? Kind::integer : Kind::seed;
  if (fits) {
    integer = static_cast<std::int64_t>(value);
  } else {
    seed = value;
  }
}
Value::Value(double value) : kind(Kind::number), number(value) {}
Value::Value(std::string_view value) : kind(Kind::text), text(value) {}
Value::Value(std::string value) : kind(Kind::text), text(std::move(value)) {}
Value::Value(const char* value) : kind(Kind::text), text(value) {}

Value Value::of_list(std::vector<Value> values) {
  Value value;
  value.kind = Kind::list;
  value.list = std::move(values);
  return value;
}

Value Value::of_table(std::vector<Entry> entries) {
  Value value;
  value.kind = Kind::table;
  value.table = std::move(entries);
  return value;
}

Value Value::of_call(std::string_view name, std::vector<Value> positional, std::vector<Entry> named) {
  Value value;
  value.kind = Kind::call;
  value.text = name;
  value.list = std::move(positional);
  value.table = std::move(named);
  return value;
}

Value::Value(const Value&) = default;
Value::Value(Value&&) noexcept = default;
Value& Value::operator=(const Value&) = default;
Value& Value::operator=(Value&&) noexcept = default;
Value::~Value() = default;

const Value* Value::find(std::string_view key) const {
  const auto found = std::ranges::find(table, key, &Entry::key);
  return found == table.end() ? nullptr : &found->value;
}

namespace {

bool same_entries(const Value& a, const Value& b) {
  return a.table.size() == b.table.size() && std::ranges::all_of(a.table, [&](const Entry& entry) {
           const Value* other = b.find(entry.key);
           return other && entry.value == *other;
         });
}

bool same_number(double a, double b) {
  return (std::isnan(a) && std::isnan(b)) ||
         std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

}  // namespace

bool operator==(const Value& a, const Value& b) {
  if (a.kind != b.kind) return false;
  switch (a.kind) {
    case Value::Kind::null:
      return true;
    case Value::Kind::boolean:
      return a.boolean == b.boolean;
    case Value::Kind::integer:
      return a.integer == b.integer;
    case Value::Kind::seed:
      return a.seed == b.seed;
    case Value::Kind::number:
      return same_number(a.number, b.number);
    case Value::Kind::text:
      return a.text == b.text;
    case Value::Kind::list:
      return a.list == b.list;
    case Value::Kind::table:
      return same_entries(a, b);
    case Value::Kind::call:
      return a.text == b.text && a.list == b.list && same_entries(a, b);
  }
  return false;
}

}  // namespace chainrule::config
