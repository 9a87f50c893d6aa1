#pragma once

#include <concepts>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "chainrule/shared.h"

// Whatever a user can name and set (a layer, an optimizer's rule, a schedule, a metric, a scaler) is a struct
// that says its name and lists its settings:
//
//     struct Momentum : ... {
//       static constexpr Info kInfo{.name = "momentum", .doc = "Gradient descent with a velocity."};
//       double momentum = 0.9;
//       void fields(Fields& f) { f("momentum", momentum, "what is left of the velocity", fraction()); }
//     };
//
// Reading settings from TOML, JSON, a short text ("conv2d(30, kernel=5)"), command-line options and Python,
// writing them back, and their pages in docs/ follow from that: chainrule/config.h.
namespace chainrule {

/// The numbers that a setting may have. One with a bound on one side has finite numbers only.
struct Range {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool without_low = false, without_high = false;  ///< whether the bound itself is left out

  constexpr bool contains(double x) const {  // false for NaN
    return (without_low ? x > low : x >= low) && (without_high ? x < high : x <= high);
  }
};
inline constexpr double kLargestNumber = std::numeric_limits<double>::max();
constexpr Range at_least(double low) { return {.low = low, .high = kLargestNumber}; }
constexpr Range above(double low) { return {.low = low, .high = kLargestNumber, .without_low = true}; }
constexpr Range between(double low, double high) { return {low, high}; }
/// From 0 to 1, without 1.
constexpr Range fraction() { return {.low = 0, .high = 1, .without_high = true}; }

/// What something that can be named is called, and what it does in a line.
struct Info {
  std::string_view name;  ///< lower case, as in configurations: "max_pool2d"
  std::string_view doc;   ///< one line, a sentence
};

class Fields;

/// Something with a name and settings.
class Configurable : public Counted {
 public:
  virtual const Info& info() const = 0;
  /// Lists the settings.
  virtual void visit_fields(Fields& f) = 0;
  /// Another of the same struct, made with `new`, settings at their defaults; null if it has no default.
  virtual Configurable* make_default() const = 0;
};

/// Base for a struct `Self` with a `kInfo` and, if it has settings, `void fields(Fields&)`.
template <class Self, class Base>
class ConfigurableOf : public Base {
 public:
  const Info& info() const override { return Self::kInfo; }
  void visit_fields(Fields& f) override {
    if constexpr (requires(Self & self) { self.fields(f); }) static_cast<Self&>(*this).fields(f);
  }
  Configurable* make_default() const override {
    if constexpr (std::default_initializable<Self>) {
      return new Self();
    } else {
      return nullptr;
    }
  }
};

/// The structs of one kind that can be named: its own and those that a program registers. One list a kind,
/// such as `src/nn/layer_list.def`, fills it.
class Registry {
 public:
  struct Row {
    const Info* info;
    Configurable* (*make)();  ///< with `new`, settings at their defaults
  };

  /// @param kind  for messages: "layer".
  explicit Registry(std::string_view kind) : kind_(kind) {}

  std::string_view kind() const { return kind_; }
  std::span<const Row> rows() const { return {rows_.data(), rows_.size()}; }
  std::vector<std::string> names() const;
  /// Null if there is none.
  const Row* find(std::string_view name) const;
  /// @throws ValueError  if the name is taken or no lower-case word, or the doc is missing (E220).
  void add(const Row& row);
  template <class T>
  void add() {
    add({&T::kInfo, [] { return static_cast<Configurable*>(new T()); }});
  }
  /// What a bare number stands for: the row of this name, whose only setting is a number. `lr = 0.1` is
  /// `lr = "constant(0.1)"`. "" if nothing.
  std::string_view number_row() const { return number_row_; }
  void set_number_row(std::string_view name) { number_row_ = name; }

 private:
  std::string_view kind_, number_row_;
  std::vector<Row> rows_;
};

/// The registry of a kind: specialised where the kind is declared. `registry<nn::Layer>()` lists layers.
template <class Base>
Registry& registry();

/// One setting.
struct Field {
  enum class Kind : std::uint8_t {
    flag,      ///< bool
    integer,   ///< std::int64_t
    seed,      ///< std::uint64_t
    number,    ///< double
    text,      ///< std::string
    choice,    ///< an enum, stored as std::uint8_t: one of `choices`
    integers,  ///< std::vector<std::int64_t>
    numbers,   ///< std::vector<double>
    texts,     ///< std::vector<std::string>
    object,    ///< Shared<a kind>: its name with its settings
    objects,   ///< std::vector<Shared<a kind>>
    group,     ///< a struct with fields of its own
    groups,    ///< a std::vector of such structs
  };

