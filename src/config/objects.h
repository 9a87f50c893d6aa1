#pragma once

#include <string>
#include <vector>

#include "chainrule/config.h"

namespace chainrule::config {

/// Settings of an object, or of a group.
Fields fields_of(Configurable& object);
Fields fields_of(const Field& group);
Fields fields_of(const Field& groups, void* target, std::size_t i);

/// The names of the fields, for suggestions.
std::vector<std::string> names_of(const Fields& fields);

/// The object that a value describes, made anew. A table without `type` describes one like `current`, which
/// is not changed.
/// @param what  for messages: "'schedule' of sgd", or the kind.
Shared<Configurable> object_of(const Registry& registry, const Value& value, Configurable* current,
                               const std::string& what);

/// Another of the same struct with the same settings; objects in it are shared. Null if it has no default.
Shared<Configurable> copy_of(Configurable& object);

/// The value of a setting, objects with what differs from their defaults.
Value brief_value(const Field& field);

/// A table or call as what it says: the text of a short text, without the `type` of a table. A number is a
/// setting of the object that the kind has for it.
struct Named {
  std::string name;  ///< "" if it has none
  Place place;       ///< of the name
  Value settings;    ///< its `list` and `table`
};
/// @throws ValueError  for what is no object: E221 to E225, E227.
Named named(const Value& value, const std::string& what, const std::string& need,
            std::string_view number_row = "");

}  // namespace chainrule::config
