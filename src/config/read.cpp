#include <algorithm>
#include <functional>

#include "config/keys.h"
#include "config/numbers.h"
#include "config/objects.h"
#include "config/source.h"
#include "config/words.h"

namespace chainrule::config {
namespace {

using Kind = Value::Kind;

/// Checks everything first and remembers what is to be changed.
class Reader {
 public:
  /// The settings that a table or call names, of an owner of that name.
  void settings(const Fields& fields, std::string_view owner, const Value& value) {
    check_keys(value.table);
    const std::span<const Field> all = fields.all();
    // The only setting is a list: sequential(relu, affine(10)) is sequential([relu, affine(10)]).
    const bool is_list = all.size() == 1 && all[0].kind == Field::Kind::objects && value.list.size() > 1;
    if (is_list) {
      setting(all[0], {all[0].name, owner}, Value::of_list(value.list));
    } else if (value.list.size() > all.size()) {
      throw mistake(
          231, value.list[all.size()].place, "this is value ", all.size() + 1, " of ", owner, ", which has ",
          all.empty() ? "no settings" : cat("the settings ", listed(names_of(fields))), ". Leave it out.");
    } else {
      for (std::size_t i = 0; i < value.list.size(); ++i)
        setting(all[i], {all[i].name, owner}, value.list[i]);
    }
    for (const Entry& entry : value.table) {
      const auto field = std::ranges::find(all, entry.key, &Field::name);
      if (field == all.end())
        throw mistake(226, entry.place, "unknown setting ", Label{entry.key, owner}.text(), ".",
                      suggestion(entry.key, names_of(fields)));
      if (static_cast<std::size_t>(field - all.begin()) < value.list.size())
        throw mistake(225, entry.place, Label{entry.key, owner}.text(),
                      " is given twice, by position and by name. Need it once.");
      setting(*field, {field->name, owner}, entry.value);
    }
  }

  void change_all() {
    for (const auto& change : changes_) change();
  }

 private:
  template <class T>
  void will_be(const Field& field, T value) {
    changes_.push_back(
        [target = static_cast<T*>(field.target), value = std::move(value)] { *target = value; });
  }

  void setting(const Field& field, const Label& label, const Value& value) {
    switch (field.kind) {
      case Field::Kind::flag:
        if (value.kind != Kind::boolean) throw wrong_kind(field, label, value);
        return will_be(field, value.boolean);
      case Field::Kind::integer:
        return will_be(field, integer_of(field, label, value));
      case Field::Kind::seed:
        return will_be(field, seed_of(field, label, value));
      case Field::Kind::number:
        return will_be(field, number_of(field, label, value));
      case Field::Kind::text:
        return will_be(field, text_of(field, label, value));
      case Field::Kind::choice:
        return will_be(field, choice_of(field, label, value));
      case Field::Kind::integers:
        if (value.kind == Kind::text && !field.choices.empty()) {
          const std::int64_t word = choice_of(field, label, value);
          return will_be(field, std::vector<std::int64_t>{-1 - word});
        }
        return list(field, label, value, integer_of);
      case Field::Kind::numbers:
        return list(field, label, value, number_of);
      case Field::Kind::texts:
        return list(field, label, value, text_of);
      case Field::Kind::object:
        return object(field, label, value);
      case Field::Kind::objects:
        return objects(field, label, value);
      case Field::Kind::group:
        if (value.kind != Kind::table) throw wrong_kind(field, label, value);
        return settings(fields_of(field), field.name, value);
      case Field::Kind::groups:
        return groups(field, label, value);
    }
  }

  static std::string text_of(const Field& field, const Label& label, const Value& value) {
    if (value.kind != Kind::text) throw wrong_kind(field, label, value);
    if (!is_utf8(value.text))
      throw mistake(238, value.place, label.text(), " is a text that is not UTF-8. Need that encoding.");
    return value.text;
  }

  static std::uint8_t choice_of(const Field& field, const Label& label, const Value& value) {
    const bool none = value.kind == Kind::null;  // the short text's word: a choice may be called so
    const std::string_view truth = value.kind == Kind::boolean ? (value.boolean ? "true" : "false") : "";
    const bool is_choice = std::ranges::find(field.choices, truth) != field.choices.end();
    if (value.kind != Kind::text && !none && !is_choice) throw wrong_kind(field, label, value);
    const std::string_view name = none ? "none" : is_choice ? truth : std::string_view(value.text);
    const auto found = std::ranges::find(field.choices, name);
    if (found == field.choices.end())
      throw mistake(229, value.place, label.text(), " cannot be '", name, "'.",
                    did_you_mean(name, {field.choices.begin(), field.choices.end()}), " Need one of ",
                    listed(field.choices), ".");
    return static_cast<std::uint8_t>(found - field.choices.begin());
  }

  /// A single value is a list of one.
  static std::span<const Value> elements(const Value& value) {
    return value.kind == Kind::list ? std::span<const Value>(value.list) : std::span<const Value>(&value, 1);
  }

  template <class T>
  void list(const Field& field, const Label& label, const Value& value,
            T (*element_of)(const Field&, const Label&, const Value&)) {
    std::vector<T> made;
    for (const Value& element : elements(value)) made.push_back(element_of(field, label, element));
    will_be(field, std::move(made));
  }