  std::string_view name;
  std::string_view doc;
  Kind kind = Kind::number;
  void* target = nullptr;
  Range range = {};
  /// Names of values. Of integers: words that may stand for the list, word i as a list of -1 - i alone.
  std::span<const std::string_view> choices = {};
  Registry* registry = nullptr;  ///< of objects
  /// Of objects: how many there are; the i-th or null; puts `made` (with `new`) in the place of the i-th, or
  /// behind the last; forgets all.
  std::size_t (*count)(const void* target) = nullptr;
  Configurable* (*get)(void* target, std::size_t i) = nullptr;
  void (*put)(void* target, std::size_t i, Configurable* made) = nullptr;
  void (*clear)(void* target) = nullptr;
  /// Of a group.
  void (*visit)(void* target, Fields& inner) = nullptr;
  /// Of groups, beside `count`: the fields of the i-th; a list of so many, with those of the target first;
  /// where such a list lies; its groups instead of those of the target.
  void (*visit_at)(void* target, std::size_t i, Fields& inner) = nullptr;
  Shared<Counted> (*copy)(const void* target, std::size_t count) = nullptr;
  void* (*inside)(Counted& copied) = nullptr;
  void (*assign)(void* target, const void* from) = nullptr;
};

/// The settings of a struct, in their order, by reference. Names are lower-case words; `type` is not free.
class Fields {
 public:
  void operator()(std::string_view name, bool& value, std::string_view doc = "") {
    add(name, doc, Field::Kind::flag, &value);
  }
  void operator()(std::string_view name, std::int64_t& value, std::string_view doc = "", Range range = {}) {
    add(name, doc, Field::Kind::integer, &value, range);
  }
  void operator()(std::string_view name, std::uint64_t& value, std::string_view doc = "") {
    add(name, doc, Field::Kind::seed, &value);
  }
  void operator()(std::string_view name, double& value, std::string_view doc = "", Range range = {}) {
    add(name, doc, Field::Kind::number, &value, range);
  }
  void operator()(std::string_view name, std::string& value, std::string_view doc = "") {
    add(name, doc, Field::Kind::text, &value);
  }
  /// @param choices  the names of the enum's values, in their order; must live as long as the program.
  template <class Enum>
  requires std::is_enum_v<Enum>
  void operator()(std::string_view name, Enum& value, std::span<const std::string_view> choices,
                  std::string_view doc = "") {
    static_assert(sizeof(Enum) == 1,
                  "an enum of settings is stored in one byte: enum class E : std::uint8_t");
    add(name, doc, Field::Kind::choice, &value).choices = choices;
  }
  void operator()(std::string_view name, std::vector<std::int64_t>& value, std::string_view doc = "",
                  Range range = {}) {
    add(name, doc, Field::Kind::integers, &value, range);
  }
  /// A list, or one of some words: the first is stored as {-1}, the next as {-2}, ...
  /// @param range  without numbers below 0.
  void operator()(std::string_view name, std::vector<std::int64_t>& value,
                  std::span<const std::string_view> words, std::string_view doc, Range range) {
    add(name, doc, Field::Kind::integers, &value, range).choices = words;
  }
  void operator()(std::string_view name, std::vector<double>& value, std::string_view doc = "",
                  Range range = {}) {
    add(name, doc, Field::Kind::numbers, &value, range);
  }
  void operator()(std::string_view name, std::vector<std::string>& value, std::string_view doc = "") {
    add(name, doc, Field::Kind::texts, &value);
  }
  /// One of the structs of a kind, such as a schedule, with its own settings; may be empty.
  template <std::derived_from<Configurable> Base>
  void operator()(std::string_view name, Shared<Base>& value, std::string_view doc = "") {
    Field& field = add(name, doc, Field::Kind::object, &value);
    field.registry = &chainrule::registry<Base>();
    field.count = [](const void* target) -> std::size_t {
      return *static_cast<const Shared<Base>*>(target) ? 1 : 0;
    };
    field.get = [](void* target, std::size_t) -> Configurable* {
      return static_cast<Shared<Base>*>(target)->get();
    };
    field.put = [](void* target, std::size_t, Configurable* made) {
      *static_cast<Shared<Base>*>(target) = Shared<Base>(static_cast<Base*>(made));
    };
    field.clear = [](void* target) { *static_cast<Shared<Base>*>(target) = {}; };
  }
  template <std::derived_from<Configurable> Base>
  void operator()(std::string_view name, std::vector<Shared<Base>>& value, std::string_view doc = "") {
    using List = std::vector<Shared<Base>>;
    Field& field = add(name, doc, Field::Kind::objects, &value);
    field.registry = &chainrule::registry<Base>();
    field.count = [](const void* target) { return static_cast<const List*>(target)->size(); };
    field.get = [](void* target, std::size_t i) -> Configurable* {
      return (*static_cast<List*>(target))[i].get();
    };
    field.put = [](void* target, std::size_t i, Configurable* made) {
      List& list = *static_cast<List*>(target);
      if (i >= list.size()) list.resize(i + 1);
      list[i] = Shared<Base>(static_cast<Base*>(made));
    };
    field.clear = [](void* target) { static_cast<List*>(target)->clear(); };
  }
  /// A struct of settings inside this one.
  template <class Group>
  requires requires(Group& group, Fields& f) { group.fields(f); }
  void operator()(std::string_view name, Group& value, std::string_view doc = "") {
    add(name, doc, Field::Kind::group, &value).visit = [](void* target, Fields& inner) {
      static_cast<Group*>(target)->fields(inner);
    };
  }

  template <class Group>
  requires requires(Group& group, Fields& f) { group.fields(f); }
  void operator()(std::string_view name, std::vector<Group>& value, std::string_view doc = "") {
    using List = std::vector<Group>;
    struct Copy : Counted {
      List list;
    };
    Field& field = add(name, doc, Field::Kind::groups, &value);
    field.count = [](const void* target) { return static_cast<const List*>(target)->size(); };
    field.visit_at = [](void* target, std::size_t i, Fields& inner) {
      (*static_cast<List*>(target))[i].fields(inner);
    };
    field.copy = [](const void* target, std::size_t count) {
      Copy* copy = new Copy;
      Shared<Counted> held(copy);
      copy->list = *static_cast<const List*>(target);
      copy->list.resize(count);
      return held;
    };
    field.inside = [](Counted& copied) -> void* { return &static_cast<Copy&>(copied).list; };
    field.assign = [](void* target, const void* from) {
      *static_cast<List*>(target) = *static_cast<const List*>(from);
    };
  }

  std::span<const Field> all() const { return {fields_.data(), fields_.size()}; }

 private:
  Field& add(std::string_view name, std::string_view doc, Field::Kind kind, void* target, Range range = {});
  std::vector<Field> fields_;
};

}  // namespace chainrule
