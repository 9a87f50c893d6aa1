#include <algorithm>

#include "chainrule/config.h"
#include "config/holds_itself.h"
#include "config/objects.h"
#include "config/words.h"

namespace chainrule::config {
namespace {

template <class T>
const T& as(const Field& field) {
  return *static_cast<const T*>(field.target);
}

template <class T>
Value list(const Field& field) {
  std::vector<Value> elements;
  for (const T& element : as<std::vector<T>>(field)) elements.emplace_back(element);
  return Value::of_list(std::move(elements));
}

/// An object while it is written: one within itself would never end.
class Writing {
 public:
  explicit Writing(const Configurable& of) : of_(of), around_(innermost) {
    for (const Writing* each = around_; each != nullptr; each = each->around_) {
      if (&each->of_ == &of) throw holds_itself(of.info().name);
    }
    innermost = this;
  }
  ~Writing() { innermost = around_; }
  Writing(const Writing&) = delete;
  Writing& operator=(const Writing&) = delete;

 private:
  const Configurable& of_;
  const Writing* around_;
  static thread_local const Writing* innermost;
};
thread_local const Writing* Writing::innermost = nullptr;

/// A call, or the name alone if there are no settings.
Value call(Configurable& object, std::vector<Value> positional, std::vector<Entry> named) {
  const std::string_view name = object.info().name;
  if (positional.empty() && named.empty()) return Value(name);
  return Value::of_call(name, std::move(positional), std::move(named));
}

std::vector<Entry> all_settings(const Fields& fields);
Value full(Configurable& object) {
  const Writing inside(object);
  return call(object, {}, all_settings(fields_of(object)));
}

/// An object of a field: as a number, if that says it all.
Value value_of_object(const Field& field, std::size_t i, Value (*of_object)(Configurable&)) {
  if (field.get(field.target, i) == nullptr) return Value();
  Configurable& object = *field.get(field.target, i);
  if (object.info().name != field.registry->number_row()) return of_object(object);
  return Value(as<double>(fields_of(object).all()[0]));
}

/// @param of_object  how an object is written.
Value value_of(const Field& field, Value (*of_object)(Configurable&)) {
  switch (field.kind) {
    case Field::Kind::flag:
      return Value(as<bool>(field));
    case Field::Kind::integer:
      return Value(as<std::int64_t>(field));
    case Field::Kind::seed:
      return Value(as<std::uint64_t>(field));
    case Field::Kind::number:
      return Value(as<double>(field));
    case Field::Kind::text:
      return Value(as<std::string>(field));
    case Field::Kind::choice: {
      const std::string_view word = field.choices[as<std::uint8_t>(field)];
      return word == "true" || word == "false" ? Value(word == "true") : Value(word);
    }
    case Field::Kind::integers:
      return word_of(field) != nullptr ? Value(*word_of(field)) : list<std::int64_t>(field);
    case Field::Kind::numbers:
      return list<double>(field);
    case Field::Kind::texts:
      return list<std::string>(field);
    case Field::Kind::object:
      return field.count(field.target) ? value_of_object(field, 0, of_object) : Value();
    case Field::Kind::objects: {
      std::vector<Value> elements;
      for (std::size_t i = 0; i < field.count(field.target); ++i)
        elements.push_back(value_of_object(field, i, of_object));
      return Value::of_list(std::move(elements));
    }
    case Field::Kind::group:
      return Value::of_table(all_settings(fields_of(field)));
    case Field::Kind::groups: {
      std::vector<Value> elements;
      for (std::size_t i = 0; i < field.count(field.target); ++i)
        elements.push_back(Value::of_table(all_settings(fields_of(field, field.target, i))));
      return Value::of_list(std::move(elements));
    }
  }
  return {};
}

std::vector<Entry> all_settings(const Fields& fields) {
  std::vector<Entry> entries;
  for (const Field& field : fields.all()) entries.push_back({std::string(field.name), value_of(field, full)});
  return entries;
}

/// Whether a value says by itself what it is for, more or less: not so `true`, nor a table.
bool reads_well_by_position(const Field& field) {
  return field.kind != Field::Kind::flag && field.kind != Field::Kind::group;
}

Value brief(Configurable& object);

bool differs(const Field& field, const Field* usual) {
  return !usual || !(value_of(field, full) == value_of(*usual, full));
}

/// Numbers, of which one can stand without brackets.
Value without_brackets(Value value) {
  const auto is_number = [](const Value& v) {
    return v.kind == Value::Kind::integer || v.kind == Value::Kind::number;
  };
  if (value.list.size() == 1 && is_number(value.list[0])) return Value(value.list[0]);
  return value;
}

/// The setting without what is as usual.
Value brief_value(const Field& field, const Field* usual) {
  if (field.kind == Field::Kind::integers || field.kind == Field::Kind::numbers)
    return without_brackets(value_of(field, brief));
  if (field.kind != Field::Kind::group || !usual) return value_of(field, brief);
  const Fields fields = fields_of(field), defaults = fields_of(*usual);
  std::vector<Entry> entries;
  for (std::size_t i = 0; i < fields.all().size(); ++i) {
    const Field &inner = fields.all()[i], &inner_usual = defaults.all()[i];
    if (differs(inner, &inner_usual))
      entries.push_back({std::string(inner.name), brief_value(inner, &inner_usual)});
  }
  return Value::of_table(std::move(entries));
}

/// With the settings that differ from the defaults.
Value brief(Configurable& object) {
  const Writing inside(object);
  constexpr std::size_t kMaxPositional = 2;
  const Shared<Configurable> made(object.make_default());
  const Fields fields = fields_of(object), defaults = made ? fields_of(*made) : Fields();
  std::vector<Value> positional;
  std::vector<Entry> named;
  for (std::size_t i = 0; i < fields.all().size(); ++i) {
    const Field& field = fields.all()[i];
    const Field* const usual = made ? &defaults.all()[i] : nullptr;
    if (!differs(field, usual)) continue;
    Value value = brief_value(field, usual);
    if (positional.size() == i && i < kMaxPositional && reads_well_by_position(field)) {
      positional.push_back(std::move(value));
    } else {
      named.push_back({std::string(field.name), std::move(value)});
    }
  }
  return call(object, std::move(positional), std::move(named));
}

}  // namespace

Value brief_value(const Field& field) { return brief_value(field, nullptr); }

Value write(const Settings& of) {
  std::vector<Entry> entries = all_settings(of.fields);
  if (of.name.empty()) return Value::of_table(std::move(entries));
  return Value::of_call(of.name, {}, std::move(entries));
}

std::string describe(const Configurable& owner) { return to_text(brief(const_cast<Configurable&>(owner))); }

}  // namespace chainrule::config
