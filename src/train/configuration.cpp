// What a training is, as text; and what two of them have not in common.
#include "train/configuration.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "chainrule/config.h"
#include "chainrule/io.h"
#include "chainrule/train/trainer.h"
#include "core/text.h"
#include "data/checksum.h"

namespace chainrule::train {
namespace {

using config::Entry;
using config::Value;
using Table = std::vector<Entry>;

template <class List, class F>
Value list_of(const List& list, F text_of) {
  std::vector<Value> values;
  for (const auto& item : list) values.emplace_back(text_of(item));
  return Value::of_list(std::move(values));
}

/// Leaves out what earlier versions did not know, where it is at its default: so that their runs go on.
void drop_defaults(Table& table, std::initializer_list<Entry> defaults) {
  std::erase_if(table, [&](const Entry& e) {
    return std::any_of(defaults.begin(), defaults.end(),
                       [&](const Entry& d) { return d.key == e.key && d.value == e.value; });
  });
}

Value optimizer_of(const optim::Optimizer& optimizer) {
  Table table{{"rule", Value(config::to_text(config::write(optimizer.rule())))}};
  Table options = config::write(optimizer.options()).table;
  drop_defaults(options, {{"l1", Value(0.0)}, {"accumulate", Value(1)}});
  for (Entry& setting : options) {
    for (Value& group : setting.value.list) drop_defaults(group.table, {{"l1", Value(-1.0)}});
    if (setting.value.kind == Value::Kind::call) setting.value = Value(config::to_text(setting.value));
    table.push_back(std::move(setting));
  }
  return Value::of_table(std::move(table));
}

/// Without what changes no batch.
Value loader_of(const data::LoaderOptions& options) {
  Table table = config::write(options).table;
  std::erase_if(table, [](const Entry& e) { return e.key == "workers" || e.key == "prefetch"; });
  return Value::of_table(std::move(table));
}

Value data_of(const data::Source& source) {
  const auto text_of = [](const data::Column& c) { return cat(c.name, " ", c.shape, " ", c.dtype); };
  return Value::of_table({{"rows", Value(source.rows())}, {"columns", list_of(source.columns(), text_of)}});
}

/// "loader.seed" and "1", ... for all that is no table.
void flatten(const Value& value, const std::string& name,
             std::vector<std::pair<std::string, std::string>>& out) {
  if (value.kind != Value::Kind::table) {
    out.emplace_back(name, value.kind == Value::Kind::text ? value.text : config::to_text(value));
    return;
  }
  for (const Entry& entry : value.table)
    flatten(entry.value, name.empty() ? entry.key : name + "." + entry.key, out);
}

using Settings = std::vector<std::pair<std::string, std::string>>;

Settings settings_of(const std::string& toml) {
  Settings found;
  const Value all = config::parse_toml(toml, "configuration");
  for (const Entry& entry : all.table) flatten(entry.value, entry.key, found);
  return found;
}

/// What is not the same, a line each.
/// @param there, here  where theirs and ours are: "in the run".
std::string compare(const Settings& theirs, const Settings& ours, const std::string& there,
                    const std::string& here) {
  const auto find = [](const Settings& settings, const std::string& name) -> const std::string* {
    for (const auto& [key, value] : settings) {
      if (key == name) return &value;
    }
    return nullptr;
  };
  std::string lines;
  for (const auto& [name, value] : theirs) {
    const std::string* own = find(ours, name);
    if (own == nullptr || *own != value) {
      lines +=
          cat("\n  ", name, " is ", value, " ", there, ", ", own != nullptr ? *own : "not there", " ", here);
    }
  }
  for (const auto& [name, value] : ours) {
    if (find(theirs, name) == nullptr)
      lines += cat("\n  ", name, " is not there ", there, ", ", value, " ", here);
  }
  return lines;
}

}  // namespace

std::string Trainer::configuration() const {
  const auto name_of_metric = [](const metric::AnyMetric& metric) { return config::describe(*metric); };
  Table all{{"net", Value(task_.net().describe())},
            {"loss", Value(task_.describe_loss())},
            {"metrics", list_of(task_.metrics(), name_of_metric)},
            {"seed", Value(options_.seed)},
            {"optimizer", optimizer_of(*optimizer_)},
            {"loader", loader_of(loader_.options())},
            {"data", data_of(loader_.source())}};
  if (options_.shards != 1) all.push_back({"shards", Value(options_.shards)});
  if (options_.shards != 1 && options_.sync_batch_norm) all.push_back({"sync_batch_norm", Value(true)});
  if (!task_.weights().empty()) all.push_back({"weights", Value(task_.weights())});
  return config::to_toml(Value::of_table(std::move(all)));
}

std::string rows_table(const data::Loader& loader, std::int64_t most_numbers) {
  const std::vector<double>& drawn = loader.options().weights;
  const std::string_view bytes(reinterpret_cast<const char*>(drawn.data()), drawn.size() * sizeof(double));
  return cat("\n[rows]\nchecksum = \"", data::checksum_of(loader.source(), most_numbers), "\"\nweights = \"",
             io::Fnv1a().add(bytes).hex(), "\"\n");
}

std::string differences(const std::string& of_run, const std::string& here) {
  Settings theirs = settings_of(of_run), ours = settings_of(here);
  const auto is_of_rows = [](const auto& setting) { return setting.first.rfind("rows.", 0) == 0; };
  const auto knows_rows = [&](const Settings& s) { return std::any_of(s.begin(), s.end(), is_of_rows); };
  const bool both_know = knows_rows(theirs) && knows_rows(ours);
  for (Settings* settings : {&theirs, &ours}) {
    std::erase_if(*settings, [&](const auto& setting) {
      return setting.first == "metrics" || (!both_know && is_of_rows(setting));  // metrics change no weight
    });
  }
  return compare(theirs, ours, "in the run", "here");
}

void require_same(Team& team, const std::string& toml) {
  const std::vector<std::string> all = team.gather(toml);
  const Settings first = settings_of(all.front());
  for (std::size_t i = 1; i < all.size(); ++i) {
    if (all[i] == all.front()) continue;
    const auto on = [](std::size_t rank) { return cat("on rank ", rank); };
    throw RankError(607, cat("[train] ", team.name_of(static_cast<int>(i)), " differs from ", team.name_of(0),
                             ":", compare(first, settings_of(all[i]), on(0), on(i)),
                             "\nStart all ranks with the same program, settings and data."));
  }
}

}  // namespace chainrule::train
