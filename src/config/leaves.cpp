#include <algorithm>
#include <charconv>
#include <tuple>

#include "config/objects.h"
#include "config/source.h"
#include "config/words.h"

namespace chainrule::config {
namespace {

Leaf leaf_of(const Field& field, std::string name) {
  Leaf leaf;
  leaf.name = std::move(name);
  leaf.doc = field.doc;
  leaf.kind = kind_words(field);
  leaf.range = range_words(field.range);
  const Value value = brief_value(field);
  leaf.value = value.kind == Value::Kind::text && !field.registry ? value.text : to_text(value);
  if (field.registry) leaf.choices = field.registry->names();
  for (const std::string_view choice : field.choices) leaf.choices.emplace_back(choice);
  return leaf;
}

void add_leaves(const Fields& fields, const std::string& prefix, Objects objects, std::vector<Leaf>& made) {
  for (const Field& field : fields.all()) {
    const std::string name = cat(prefix, field.name);
    if (field.kind == Field::Kind::group) {
      add_leaves(fields_of(field), name + ".", objects, made);
      continue;
    }
    made.push_back(leaf_of(field, name));
    if (objects == Objects::enter && field.kind == Field::Kind::object && field.count(field.target))
      add_leaves(fields_of(*field.get(field.target, 0)), name + ".", objects, made);
  }
}

/// Of a dotted name: what is before the first dot, and the rest.
std::pair<std::string_view, std::string_view> first_part(std::string_view name) {
  const std::size_t dot = std::min(name.find('.'), name.size());
  return {name.substr(0, dot), name.substr(std::min(dot + 1, name.size()))};
}

/// The settings of the element of that number; none if it is not there.
Fields fields_of_element(const Field& field, std::string_view number) {
  std::size_t i = 0;
  const auto [stop, error] = std::from_chars(number.data(), number.data() + number.size(), i);
  const bool read = error == std::errc() && stop == number.data() + number.size();
  if (!read || i >= field.count(field.target)) return {};
  if (field.kind == Field::Kind::groups) return fields_of(field, field.target, i);
  return fields_of(*field.get(field.target, i));
}

/// What kind of setting the dotted name is; of one that is not there, `group`.
Field::Kind kind_of(const Fields& fields, std::string_view name) {
  auto [first, rest] = first_part(name);
  const auto field = std::ranges::find(fields.all(), first, &Field::name);
  if (field == fields.all().end()) return Field::Kind::group;
  if (rest.empty()) return field->kind;
  if (field->kind == Field::Kind::group) return kind_of(fields_of(*field), rest);
  if (field->kind == Field::Kind::object) return kind_of(fields_of_element(*field, "0"), rest);
  if (field->kind != Field::Kind::objects && field->kind != Field::Kind::groups) return Field::Kind::group;
  std::tie(first, rest) = first_part(rest);
  return kind_of(fields_of_element(*field, first), rest);
}

Value texts_between_commas(std::string_view text, const Place& place) {
  std::vector<Value> texts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    std::string_view one = text.substr(begin, end - begin);
    one.remove_prefix(std::min(one.find_first_not_of(" \t"), one.size()));
    one = one.substr(0, one.find_last_not_of(" \t") + 1);
    if (!one.empty()) texts.emplace_back(one);
    if (!one.empty()) texts.back().place = place;
    begin = end + 1;
  }
  return Value::of_list(std::move(texts));
}

/// What an option says for a setting of that kind.
Value option_value(Field::Kind kind, std::string_view text, const Place& place) {
  Value value;
  const bool is_text = kind == Field::Kind::text || kind == Field::Kind::choice;
  const bool is_quoted = text.size() > 1 && (text[0] == '"' || text[0] == '\'') && text.back() == text[0];
  if (is_text && !is_quoted) {
    value = Value(text);
  } else if (kind == Field::Kind::texts && text.find_first_of("[\"'") == std::string_view::npos) {
    value = texts_between_commas(text, place);
  } else {
    return parse_text_at(text, place);
  }
  value.place = place;
  return value;
}

/// {optimizer = {lr = value}}.
Value in_tables(std::string_view name, Value value, const Place& place, int depth = 1) {
  check_depth(depth, place);
  const auto [first, rest] = first_part(name);
  if (!rest.empty()) value = in_tables(rest, std::move(value), place, depth + 1);
  Value table = Value::of_table({{std::string(first), std::move(value), place}});
  table.place = place;
  return table;
}

}  // namespace

std::vector<Leaf> leaves(const Settings& of, Objects objects) {
  std::vector<Leaf> made;
  add_leaves(of.fields, "", objects, made);
  return made;
}

void set(const Settings& of, std::string_view name, std::string_view text, std::string_view source) {
  const Place place = start_of(source.empty() ? name : source, text.find('\n') != std::string_view::npos);
  Value value = option_value(kind_of(of.fields, name), text, place);
  read(of, in_tables(name, std::move(value), place));
}

}  // namespace chainrule::config