  void will_hold(const Field& field, std::vector<Shared<Configurable>> made) {
    changes_.push_back([field, made = std::move(made)] {
      field.clear(field.target);
      for (std::size_t i = 0; i < made.size(); ++i) field.put(field.target, i, made[i].get());
    });
  }

  static bool is_none(const Value& value) {
    return value.kind == Kind::null || (value.kind == Kind::text && value.text == "none");
  }

  void object(const Field& field, const Label& label, const Value& value) {
    if (is_none(value)) return will_hold(field, {});
    Configurable* const current = field.count(field.target) ? field.get(field.target, 0) : nullptr;
    will_hold(field, {object_of(*field.registry, value, current, label.text())});
  }

  void objects(const Field& field, const Label& label, const Value& value) {
    if (is_none(value)) return will_hold(field, {});
    if (value.kind == Kind::text) return objects(field, label, whole_list(value));
    if (is_by_number(value)) return some_objects(field, label, value);
    std::vector<Shared<Configurable>> made;
    for (const Value& element : elements(value))
      made.push_back(object_of(*field.registry, element, nullptr, cat("an element of ", label.text())));
    will_hold(field, std::move(made));
  }

  /// {0 = {kernel = 3}}, as dotted names of options are read.
  static bool is_by_number(const Value& value) {
    return value.kind == Kind::table && !value.table.empty() &&
           std::ranges::all_of(value.table, [](const Entry& entry) {
             return !entry.key.empty() && entry.key.find_first_not_of("0123456789") == std::string::npos;
           });
  }

  /// The list that a short text says.
  static Value whole_list(const Value& text) {
    Value parsed = parse_within(text);
    return parsed.kind == Kind::list ? parsed : Value::of_list({std::move(parsed)});
  }

  static std::size_t number_of_key(const Entry& entry, std::size_t size, const Label& label) {
    for (std::size_t i = 0; i < size; ++i) {
      if (entry.key == std::to_string(i)) return i;
    }
    throw mistake(226, entry.place, label.text(), " has no element '", entry.key, "', it has ", size,
                  ". Need a number less than that, or a list.");
  }

  /// Changes those whose numbers are the keys.
  void some_objects(const Field& field, const Label& label, const Value& value) {
    std::vector<Shared<Configurable>> made;
    for (std::size_t i = 0; i < field.count(field.target); ++i) made.emplace_back(field.get(field.target, i));
    for (const Entry& entry : value.table) {
      auto& object = made[number_of_key(entry, made.size(), label)];
      object = object_of(*field.registry, entry.value, object.get(),
                         cat("element ", entry.key, " of ", label.text()));
    }
    will_hold(field, std::move(made));
  }

  /// Tables, all anew; or with numbers as keys changes of some.
  void groups(const Field& field, const Label& label, const Value& value) {
    if (is_none(value)) return groups(field, label, Value::of_list({}));
    if (value.kind == Kind::text) return groups(field, label, whole_list(value));
    const auto group = [&](void* list, std::size_t i, const Value& given) {
      if (given.kind != Kind::table)
        throw mistake(227, given.place, label.text(), " has ", shown(given), " in it. Need tables.");
      settings(fields_of(field, list, i), field.name, given);
    };
    Shared<Counted> made;
    if (is_by_number(value)) {
      const std::size_t size = field.count(field.target);
      made = field.copy(field.target, size);
      for (const Entry& entry : value.table)
        group(field.inside(*made), number_of_key(entry, size, label), entry.value);
    } else {
      const std::span<const Value> all = elements(value);
      const Shared<Counted> none = field.copy(field.target, 0);
      made = field.copy(field.inside(*none), all.size());
      for (std::size_t i = 0; i < all.size(); ++i) group(field.inside(*made), i, all[i]);
    }
    changes_.push_back([field, made] { field.assign(field.target, field.inside(*made)); });
  }

  std::vector<std::function<void()>> changes_;
};

/// Counts how deep reading is within reading: short texts in short texts nest deeper than their parser sees.
class Level {
 public:
  explicit Level(const Place& place) {
    check_depth(depth_ + 1, place);
    ++depth_;
  }
  ~Level() { --depth_; }
  Level(const Level&) = delete;
  Level& operator=(const Level&) = delete;

 private:
  static thread_local int depth_;
};
thread_local int Level::depth_ = 0;

/// The settings that are given to an owner, its own name left out.
Value given_to(const Settings& of, const Value& value) {
  if (of.name.empty()) {
    Value given = value.kind == Kind::text ? parse_within(value) : value;
    if (given.kind != Kind::table)
      throw mistake(227, value.place, "this is ", shown(value), ". Need a table of settings.");
    return given;
  }
  const std::string need = cat("a table of settings, or ", of.name, "(...)");
  Named given = named(value, of.name, need);
  if (!given.name.empty() && given.name != of.name)
    throw mistake(235, given.place, "'", given.name, "' is given to ", of.name, ". Need ", need, ".");
  return std::move(given.settings);
}

}  // namespace

void read(const Settings& of, const Value& value) {
  const Level level(value.place);
  const Value given = given_to(of, value);
  Reader reader;
  reader.settings(of.fields, of.name, given);
  reader.change_all();
}

}  // namespace chainrule::config
