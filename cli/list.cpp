// chainrule list and help: what there is, from the tables.
#include <fmt/format.h>

#include <CLI/App.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "chainrule/error.h"
#include "chainrule/nn.h"
#include "chainrule/plot.h"
#include "commands.h"
#include "core/nearest.h"
#include "data/known_sets.h"
#include "exit_code.h"
#include "experiment.h"
#include "json_text.h"
#include "keys.h"
#include "output.h"
#include "surface.h"
#include "tables_json.h"
#include "wrap.h"

namespace chainrule::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Kind {
  const char* name;
  const char* doc;
  const Registry& (*registry)();
  bool (*takes)(const Configurable& made) = nullptr;  // which of its rows; all without

  std::vector<Registry::Row> rows() const {
    std::vector<Registry::Row> all;
    for (const Registry::Row& row : registry().rows()) {
      const Shared<Configurable> made(takes != nullptr ? row.make() : nullptr);
      if (takes == nullptr || (made && takes(*made))) all.push_back(row);
    }
    return all;
  }
};
template <class Base>
const Registry& rows_of() {
  return registry<Base>();
}
bool is_net(const Configurable& made) {
  return dynamic_cast<const nn::Net*>(&made) != nullptr ||
         dynamic_cast<const nn::TextNet*>(&made) != nullptr ||
         dynamic_cast<const nn::Seq2Seq*>(&made) != nullptr;
}
constexpr Kind kKinds[] = {
    {"layers", "what nets are made of, and nets with a name", rows_of<nn::Layer>},
    {"nets", "nets with a name", rows_of<nn::Layer>, is_net},
    {"initializers", "first values of parameters", rows_of<nn::Initializer>},
    {"losses", "what training makes smaller", rows_of<loss::Loss>},
    {"metrics", "what is measured", rows_of<metric::Metric>},
    {"optimizers", "how a step changes a parameter", rows_of<optim::Rule>},
    {"schedules", "learning rates that change", rows_of<optim::Schedule>},
    {"transforms", "what is done to batches, for data.augment", rows_of<data::Transform>},
    {"scalers", "numbers of a size that nets learn well from", rows_of<data::Scaler>},
    {"plots", "what is drawn of runs and nets", rows_of<plot::Plot>},
};

/// The lists that are made otherwise.
struct OtherList {
  const char* name;
  const char* doc;
};
constexpr OtherList kOthers[] = {
    {"data", "sets that are known by name"},
    {"settings", "the keys of run.toml"},
};

/// The lists that there are, each with what it lists.
std::vector<std::pair<std::string, std::string>> all_lists() {
  std::vector<std::pair<std::string, std::string>> all;
  for (const Kind& kind : kKinds) all.emplace_back(kind.name, kind.doc);
  for (const OtherList& other : kOthers) all.emplace_back(other.name, other.doc);
  return all;
}

std::vector<config::Leaf> settings() {
  Experiment experiment;
  return config::leaves(experiment, config::Objects::skip);
}

/// The sets that are known by name, each with what is in it.
std::vector<std::pair<std::string, std::string>> sets() {
  std::vector<std::pair<std::string, std::string>> all;
  for (const std::string& name : data::known_sets()) all.emplace_back(name, data::doc_of_set(name));
  return all;
}

/// Names, and beside them what they are.
std::string table_text(const std::vector<std::pair<std::string, std::string>>& rows) {
  std::size_t width = 0;
  for (const auto& [name, doc] : rows) width = std::max(width, name.size());
  std::string text;
  for (const auto& [name, doc] : rows) text += beside(name, width + 2, doc);
  return text;
}

Json table_json(const std::vector<std::pair<std::string, std::string>>& rows) {
  Json all = Json::array();
  for (const auto& [name, doc] : rows) all.push_back({{"name", name}, {"doc", doc}});
  return all;
}

std::string rows_text(const Kind& kind) {
  std::vector<std::pair<std::string, std::string>> rows;
  for (const Registry::Row& row : kind.rows()) rows.emplace_back(row.info->name, row.info->doc);
  const bool is_nets = kind.takes != nullptr;
  return table_text(rows) +
         (is_nets
              ? "\n" +
                    wrapped("As in --net 'mlp([128, 10])'. With the sizes, inputs first, also mlp:784-128-10 "
                            "and two_layer_net:784-50-10.",
                            0)
              : "");
}

std::string leaves_text(const std::vector<config::Leaf>& leaves) {
  std::string text;
  for (const config::Leaf& leaf : leaves) {
    text += wrapped(fmt::format("{} = {}", leaf.name, leaf.value.empty() ? "\"\"" : leaf.value), 2);
    text += wrapped(fmt::format("{}: {} {}", leaf.doc, leaf.kind, leaf.range), 6);
  }
  return text;
}

/// The same as list_text, as a document.
Json list_json(const std::string& what) {
  if (what == "settings") return leaves_json(settings());
  if (what == "data") return table_json(sets());
  for (const Kind& kind : kKinds) {
    if (what == kind.name) return rows_json(kind.rows());
  }
  return what.empty() ? table_json(all_lists()) : Json();
}

std::string settings_text() {
  return wrapped("The keys of run.toml, each also an option (--train.epochs 3) or --set train.epochs=3:", 0) +
         leaves_text(settings());
}

std::string data_text() {
  return table_text(sets()) + "\n" +
         wrapped(
             "Or a path: a folder of such files or of pictures, a .csv, .npz or .txt file. chainrule data "
             "list says "
             "which sets are there, chainrule data fetch gets some.",
             0);
}

