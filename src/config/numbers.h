#pragma once

#include <string>

#include "chainrule/config.h"
#include "chainrule/error.h"

namespace chainrule::config {

/// What messages call a setting: "'lr' of sgd".
struct Label {
  std::string_view name;
  std::string_view owner;  ///< may be empty

  std::string text() const;
};

/// A value for a setting of the kind, or for an element of a list of them.
/// @throws ValueError  for another kind of value (E227), out of the range (E228), not whole or too large
/// (E232).
std::int64_t integer_of(const Field& field, const Label& label, const Value& value);
std::uint64_t seed_of(const Field& field, const Label& label, const Value& value);
double number_of(const Field& field, const Label& label, const Value& value);

/// "'lr' of sgd is the text "fast". Need a number." (E227)
ValueError wrong_kind(const Field& field, const Label& label, const Value& value);

}  // namespace chainrule::config
