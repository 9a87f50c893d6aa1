// The keys of run.toml as options.
// check-errors: (none: those of CLI11 have no numbers)
#include "keys.h"

#include <fmt/format.h>

#include <CLI/Error.hpp>
#include <CLI/Option.hpp>
#include <algorithm>
#include <iterator>

#include "core/nearest.h"
#include "wrap.h"

namespace chainrule::cli {
namespace {

/// Options that have a short name, in the order in which they are applied: a net before its settings.
struct Short {
  const char* option;
  const char* key;
  const char* type;
  const char* doc;
};
constexpr Short kShort[] = {
    {"--data", "data.name", "SET",
     "digits (drawn by the program, needs no file), mnist, ...;\na .csv, .npz or .txt file; a folder of a "
     "set's files, or\nof pictures, a folder a class"},
    {"--data-dir", "data.dir", "DIR",
     "where to look first for a named set's files (then:\nCHAINRULE_DATA_DIR, ~/.local/share/chainrule)"},
    {"--target", "data.csv.target", "COLUMN", "what is to be learnt of a .csv file"},
    {"--validation", "data.validation", "SHARE", "of the training rows, set aside to measure on"},
    {"--net", "net", "NET",
     "the net: 'mlp([128, 10])', mlp:784-128-10 (with its inputs),\ntwo_layer_net, ..."},
    {"--hidden", "net.hidden", "N", "hidden units of the books' nets"},
    {"--loss", "loss", "LOSS", "the loss (softmax_cross_entropy for classes, else mse)"},
    {"--optimizer", "optimizer.rule", "RULE", "sgd, momentum, adam, ..."},
    {"--lr", "optimizer.lr", "RATE", "learning rate: a number, or 'cosine(0.1, 5)', ..."},
    {"--epochs", "train.epochs", "N", "how often all rows are seen"},
    {"--steps", "train.steps", "N", "batches to train on, in place of epochs"},
    {"--batch-size", "train.batch_size", "N", "rows a step"},
    {"--shards", "train.shards", "N",
     "parts of a batch, shared by the ranks that mpirun starts;\nthe results depend on it, not on the ranks"},
    {"--patience", "train.patience", "N",
     "reports without a better validation loss after which\nit stops; 0: never"},
    {"--seed", "seed", "N", "of the first weights and the order of rows, not of the data"},
};

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

std::string key_of(const std::string& name) {
  std::string word = name;
  for (const std::string_view before : {"--", "train."}) {
    if (word.starts_with(before)) word.erase(0, before.size());
  }
  std::replace(word.begin(), word.end(), '_', '-');
  for (const Short& one : kShort) {
    if (one.option == "--" + word) return one.key;
  }
  return name;
}

std::vector<std::string> short_names() {
  std::vector<std::string> names;
  for (const Short& one : kShort) names.emplace_back(one.option + 2);
  return names;
}

std::string short_text(const std::string& name) {
  for (const Short& one : kShort) {
    if (key_of(name) == one.key && name != one.key)
      return wrapped(
          fmt::format("{} {}, short for the setting {}: {}", one.option, one.type, one.key, one.doc), 0);
  }
  return "";
}

std::string key_near(const std::string& key, const Experiment& experiment) {
  Experiment copy = experiment;
  std::vector<std::string> known = short_names();
  const std::string last = key.substr(key.rfind('.') + 1);
  for (const config::Leaf& leaf : config::leaves(copy)) {
    if (leaf.name == key) return "";
    if (leaf.name.ends_with("." + last)) return leaf.name;
    known.push_back(leaf.name);
  }
  const std::string meant = key_of(last);
  if (meant == last) return nearest(key, known);
  return meant == key ? "" : meant;  // it is right, but not of this net
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
  for (const Short& one : kShort) {
    CLI::Option* option = add(one.option, one.key)->description(one.doc)->type_name(one.type);
    for (const config::Leaf& leaf : leaves) {
      if (leaf.name == one.key && leaf.value != "" && leaf.value != "0" && leaf.value != "0.0" &&
          leaf.value != "none")
        option->default_str(leaf.value);
    }
  }
  for (const config::Leaf& leaf : leaves) {
    const bool has_short = std::any_of(std::begin(kShort), std::end(kShort), [&](const Short& one) {
      return std::string("--") + leaf.name == one.option;
    });
    if (!has_short) add("--" + leaf.name, leaf.name)->group("");
  }
  add_set(app, given);
}

void add_net_key(CLI::App& app, std::vector<Given>& given) {
  for (const Short& one : kShort) {
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
