// chainrule list and help: what there is, from the tables.
#include <fmt/format.h>

#include <CLI/App.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "chainrule/error.h"
#include "chainrule/plot.h"
#include "commands.h"
#include "core/nearest.h"
#include "exit_code.h"
#include "experiment.h"
#include "json_text.h"
#include "output.h"
#include "surface.h"
#include "tables_json.h"

namespace chainrule::cli {
namespace {

using Json = nlohmann::ordered_json;

struct Kind {
  const char* name;
  const char* doc;
  const Registry& (*rows)();
};
template <class Base>
const Registry& rows_of() {
  return registry<Base>();
}
constexpr Kind kKinds[] = {
    {"layers", "what nets are made of, and nets with a name", rows_of<nn::Layer>},
    {"initializers", "first values of parameters", rows_of<nn::Initializer>},
    {"losses", "what training makes smaller", rows_of<loss::Loss>},
    {"metrics", "what is measured", rows_of<metric::Metric>},
    {"optimizers", "how a step changes a parameter", rows_of<optim::Rule>},
    {"schedules", "learning rates that change", rows_of<optim::Schedule>},
    {"transforms", "what is done to batches, for data.augment", rows_of<data::Transform>},
    {"scalers", "numbers of a size that nets learn well from", rows_of<data::Scaler>},
    {"plots", "what is drawn of runs and nets", rows_of<plot::Plot>},
};

/// The lists that there are.
std::vector<std::string> lists() {
  std::vector<std::string> all{"settings", "data"};
  for (const Kind& kind : kKinds) all.emplace_back(kind.name);
  return all;
}

std::string rows_text(const Registry& rows) {
  std::size_t width = 0;
  for (const Registry::Row& row : rows.rows()) width = std::max(width, row.info->name.size());
  std::string text;
  for (const Registry::Row& row : rows.rows())
    text += fmt::format("{:<{}}  {}\n", row.info->name, width, row.info->doc);
  return text;
}

std::string leaves_text(const std::vector<config::Leaf>& leaves) {
  std::string text;
  for (const config::Leaf& leaf : leaves) {
    const std::string range = leaf.range.empty() ? "" : " " + leaf.range;
    text += fmt::format("  {} = {}\n      {}: {}{}\n", leaf.name, leaf.value.empty() ? "\"\"" : leaf.value,
                        leaf.doc, leaf.kind, range);
  }
  return text;
}

/// The same as list_text, as a document.
Json list_json(const std::string& what) {
  Experiment experiment;
  if (what == "settings") return leaves_json(config::leaves(experiment, config::Objects::skip));
  if (what == "data") return data::known_sets();
  if (what.empty()) return lists();
  for (const Kind& kind : kKinds) {
    if (what == kind.name) return rows_json(kind.rows());
  }
  return {};
}

std::string settings_text() {
  Experiment experiment;
  return "The keys of run.toml, each also an option (--train.epochs 3) or --set train.epochs=3:\n" +
         leaves_text(config::leaves(experiment, config::Objects::skip));
}

std::string data_text() {
  std::string text;
  for (const std::string& name : data::known_sets()) text += name + "\n";
  return text +
         "\nor a folder with four IDX files, or a .csv file. chainrule data list says which are there.\n";
}

/// One key of run.toml, or a group of them; "" if there is none.
std::string setting_text(const std::string& name) {
  Experiment experiment;
  std::vector<config::Leaf> found = config::leaves(experiment, config::Objects::skip);
  std::erase_if(found, [&](const config::Leaf& leaf) {
    return leaf.name != name && !leaf.name.starts_with(name + ".");
  });
  return leaves_text(found);
}

/// What `list` knows: a kind, "settings" or "data"; or "".
std::string list_text(const std::string& what) {
  if (what == "settings") return settings_text();
  if (what == "data") return data_text();
  for (const Kind& kind : kKinds) {
    if (what == kind.name) return rows_text(kind.rows());
  }
  return "";
}

/// One row of a table, with its settings; "" if there is none. Names may stand in several tables.
std::string row_text(const std::string& name) {
  std::string text;
  for (const Kind& kind : kKinds) {
    const Registry::Row* row = kind.rows().find(name);
    if (row == nullptr) continue;
    text += fmt::format("{} ({}): {}\n", row->info->name, kind.rows().kind(), row->info->doc);
    const Shared<Configurable> made(row->make());
    if (made) text += leaves_text(config::leaves(*made, config::Objects::skip));
  }
  return text;
}

int list(const std::string& what, bool is_json) {
  const std::vector<std::string> known = lists();
  if (is_json && (what.empty() || std::find(known.begin(), known.end(), what) != known.end())) {
    write_text(stdout, json_text(list_json(what)));
    return kDone;
  }
  if (what.empty()) {
    std::string text;
    for (const Kind& kind : kKinds) text += fmt::format("{:<14}{}\n", kind.name, kind.doc);
    write_text(stdout,
               text + "data          sets that are known by name\nsettings      the keys of run.toml\n");
    return kDone;
  }
  const std::string text = list_text(what);
  if (text.empty()) {
    const std::string near = nearest(what, lists());
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
  std::string text = error_text(topic);
  if (text.empty()) text = list_text(topic);
  if (text.empty()) text = row_text(topic);
  if (text.empty()) text = setting_text(topic);
  if (text.empty()) {
    const std::string near = nearest(topic, topics(app));
    complain(
        fmt::format("there is no topic '{}'.{} Topics are commands, what chainrule list names, and errors: "
                    "chainrule help E012.",
                    topic, near.empty() ? "" : fmt::format(" Did you mean {}?", near)));
    return kUsage;
  }
  write_text(stdout, text);
  return kDone;
}

}  // namespace

std::vector<std::string> names_of_list(const std::string& list) {
  if (list.empty()) return lists();
  std::vector<std::string> names;
  for (const Kind& kind : kKinds) {
    if (kind.name != list) continue;
    for (const Registry::Row& row : kind.rows().rows()) names.emplace_back(row.info->name);
  }
  return names;
}

std::vector<std::string> topics(const CLI::App& app) {
  std::vector<std::string> all = lists();
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; }))
    all.push_back(sub->get_name());
  for (const Kind& kind : kKinds) {
    for (const std::string& name : names_of_list(kind.name)) all.push_back(name);
  }
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
  const auto topic = std::make_shared<std::string>();
  CLI::App& helped = *app.add_subcommand("help", "Explain a command, a layer, a setting, an error");
  helped.add_option("TOPIC", *topic, "a command, a name that chainrule list has, or an error")->type_name("");
  helped.footer("Examples:\n  chainrule help train\n  chainrule help conv2d\n  chainrule help E012");
  return [&app, topic] { return help(app, *topic); };
}

}  // namespace chainrule::cli
