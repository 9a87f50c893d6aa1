#include "surface.h"

#include <CLI/Option.hpp>
#include <algorithm>

#include "chainrule/data.h"
#include "experiment.h"
#include "keys.h"

namespace chainrule::cli {
namespace {

std::string in_one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

/// What is between braces, where a type lists its values: "{csv,jsonl}".
std::vector<std::string> listed_in(const std::string& type) {
  const std::size_t begin = type.find('{'), end = type.find('}');
  std::vector<std::string> values;
  if (begin == std::string::npos || end == std::string::npos) return values;
  std::string inside = type.substr(begin + 1, end - begin - 1) + ",";
  for (std::size_t comma; (comma = inside.find(',')) != std::string::npos; inside.erase(0, comma + 1)) {
    values.push_back(inside.substr(0, comma));
  }
  return values;
}

/// Values that a type of value has names for.
std::vector<std::string> values_of(const std::string& type) {
  constexpr std::pair<const char*, const char*> kLists[] = {
      {"RULE", "optimizers"}, {"LOSS", "losses"}, {"METRIC", "metrics"}, {"NET", "layers"}};
  for (const auto& [name, list] : kLists) {
    if (type == name) return names_of_list(list);
  }
  return type == "SET" ? data::known_sets() : listed_in(type);
}

/// Values that the key of run.toml has names for: "--optimizer.rule", "--data.scale".
std::vector<std::string> choices_of(const std::string& option) {
  static const auto all = [] {
    Experiment experiment;
    return config::leaves(experiment, config::Objects::skip);
  }();
  const std::string key = key_of(option);
  for (const config::Leaf& leaf : all) {
    if (leaf.name == key || "--" + leaf.name == key) return leaf.choices;
  }
  return {};
}

OptionRow row_of(const CLI::Option& option) {
  OptionRow row;
  row.is_positional = option.get_positional();
  for (const std::string& name : option.get_snames()) row.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) row.names.push_back("--" + name);
  if (row.is_positional) row.names = {option.get_name(true, false)};
  const std::string type = option.get_type_name();
  row.values = values_of(type);
  if (row.values.empty() && !row.is_positional) row.values = choices_of(row.names.back());
  if (option.get_items_expected_max() > 0) row.type = type.find('{') == std::string::npos ? type : "WORD";
  row.doc = in_one_line(option.get_description());
  return row;
}

}  // namespace

CommandRow surface_of(const CLI::App& app) {
  CommandRow row{app.get_name(), app.get_description(), app.get_footer(), {}, {}, {}};
  for (const CLI::Option* option : app.get_options()) {
    (option->get_group().empty() ? row.keys : row.options).push_back(row_of(*option));
  }
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; })) {
    row.commands.push_back(surface_of(*sub));
  }
  return row;
}

}  // namespace chainrule::cli
