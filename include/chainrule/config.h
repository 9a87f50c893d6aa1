#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "chainrule/fields.h"

// Settings as text: reads and writes whatever lists its `Fields`.
//
//     nn::Conv2d layer;                                     // anything with `void fields(Fields& f)`
//     config::read(layer, config::parse_toml("filters = 30", "run.toml"));
//     config::set(layer, "kernel", "5");                    // as an option on the command line
//     std::cout << config::describe(layer);                 // conv2d(30, 5)
//     auto another = config::make<nn::Layer>("conv2d(30, kernel=5)");
//
// Three formats hold the same values: TOML (files of people), JSON (metadata), and a short text (options,
// lists of layers). In each, an object of a kind such as a schedule is written in one of these ways:
//
//     cosine(0.1, 5)               in the short text: settings by position in their order, then by name
//     "cosine(0.1, 5)"             in TOML and JSON: the short text as a string
//     { type = "cosine", low = 5 } in all three: a table (JSON: an object) with its name as `type`
//     { low = 5 }                  without `type`: changes settings of the one that is there
//     0.1                          a number, where the kind has a row for it: a learning rate that stays
//
// An object that is named is made anew, its settings at their defaults. Objects are never changed in place: a
// setting of one is changed in a copy, which takes its place, so that others who share it keep what they
// have. An empty object is `none` in the short text, "none" in TOML, null or "none" in JSON.
//
// Limits: 4 MiB of text, 64 levels of nesting.
namespace chainrule::config {

/// Where a value stands, for messages.
struct Place {
  struct Source : Counted {
    std::string name;  ///< of a file, "run.toml", or of an option, "--lr"
  };
  Shared<Source> source;
  std::int32_t line = 0;    ///< from 1; 0 in a short text of one line, or if unknown
  std::int32_t column = 0;  ///< from 1, in characters; 0 if unknown

  /// "run.toml:7:3", "--net, column 12", or "" if nothing is known.
  std::string text() const;
};

struct Entry;

/// What a text in one of the formats says: a tree. The kinds are those of all formats together.
struct Value {
  enum class Kind : std::uint8_t {
    null,
    boolean,
    integer,
    seed,    ///< an integer from 2^63 to 2^64-1: a large seed
    number,  ///< with a fraction or an exponent in text, or inf, nan
    text,
    list,   ///< `list`
    table,  ///< `table`
    call,   ///< cosine(0.1, steps=5): the name is `text`, values by position are `list`, by name `table`
  };

  Kind kind = Kind::null;
  union {
    bool boolean;
    std::int64_t integer = 0;
    std::uint64_t seed;
    double number;
  };
  std::string text;
  std::vector<Value> list;
  std::vector<Entry> table;  ///< in the order of the source, each key once
  Place place;

  Value();
  Value(bool value);
  Value(int value);
  Value(std::int64_t value);
  Value(std::uint64_t value);  ///< an integer if int64 holds it, else a seed
  Value(double value);
  Value(std::string_view value);
  Value(std::string value);
  Value(const char* value);
  static Value of_list(std::vector<Value> values);
  static Value of_table(std::vector<Entry> entries);
  static Value of_call(std::string_view name, std::vector<Value> positional, std::vector<Entry> named);
  Value(const Value&);
  Value(Value&&) noexcept;
  Value& operator=(const Value&);
  Value& operator=(Value&&) noexcept;
  ~Value();

