// What a training run is made of: its settings, and what follows from them.
#include "experiment.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <regex>
#include <tuple>
#include <utility>

#include "chainrule/error.h"
#include "chainrule/io.h"
#include "chainrule/ops.h"
#include "fit.h"
#include "key_names.h"
#include "sized_net.h"

namespace chainrule::cli {

const char* const kBooksRun = R"(net = "two_layer_net"

[optimizer]
rule = "sgd"
lr = 0.1

[train]
steps = 10000
order = "with_replacement"
measure_train = true
)";

void DataSettings::fields(Fields& f) {
  static constexpr std::string_view kScales[] = {"auto", "none", "standardize", "min_max"};
  f("name", name,
    "a set by name, or a path: .csv, .npz or .txt file, folder of a set's files, of pictures in a folder a "
    "class");
  f("dir", dir, "where to look first for a named set's files");
  f("csv", csv, "of a .csv file");
  f("npz", npz, "of an .npz file");
  f("pictures", pictures, "of a folder of pictures");
  f("text", text, "of a .txt file");
  f("test", test, "share of the rows that is set aside to test on, where the data have no test part",
    fraction());
  f("validation", validation, "share of the training rows that is set aside to measure on", fraction());
  f("scale", scale, kScales, "of the inputs; auto: standardize for tables, none for images");
  f("augment", augment, "what is done to each batch, in order");
  f("workers", workers, "threads that prepare batches ahead", between(0, 256));
  f("on_disk", on_disk,
    "whether rows stay in their file and each batch reads its own: for .csv, .npz and IDX files larger than "
    "memory");
}

void TextSettings::fields(Fields& f) {
  f("length", length, "characters of a row", between(1, 1'000'000));
  f("lines", lines, "whether each line is a row, or each place of the text begins one");
}

void OptimizerSettings::fields(Fields& f) {
  f("rule", rule.handle(), "how a step changes a parameter");
  options.fields(f);
}

void TrainSettings::fields(Fields& f) {
  static constexpr std::string_view kOrders[] = {"shuffled", "sequential", "with_replacement", "balanced"};
  f("epochs", epochs, "how often all rows are seen; 0: steps decide, or it is 10", at_least(0));
  f("steps", steps, "batches to train on, in place of epochs; 0: epochs decide", at_least(0));
  f("batch_size", batch_size, "rows a step", between(1, 100'000'000));
  f("shards", shards, "parts of a batch whose gradients are made alone and added up: what ranks share",
    between(1, 1'000'000));
  f("sync_batch_norm", sync_batch_norm,
    "whether batch norm sees all shards of a step, or each one by itself");
  f("order", order, kOrders, "in which rows come; the last two draw them, balanced each class equally often");
  f("report_every", report_every, "steps from one report to the next; 0: an epoch, of texts 250 at most",
    at_least(0));
  train::side_fields(f, *this);
  f("measure_train", measure_train, "whether the training rows are measured for each report as well");
}

void Experiment::fields(Fields& f) {
  f("seed", seed, "of the first weights, the order of the rows and what is random in layers");
  f("net", net, "the net");
  f("loss", loss, "the loss; without one softmax_cross_entropy for classes, mse for numbers");
  f("metrics", metrics,
    "what is measured; without any accuracy for classes and for a yes or no, rmse and r2 for numbers");
  f("data", data, "what is learnt from");
  f("optimizer", optimizer, "how it is learnt");
  f("train", train, "how long");
}

namespace {

/// The error of a setting that there is not, with the one that was probably meant.
ValueError with_hint(const ValueError& error, const std::string& key, const Experiment& experiment) {
  constexpr int kUnknown = 226;
  const std::string message = error.what(), near = key_near(key, experiment);
  if (error.code() != kUnknown || near.empty() || message.find("Did you mean") != std::string::npos)
    return error;
  const std::size_t end = std::min(message.find(" There are:"), message.rfind(" (E"));
  return {kUnknown, fmt::format("{} Did you mean {}?", message.substr(0, end), near)};
}

/// Puts a net that is written with its sizes in the place of their text. @return  the size of its input, or
/// 0.
std::int64_t resolve_sizes(config::Value& net, const std::string& source) {
  if (net.kind != config::Value::Kind::text) return 0;
  const std::optional<SizedNet> sized = read_sized_net(net.text, source);
  if (sized) net.text = sized->net;
  return sized ? sized->input : 0;
}

}  // namespace

