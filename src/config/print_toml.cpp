#include <algorithm>

#include "chainrule/error.h"
#include "config/print.h"
#include "config/words.h"
#include "core/text.h"

namespace chainrule::config {
namespace {

constexpr std::size_t kLineWidth = 100;

std::string key_text(std::string_view key) {
  const bool bare = !key.empty() && std::ranges::all_of(key, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
  return bare ? std::string(key) : quoted(key);
}

/// Whether it gets a section of its own: [key].
bool is_section(const Value& value) {
  return value.kind == Value::Kind::table || (value.kind == Value::Kind::call && value.list.empty());
}

std::string inline_text(const Value& value);

std::string in_brackets(const std::vector<std::string>& parts, std::string_view open,
                        std::string_view between, std::string_view close) {
  std::string all(open);
  for (const std::string& part : parts) all += cat(&part == parts.data() ? "" : between, part);
  return all += close;
}

/// In one line, or a line an element where that gets too long.
std::string list_text(const std::vector<Value>& elements) {
  std::vector<std::string> parts;
  for (const Value& element : elements) parts.push_back(inline_text(element));
  std::string line = in_brackets(parts, "[", ", ", "]");
  const bool texts = !parts.empty() && parts[0][0] != '-' && (parts[0][0] < '0' || parts[0][0] > '9');
  return line.size() <= kLineWidth || !texts ? line : in_brackets(parts, "[\n  ", ",\n  ", ",\n]");
}

std::string inline_text(const Value& value) {
  switch (value.kind) {
    case Value::Kind::null:
      return quoted("none");
    case Value::Kind::seed:
      return quoted(to_text(value));
    case Value::Kind::text:
      return quoted(value.text);
    case Value::Kind::call:
      return quoted(to_text(value));
    case Value::Kind::list:
      return list_text(value.list);
    case Value::Kind::table: {
      std::vector<std::string> parts;
      for (const Entry& entry : value.table)
        parts.push_back(key_text(entry.key) + " = " + inline_text(entry.value));
      return parts.empty() ? "{}" : in_brackets(parts, "{ ", ", ", " }");
    }
    default:
      return to_text(value);
  }
}

/// What is between [path] and the next section, then the sections in it.
void print_section(const Value& value, const std::string& path, std::string& made) {
  if (value.kind == Value::Kind::call) made += cat(kType, " = ", quoted(value.text), "\n");
  for (const Entry& entry : value.table) {
    if (!is_section(entry.value)) made += cat(key_text(entry.key), " = ", inline_text(entry.value), "\n");
  }
  for (const Entry& entry : value.table) {
    if (!is_section(entry.value)) continue;
    const std::string inner = cat(path, path.empty() ? "" : ".", key_text(entry.key));
    made += cat(made.empty() ? "" : "\n", "[", inner, "]\n");
    print_section(entry.value, inner, made);
  }
}

}  // namespace

std::string to_toml(const Value& value) {
  if (!is_section(value))
    throw ValueError(236, cat("[config] ", shown(value), " cannot be a TOML file of its own. ",
                              "Need a table, or an object with all its settings by name."));
  std::string made;
  print_section(value, "", made);
  return made;
}

}  // namespace chainrule::config