  /// The value of a key of `table`, or null.
  const Value* find(std::string_view key) const;
};

/// A key and its value.
struct Entry {
  std::string key;
  Value value;
  Place place = {};  ///< of the key
};

/// Whether both say the same. Places and the order of keys do not count; nan is nan, and -0.0 is not 0.0.
bool operator==(const Value& a, const Value& b);

/// The short text. `cosine(0.1, 5)`, `[1, 2]`, `{lr = 0.1}`, `true`, `none`, `-1.5e3`, `inf`, "a text" or 'a
/// text'; a word such as `same` or `data/train.csv` is a text too. At the top, `1, 2` is a list and `lr=0.1,
/// steps=5` a table. # begins a comment.
/// @throws ValueError  if it cannot be read (E221), is too long or too deep (E224), gives a key twice (E225),
/// or
///     is not UTF-8 (E238).
Value parse_text(std::string_view text, std::string_view source = "");
/// TOML 1.0, without dates and times. Gives a table.
/// @throws ValueError  as parse_text, and E222 for what is not TOML.
Value parse_toml(std::string_view text, std::string_view source);
/// JSON. Infinities and NaN, which it does not have, are the texts "inf", "-inf", "nan".
/// @throws ValueError  as parse_text, and E223 for what is not JSON.
Value parse_json(std::string_view text, std::string_view source);

// The way back. Parsing what is printed gives an equal value, but for what a format does not have: in TOML
// and JSON a call becomes a table with `type` or, with values by position or in a list of TOML, a short text;
// in TOML null becomes "none" and a seed a text of digits, in JSON a number that is not finite a text.
// Reading settings understands all of these. Numbers have as few digits as tell them from their neighbours.

/// @throws ValueError  if a text is not UTF-8 (E238).
std::string to_text(const Value& value);
/// @throws ValueError  if the value is neither a table nor a call without values by position (E236), or a
/// text is
///     not UTF-8 (E238).
std::string to_toml(const Value& value);
/// @param indent  blanks a level; 0 writes one line.
/// @throws ValueError  if a text is not UTF-8 (E238).
std::string to_json(const Value& value, int indent = 2);

/// What has settings: any Configurable, and any struct with `void fields(Fields&)`.
template <class T>
concept HasSettings = !std::is_const_v<T> &&
                      (std::derived_from<T, Configurable> || requires(T & t, Fields& f) { t.fields(f); });

/// The settings of something, by reference. It must outlive this.
struct Settings {
  Fields fields;
  std::string name;  ///< for messages: of a Configurable its own, else ""

  template <HasSettings T>
  Settings(T& owner) {
    if constexpr (std::derived_from<T, Configurable>) {
      name = owner.info().name;
      static_cast<Configurable&>(owner).visit_fields(fields);
    } else {
      owner.fields(fields);
    }
  }
};

/// Changes the settings that the value names and leaves the others as they are. Everything is checked first:
/// on an error nothing has changed.
/// @param value  a table, a short text, or a call; name or `type`, if given, must be those of the owner. A
/// single
///     value is taken as a list of one where a list is expected; numbers such as 1e3 as integers if they are
///     whole.
/// @throws ValueError  E224 to E235, E238: docs/errors.md.
void read(const Settings& of, const Value& value);

/// Checks what a program has set itself, inner objects too.
/// @throws ValueError  for a number outside the range of its setting (E228).
void check(const Settings& of);

/// All settings: a call of a Configurable, a table of another struct.
Value write(const Settings& of);
template <HasSettings T>
Value write(const T& owner) {
  return write(Settings(const_cast<T&>(owner)));  // only reads
}

/// The short text of it with the settings that differ from the defaults: "conv2d(30, 5, stride=2)". The first
/// two stand by position if none before them is left out. `read` and `make` give the same again.
std::string describe(const Configurable& owner);

/// One of a kind, from its short text or a table with `type`.
/// @throws ValueError  as read, and E230 for an unknown name.
Shared<Configurable> make(const Registry& registry, const Value& value);
template <std::derived_from<Configurable> Base>
Shared<Base> make(const Value& value) {
  return Shared<Base>(static_cast<Base*>(make(registry<Base>(), value).get()));
}

/// One setting, however deep it lies, as an option or a page of documentation shows it.
struct Leaf {
  std::string name;                  ///< "optimizer.lr"
  std::string doc;                   ///< one line
  std::string kind;                  ///< "number", "one of same, valid", "schedule"
  std::string range;                 ///< "at least 0", or ""
  std::string value;                 ///< what it is now, as set() takes it
  std::vector<std::string> choices;  ///< of a choice, or the names of a kind
};

/// Whether leaves() enters the objects that are there: "optimizer", "optimizer.lr", ...; or only groups.
enum class Objects : std::uint8_t { enter, skip };
std::vector<Leaf> leaves(const Settings& of, Objects objects = Objects::enter);

/// Sets one by its dotted name, as an option of the command line does: set(run, "optimizer.lr", "0.05"). The
/// i-th of a list of objects is "layers.0.kernel".
/// @param text  a short text; of settings that are texts the text itself, of lists of texts those between
/// commas,
///     or a list in brackets.
/// @param source  how messages name the option; the name itself if empty.
/// @throws ValueError  as read.
void set(const Settings& of, std::string_view name, std::string_view text, std::string_view source = "");

/// "at least 0", "above 0", "from 0 to 1", "from 0 to less than 1"; "" if everything is allowed.
std::string range_words(const Range& range);

/// A section of Markdown for each row of a registry: its name, what it does, its settings in a table.
/// @param level  of the headings.
/// @throws ValueError  if a setting has no doc, a bad name, or that of another (E237).
std::string markdown(const Registry& registry, int level = 2);

}  // namespace chainrule::config