void apply(Experiment& experiment, const Given& given) {
  std::string text = given.text;
  if (given.key == "net") {
    config::Value net(
        text.substr(text.starts_with('"') ? 1 : 0, text.size() - (text.starts_with('"') ? 2 : 0)));
    experiment.input = resolve_sizes(net, given.option);
    if (experiment.input > 0) text = net.text;
  }
  try {
    config::set(experiment, given.key, text, given.option);
  } catch (const ValueError& error) {
    throw with_hint(error, given.key, experiment);
  }
  if (given.key == "train.steps") experiment.train.epochs = 0;  // who says one means that one
  if (given.key == "train.epochs") experiment.train.steps = 0;
}

Experiment read_run(const std::string& folder) {
  const std::string path = folder + "/run.toml";
  std::error_code ignored;
  config::Value run;
  if (std::filesystem::exists(path, ignored)) run = config::parse_toml(io::read_file(path), path);
  const config::Value* kept = run.kind == config::Value::Kind::table ? run.find("options") : nullptr;
  if (kept == nullptr && !std::filesystem::exists(folder, ignored)) {
    throw FileError(
        311, fmt::format("[train] {}: there is no such folder. Name that of a run that was started with "
                         "--out.",
                         folder));
  }
  if (kept == nullptr) {
    throw FileError(
        311, fmt::format("[train] {} has no run.toml of chainrule train. A run that can be resumed is one "
                         "that was started with --out.",
                         folder));
  }
  Experiment experiment;
  config::read(experiment, *kept);
  return experiment;
}

train::History history_of(const std::string& folder) {
  const std::string path = folder + "/history.jsonl";
  std::error_code ignored;
  train::History history;
  if (!std::filesystem::exists(path, ignored)) return history;
  const std::string lines = io::read_file(path, std::uint64_t{1} << 32);
  for (std::size_t at = 0, end = 0; (end = lines.find('\n', at)) != std::string::npos; at = end + 1) {
    try {
      history.push_back(train::parse_report(std::string_view(lines).substr(at, end - at)));
    } catch (const Error& error) {
      throw FileError(305, fmt::format("[history] {}, line {}: {}", path, history.size() + 1, error.what()));
    }
  }
  return history;
}

std::string value_of(const config::Settings& of, std::string_view key) {
  for (const config::Leaf& leaf : config::leaves(of)) {
    if (leaf.name == key) return leaf.value;
  }
  return "";
}

data::Transforms transforms_of(const DataSettings& settings) {
  data::Transforms transforms;
  for (const Shared<data::Transform>& one : settings.augment) transforms.add(one);
  return transforms;
}

namespace {

/// Who names data where settings belong is told how to give them.
void refuse_data(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::exists(path + "/run.toml", ignored)) {
    throw ValueError(353,
                     fmt::format("[config] {} is the folder of a run. Go on with it by --resume {}, or take "
                                 "settings from a file.",
                                 path, path));
  }
  const DataKind kind = kind_of(path);
  const bool is_table = kind == DataKind::table;
  if (kind == DataKind::set && !std::filesystem::is_directory(path, ignored)) return;
  throw ValueError(353,
                   fmt::format("[config] {} is data, not settings. Train on it with --data {}{}, or let "
                               "chainrule init write settings for it: chainrule init run.toml --data {}.",
                               path, path, is_table ? " --target COLUMN" : "", path));
}

}  // namespace

