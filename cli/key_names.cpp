// Short names of the keys of run.toml, and near ones.
#include "key_names.h"

#include <algorithm>
#include <string_view>

#include "core/nearest.h"

namespace chainrule::cli {
namespace {

constexpr ShortKey kShort[] = {
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

}  // namespace

std::span<const ShortKey> short_keys() { return kShort; }

std::string key_of(const std::string& name) {
  std::string word = name;
  for (const std::string_view before : {"--", "train."}) {
    if (word.starts_with(before)) word.erase(0, before.size());
  }
  std::replace(word.begin(), word.end(), '_', '-');
  for (const ShortKey& one : kShort) {
    if (one.option == "--" + word) return one.key;
  }
  return name;
}

std::vector<std::string> short_names() {
  std::vector<std::string> names;
  for (const ShortKey& one : kShort) names.emplace_back(one.option + 2);
  return names;
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

}  // namespace chainrule::cli
