// The parser asserts, or with NDEBUG promises to the compiler, what a file such as "[+" breaks, and has an
// error for it behind that: so neither.
#undef NDEBUG
#define TOML_ASSERT(condition) static_assert(true)
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#define TOML_ENABLE_WINDOWS_COMPAT 0
#include <toml++/toml.h>

#include <algorithm>
#include <tuple>

#include "config/source.h"
#include "config/toml_keys.h"
#include "config/words.h"

namespace chainrule::config {
namespace {

/// Makes values of the parser's.
class TomlReader {
 public:
  explicit TomlReader(const Place& start) : start_(start) {}

  Value value(const toml::node& node, int depth) const {
    const Place at = place(node.source());
    check_depth(depth, at);
    Value made = node.is_table()   ? table(*node.as_table(), depth)
                 : node.is_array() ? list(*node.as_array(), depth)
                                   : leaf(node, at);
    made.place = at;
    return made;
  }

  Place place(const toml::source_region& region) const {
    Place made = start_;
    made.line = static_cast<std::int32_t>(region.begin.line);
    made.column = static_cast<std::int32_t>(region.begin.column);
    return made;
  }

 private:
  /// In the order of the source: the parser's tables are sorted by their keys.
  Value table(const toml::table& from, int depth) const {
    std::vector<Entry> entries;
    for (const auto& [key, node] : from)
      entries.push_back({std::string(key.str()), value(node, depth + 1), place(key.source())});
    std::ranges::stable_sort(
        entries, {}, [](const Entry& entry) { return std::tuple(entry.place.line, entry.place.column); });
    return Value::of_table(std::move(entries));
  }

  Value list(const toml::array& from, int depth) const {
    std::vector<Value> elements;
    for (const toml::node& element : from) elements.push_back(value(element, depth + 1));
    return Value::of_list(std::move(elements));
  }

  static Value leaf(const toml::node& node, const Place& at) {
    if (const auto* value = node.as_boolean()) return Value(value->get());
    if (const auto* value = node.as_integer()) return Value(value->get());
    if (const auto* value = node.as_floating_point()) return Value(value->get());
    if (const auto* value = node.as_string()) return Value(value->get());
    throw mistake(222, at, "dates and times are no settings. Put quotes around, for a text.");
  }

  Place start_;
};

}  // namespace

Value parse_toml(std::string_view text, std::string_view source) {
  const Place start = start_of(source);
  check_source(text, start);
  check_dotted_keys(text, start);
  const toml::parse_result parsed = toml::parse(text);
  const TomlReader reader(start);
  if (!parsed) {
    const toml::parse_error& error = parsed.error();
    throw mistake(222, reader.place(error.source()), "this is not TOML: ", error.description(), ".");
  }
  Value made = reader.value(parsed.table(), 0);
  made.place = start;
  return made;
}

}  // namespace chainrule::config