namespace {

/// "train.lr" of "... unknown setting 'lr' of train. ...".
std::string unknown_key(const std::string& message) {
  static const std::regex unknown("unknown setting '([^']+)'(?: of (data|optimizer|train))?\\.");
  std::smatch parts;
  if (!std::regex_search(message, parts, unknown)) return "";
  return parts[2].matched ? fmt::format("{}.{}", parts[2].str(), parts[1].str()) : parts[1].str();
}

}  // namespace

Experiment read_experiment(const std::string& path, const std::vector<Given>& given) {
  Experiment experiment;
  if (!path.empty()) refuse_data(path);
  config::Value value = path.empty() ? config::parse_toml(kBooksRun, "the books' run")
                                     : config::parse_toml(io::read_file(path), path);
  // Of a run's own run.toml, what chainrule train was told.
  if (const config::Value* of_run = value.find("options")) value = config::Value(*of_run);
  for (config::Entry& entry : value.table) {
    if (entry.key == "net") experiment.input = resolve_sizes(entry.value, entry.value.place.text());
  }
  try {
    config::read(experiment, value);
  } catch (const ValueError& error) {
    throw with_hint(error, unknown_key(error.what()), experiment);
  }
  for (const Given& one : given) apply(experiment, one);
  return experiment;
}

namespace {

/// Gives a net with a name what follows from the data, unless it was told: one of these settings at its
/// default.
void set_from_data(Shared<nn::Layer>& net, const char* name, std::int64_t value) {
  const Shared<Configurable> made(net->make_default());
  const std::string now = value_of(config::Settings(*net), name);
  if (!made || value == 0 || now.empty() || now != value_of(config::Settings(*made), name)) return;
  struct Owner {
    Shared<nn::Layer>& net;
    void fields(Fields& f) { f("net", net); }
  } owner{net};
  config::set(owner, fmt::format("net.{}", name), std::to_string(value));
}

/// What is learnt and measured where nothing is said.
struct Defaults {
  const char* loss;
  std::vector<const char*> metrics;
};
Defaults defaults_for(const LoadedData& data, const Shared<loss::Loss>& loss) {
  if (loss && loss->info().name == loss::Ctc::kInfo.name) return {"ctc", {"loss"}};  // labels have no places
  if (data.is_text) return {"softmax_cross_entropy(ignored=[-1], class_axis=-1)", {"perplexity"}};
  const bool is_yes_or_no = loss && refuses_numbers(*loss) && data.train.target()->shape.numel() == 1;
  if (data.has_classes || is_yes_or_no) return {"softmax_cross_entropy", {"accuracy"}};
  return {"mse", {"rmse", "r2"}};
}

void refuse_twice(const std::vector<Shared<metric::Metric>>& metrics) {
  std::vector<std::string> names;
  for (const Shared<metric::Metric>& metric : metrics) {
    const std::string name = config::describe(*metric);
    if (std::find(names.begin(), names.end(), name) != names.end())
      throw ValueError(355, fmt::format("[train] metrics has {} twice. Leave one of them out.", name));
    names.push_back(name);
  }
}

/// @throws ValueError  for an order that the data cannot have (E461), and settings that need others (E341,
///     E636).
void check_training(const TrainSettings& settings, const LoadedData& data, bool has_validation) {
  if (settings.order == data::Batches::Order::balanced &&
      (!data.has_classes || data.train.target()->shape.numel() != 1)) {
    throw ValueError(
        461, fmt::format("[train] train.order balanced draws each class equally often, and a row of {} has "
                         "no class. Take another order.",
                         data.is_text ? "a text" : "these data"));
  }
  for (const auto& [key, patience] :
       {std::pair("patience", settings.patience), std::pair("plateau_patience", settings.plateau_patience)}) {
    if (patience == 0 || has_validation) continue;
    throw ValueError(
        341, fmt::format("[train] train.{} needs rows to measure on. Set data.validation = 0.1, say.", key));
  }
  train::refuse_late_plateau(settings, kTrainNames);
}

/// The same of the inputs alone.
Shared<data::Scaler> without_target(const data::Scaler& scaler) {
  if (const auto* all = dynamic_cast<const data::Standardize*>(&scaler)) {
    auto* made = new data::Standardize(*all);
    made->target_mean.clear(), made->target_deviation.clear(), made->target_shape.clear();
    return Shared<data::Scaler>(made);
  }
  auto* made = new data::MinMax(dynamic_cast<const data::MinMax&>(scaler));
  made->target_smallest.clear(), made->target_largest.clear(), made->target_shape.clear();
  return Shared<data::Scaler>(made);
}

}  // namespace

