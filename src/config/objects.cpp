#include "config/objects.h"

#include <algorithm>

#include "config/print.h"
#include "config/source.h"
#include "config/words.h"

namespace chainrule::config {
namespace {

template <class T>
void assign(const Field& from, const Field& to) {
  *static_cast<T*>(to.target) = *static_cast<const T*>(from.target);
}

void copy(const Fields& from, const Fields& to);

void copy(const Field& from, const Field& to) {
  switch (from.kind) {
    case Field::Kind::flag:
      return assign<bool>(from, to);
    case Field::Kind::integer:
      return assign<std::int64_t>(from, to);
    case Field::Kind::seed:
      return assign<std::uint64_t>(from, to);
    case Field::Kind::number:
      return assign<double>(from, to);
    case Field::Kind::text:
      return assign<std::string>(from, to);
    case Field::Kind::choice:
      return assign<std::uint8_t>(from, to);
    case Field::Kind::integers:
      return assign<std::vector<std::int64_t>>(from, to);
    case Field::Kind::numbers:
      return assign<std::vector<double>>(from, to);
    case Field::Kind::texts:
      return assign<std::vector<std::string>>(from, to);
    case Field::Kind::object:
    case Field::Kind::objects:
      to.clear(to.target);
      for (std::size_t i = 0; i < from.count(from.target); ++i)
        to.put(to.target, i, from.get(from.target, i));
      return;
    case Field::Kind::group:
      return copy(fields_of(from), fields_of(to));
    case Field::Kind::groups:
      return to.assign(to.target, from.target);
  }
}

void copy(const Fields& from, const Fields& to) {
  for (std::size_t i = 0; i < std::min(from.all().size(), to.all().size()); ++i)
    copy(from.all()[i], to.all()[i]);
}

/// One like `current` with the settings of the value.
Shared<Configurable> changed(Configurable* current, const Value& value, const std::string& what,
                             const Registry& registry) {
  if (!current)
    throw mistake(233, value.place, what,
                  " is given no name, and there is none to change. Need type = \"...\", ", "one of ",
                  listed(registry.names()), ".");
  Shared<Configurable> made = copy_of(*current);
  if (!made)
    throw mistake(234, value.place, what, " is a ", current->info().name,
                  ", which has no default to copy into. Need the whole of it, made by the program.");
  read(*made, value);
  return made;
}

}  // namespace

Fields fields_of(Configurable& object) {
  Fields fields;
  object.visit_fields(fields);
  return fields;
}

Fields fields_of(const Field& group) {
  Fields fields;
  group.visit(group.target, fields);
  return fields;
}

Fields fields_of(const Field& groups, void* target, std::size_t i) {
  Fields fields;
  groups.visit_at(target, i, fields);
  return fields;
}

std::vector<std::string> names_of(const Fields& fields) {
  std::vector<std::string> names;
  for (const Field& field : fields.all()) names.emplace_back(field.name);
  return names;
}

Shared<Configurable> copy_of(Configurable& object) {
  Shared<Configurable> made(object.make_default());
  if (made) copy(fields_of(object), fields_of(*made));
  return made;
}

Named named(const Value& value, const std::string& what, const std::string& need,
            std::string_view number_row) {
  if (value.kind == Value::Kind::text) {
    if (is_plain_word(value.text)) return {value.text, value.place, Value()};
    const Value parsed = parse_within(value);
    if (parsed.kind != Value::Kind::text) return named(parsed, what, need, number_row);
    return {parsed.text, parsed.place, Value()};
  }
  const bool is_number = value.kind == Value::Kind::integer || value.kind == Value::Kind::number;
  if (is_number && !number_row.empty())
    return {std::string(number_row), value.place, Value::of_list({value})};
  if (value.kind == Value::Kind::call) return {value.text, value.place, value};
  if (value.kind != Value::Kind::table)
    throw mistake(227, value.place, what, " is ", shown(value), ". Need ", need, ".");
  Named made{"", value.place, value};
  const auto type = std::ranges::find(made.settings.table, kType, &Entry::key);
  if (type == made.settings.table.end()) return made;
  if (type->value.kind != Value::Kind::text)
    throw mistake(227, type->value.place, "'type' is ", shown(type->value), ". Need a name in quotes.");
  made.name = type->value.text;
  made.place = type->value.place;
  made.settings.table.erase(type);
  return made;
}

Shared<Configurable> object_of(const Registry& registry, const Value& value, Configurable* current,
                               const std::string& what) {
  const std::string need = cat(registry.number_row().empty() ? "" : "a number, or ",
                               with_article(registry.kind()), ": ", listed(registry.names()));
  const Named given = named(value, what, need, registry.number_row());
  if (given.name.empty()) return changed(current, given.settings, what, registry);
  const Registry::Row* row = registry.find(given.name);
  if (!row)
    throw mistake(230, given.place, "unknown ", registry.kind(), " '", given.name, "'.",
                  suggestion(given.name, registry.names()));
  Shared<Configurable> made(row->make());
  Value settings = given.settings;
  settings.kind = Value::Kind::call;
  settings.text = row->info->name;
  read(*made, settings);
  return made;
}

Shared<Configurable> make(const Registry& registry, const Value& value) {
  return object_of(registry, value, nullptr, cat("the ", registry.kind()));
}

}  // namespace chainrule::config
