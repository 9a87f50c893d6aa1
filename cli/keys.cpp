// The keys of run.toml as options.
// check-errors: (none: those of CLI11 have no numbers)
#include "keys.h"

#include <fmt/format.h>

#include <CLI/Error.hpp>
#include <CLI/Option.hpp>
#include <algorithm>
#include <iterator>

#include "wrap.h"

namespace chainrule::cli {
namespace {

void add_set(CLI::App& app, std::vector<Given>& given) {
  app.add_option_function<std::vector<std::string>>(
         "--set",
         [&given](const std::vector<std::string>& all) {
           for (const std::string& one : all) {
             const std::size_t equals = one.find('=');
             if (equals == std::string::npos)
               throw CLI::ValidationError("--set", fmt::format("'{}' is not KEY=VALUE", one));
             const std::string key = one.substr(0, equals), value = one.substr(equals + 1);
             given.push_back({value.starts_with('{') ? key : key_of(key), value, "--set " + key});
           }
         },
         "any key of run.toml: --set train.epochs=3 (chainrule\nlist settings has them all)")
      ->type_name("KEY=VALUE")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false);
}

}  // namespace

std::string short_text(const std::string& name) {
  for (const ShortKey& one : short_keys()) {
    if (key_of(name) == one.key && name != one.key)
      return wrapped(
          fmt::format("{} {}, short for the setting {}: {}", one.option, one.type, one.key, one.doc), 0);
  }
  return "";
}

void add_keys(CLI::App& app, std::vector<Given>& given) {
  Experiment books = read_experiment("", {});
  const std::vector<config::Leaf> leaves = config::leaves(books);
  const auto add = [&](const std::string& option, const std::string& key) {
    return app.add_option_function<std::string>(
        option,
        [&given, option, key](const std::string& text) {
          const bool is_zero = text.find_first_not_of("0.") == std::string::npos;
          if (is_zero && (key == "train.steps" || key == "train.epochs"))
            throw CLI::ValidationError(option, fmt::format("'{}' trains nothing", text));
          given.push_back({key, text, option});
        },
        "");
  };
  for (const ShortKey& one : short_keys()) {
    CLI::Option* option = add(one.option, one.key)->description(one.doc)->type_name(one.type);
    for (const config::Leaf& leaf : leaves) {
      if (leaf.name == one.key && leaf.value != "" && leaf.value != "0" && leaf.value != "0.0" &&
          leaf.value != "none")
        option->default_str(leaf.value);
    }
  }
  for (const config::Leaf& leaf : leaves) {
    const bool has_short =
        std::any_of(std::begin(short_keys()), std::end(short_keys()),
                    [&](const ShortKey& one) { return std::string("--") + leaf.name == one.option; });
    if (!has_short) add("--" + leaf.name, leaf.name)->group("");
  }
  add_set(app, given);
}

void add_net_key(CLI::App& app, std::vector<Given>& given) {
  for (const ShortKey& one : short_keys()) {
    const std::string option = one.option;
    if (option != "--net" && option != "--data" && option != "--data-dir") continue;
    app.add_option_function<std::string>(
           option,
           [&given, option, key = std::string(one.key)](const std::string& text) {
             given.push_back({key, text, option});
           },
           one.doc)
        ->type_name(one.type);
  }
  add_set(app, given);
}

}  // namespace chainrule::cli