void complete(Experiment& experiment, LoadedData& data) {
  if (!experiment.net) {
    throw ValueError(340, fmt::format("[train] there is no net. Set one: net = \"mlp([64, {}])\".",
                                      data.has_classes ? std::max<std::int64_t>(data.class_count, 2) : 1));
  }
  const std::int64_t numbers = data.train.target() != nullptr ? data.train.target()->shape.numel() : 0;
  set_from_data(experiment.net, data.is_text ? "vocabulary" : "output",
                data.has_classes ? data.class_count : numbers);
  if (data.is_text) set_from_data(experiment.net, "block", experiment.data.text.length);
  if (const std::int64_t row = data.train.columns()[0].shape.numel();
      experiment.input != 0 && experiment.input != row) {
    throw ValueError(
        631, fmt::format("[train] the net takes {} numbers a row, and the data have {}. Write {} as its "
                         "first size.",
                         experiment.input, row, row));
  }
  data::require_same_rows(data.train, transforms_of(experiment.data));
  const Defaults defaults = defaults_for(data, experiment.loss);
  if (!experiment.loss) experiment.loss = config::make<loss::Loss>(config::parse_text(defaults.loss));
  if (data.scaler && !data.scaler->targets().shift.empty() && refuses_numbers(*experiment.loss))
    data.scaler = without_target(*data.scaler);
  if (experiment.metrics.empty()) {
    for (const char* name : defaults.metrics) {
      experiment.metrics.push_back(config::make<metric::Metric>(config::Value(name)));
    }
  }
  refuse_twice(experiment.metrics);
  check_training(experiment.train, data, experiment.data.validation > 0);
}

train::Task make_task(const Experiment& experiment, const LoadedData& data) {
  nn::Layer& net = *experiment.net;
  train::Task::Metrics metrics(experiment.metrics.begin(), experiment.metrics.end());
  if (!data.scaler) return {net, loss::AnyLoss(experiment.loss), std::move(metrics)};
  const auto task = [loss = loss::AnyLoss(experiment.loss), scaler = data.scaler](
                        const nn::Layer& of, const data::Batch& batch, nn::Pass& pass) {
    const Tensor y = of.forward((*scaler)(batch[0]), pass), t = scaler->target(batch.target());
    train::Outcome outcome((*loss)(y, t), scaler->inverse(y), batch.target(), loss->counted(y, t, {}));
    if (pass.is_training()) return outcome;
    std::tie(outcome.prediction, outcome.target) = loss->for_metrics(outcome.prediction, outcome.target);
    return outcome;
  };
  return {net, task, std::move(metrics)};
}

void build_net(const Experiment& experiment, const LoadedData& data) {
  const Tensor row = data.train.take({0})[0];
  const Tensor x = data.scaler ? (*data.scaler)(row) : row;
  experiment.net->build(x, {.seed = experiment.seed});
  const Tensor y = experiment.net->predict(x);
  const std::int64_t given = y.numel();
  const std::int64_t wanted = data.has_classes ? data.class_count : data.train.target()->shape.numel();
  if (y.ndim() != 2 || wanted == 0 || given == wanted) return check_fit(experiment, data);
  const std::string needed = data.has_classes ? fmt::format("the data have {} classes", wanted)
                                              : fmt::format("the target has {}", wanted);
  throw ShapeError(
      342, fmt::format("[train] the net gives {} numbers a row, {}. Let its last layer give {}: affine({}).",
                       given, needed, wanted, wanted));
}

}  // namespace chainrule::cli