/// A key of run.toml by its name or a short one, or a group of keys; "" if there is none.
std::string setting_text(const std::string& name) {
  const std::string key = key_of(name);
  std::vector<config::Leaf> found = settings();
  std::erase_if(
      found, [&](const config::Leaf& leaf) { return leaf.name != key && !leaf.name.starts_with(key + "."); });
  return short_text(name) + leaves_text(found);
}

/// A set that is known by name.
std::string set_text(const std::string& name) {
  const std::string doc(data::doc_of_set(name));
  return doc.empty()
             ? ""
             : wrapped(fmt::format("{} (data set): {} Train on it with --data {}.", name, doc, name), 0);
}

/// What `list` knows: a kind, "settings" or "data"; or "".
std::string list_text(const std::string& what) {
  if (what == "settings") return settings_text();
  if (what == "data") return data_text();
  for (const Kind& kind : kKinds) {
    if (what == kind.name) return rows_text(kind);
  }
  return "";
}

/// One row of a table, with its settings; "" if there is none. Names may stand in several tables.
std::string row_text(const std::string& name) {
  std::string text;
  for (const Kind& kind : kKinds) {
    const Registry::Row* row = kind.registry().find(name);
    if (row == nullptr || kind.takes != nullptr) continue;
    text += wrapped(fmt::format("{} ({}): {}", row->info->name, kind.registry().kind(), row->info->doc), 0);
    const Shared<Configurable> made(row->make());
    if (made) text += leaves_text(config::leaves(*made, config::Objects::skip));
  }
  return text;
}

int list(const std::string& what, bool is_json) {
  if (const Json document = is_json ? list_json(what) : Json(); !document.is_null()) {
    write_text(stdout, json_text(document));
    return kDone;
  }
  if (what.empty()) {
    write_text(stdout, table_text(all_lists()));
    return kDone;
  }
  const std::string text = list_text(what);
  if (text.empty()) {
    const std::string near = nearest(what, names_of_list(""));
    complain(fmt::format("there is no list '{}'.{} chainrule list says which there are.", what,
                         near.empty() ? "" : fmt::format(" Did you mean {}?", near)));
    return kUsage;
  }
  write_text(stdout, text);
  return kDone;
}

int help(const CLI::App& app, const std::string& topic) {
  if (topic.empty()) {
    write_text(stdout, app.help());
    return kDone;
  }
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (sub->get_name() == topic) {
      write_text(stdout, sub->help("chainrule"));
      return kDone;
    }
  }
  std::string text = plain_markdown(error_text(topic));
  if (text.empty()) text = list_text(topic);
  if (text.empty()) text = row_text(topic);
  if (text.empty()) text = set_text(topic);
  if (text.empty()) text = setting_text(topic);
  if (text.empty()) {
    const std::string near = nearest(topic, topics(app));
    complain(
        fmt::format("there is no topic '{}'.{} Topics are commands, what chainrule list names, settings, "
                    "and errors: chainrule help E012.",
                    topic, near.empty() ? "" : fmt::format(" Did you mean {}?", near)));
    return kUsage;
  }
  write_text(stdout, text);
  return kDone;
}

}  // namespace

std::vector<std::string> names_of_list(const std::string& list) {
  std::vector<std::string> names;
  if (list == "data") return data::known_sets();
  if (list == "settings") {
    for (const config::Leaf& leaf : settings()) names.push_back(leaf.name);
  }
  if (list.empty()) {
    for (const auto& [name, doc] : all_lists()) names.push_back(name);
  }
  for (const Kind& kind : kKinds) {
    if (kind.name != list) continue;
    for (const Registry::Row& row : kind.rows()) names.emplace_back(row.info->name);
  }
  return names;
}

std::vector<std::string> topics(const CLI::App& app) {
  std::vector<std::string> all = names_of_list("");
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; }))
    all.push_back(sub->get_name());
  for (const std::string& list : names_of_list("")) {
    for (const std::string& name : names_of_list(list)) all.push_back(name);
  }
  for (const std::string& name : short_names()) all.push_back(name);
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

Command add_list(CLI::App& app) {
  const auto what = std::make_shared<std::string>();
  CLI::App& listed = *app.add_subcommand("list", "List layers, optimizers, losses, settings, ...");
  listed.add_option("WHAT", *what, "layers, optimizers, ...; without it, what lists there are")
      ->type_name("");
  const auto json = std::make_shared<bool>(false);
  listed.add_flag("--json", *json, "print one JSON document");
  listed.footer("Examples:\n  chainrule list layers\n  chainrule list settings");
  return [what, json] { return list(*what, *json); };
}

Command add_help(CLI::App& app) {
  const auto topics_asked = std::make_shared<std::vector<std::string>>();
  CLI::App& helped = *app.add_subcommand("help", "Explain a command, a layer, a setting, an error");
  helped
      .add_option("TOPIC", *topics_asked,
                  "a command, a name that chainrule list has, a setting,\nor an error")
      ->type_name("");
  helped.footer(
      "Examples:\n  chainrule help train\n  chainrule help conv2d\n  chainrule help lr\n  chainrule help "
      "E012");
  return [&app, topics_asked] {
    if (topics_asked->empty()) return help(app, "");
    int code = kDone;
    for (const std::string& topic : *topics_asked) {
      if (&topic != &topics_asked->front()) write_text(stdout, "\n");
      code = std::max(code, help(app, topic));
    }
    return code;
  };
}

}  // namespace chainrule::cli
