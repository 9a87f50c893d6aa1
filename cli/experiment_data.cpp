// The data of a run, by name or from a file.
#include <fmt/format.h>

#include <utility>

#include "chainrule/error.h"
#include "experiment.h"

namespace chainrule::cli {

bool is_table(std::string_view name) {
  for (const std::string_view end : {".csv", ".tsv", ".csv.gz", ".tsv.gz"}) {
    if (name.ends_with(end)) return true;
  }
  return false;
}

namespace {

/// Classes and a name for people, from what the target is.
void learn_target(LoadedData& data) {
  const data::Column* target = data.train.target();
  data.has_classes = target != nullptr && !is_floating(target->dtype);
  data.classes = data.train.class_names();
  data.class_count = data.train.classes();
}

void scale(LoadedData& data, Scale how, data::Per per) {
  if (how == Scale::none) return;
  const data::ScalerOptions options{.per = per,
                                    .target = data.train.target() != nullptr && !data.has_classes};
  if (how == Scale::min_max) {
    data.scaler = Shared<data::Scaler>(new data::MinMax(data::min_max(data.train, options)));
  } else {
    data.scaler = Shared<data::Scaler>(new data::Standardize(data::standardize(data.train, options)));
  }
}

LoadedData load_table(const DataSettings& settings) {
  const data::Table table = data::read_csv(settings.name, settings.csv);
  LoadedData data;
  data.train = table;
  if (settings.test > 0) {
    const auto [train, test] = data::split(data.train, 1 - settings.test);
    data.train = train, data.test = test;
  }
  learn_target(data);
  data.target = table.target();
  if (data.target.empty()) {
    throw ValueError(343, fmt::format("[train] {} has no target. Name the column to be learnt: --target {}.",
                                      settings.name, table.names().back()));
  }
  for (const Shared<const data::TableColumn>& column : table.columns()) {
    if (column->name != data.target) data.columns.push_back(column);
  }
  data.described =
      fmt::format("{}: {} training and {} test rows of {} numbers, target {}", settings.name,
                  data.train.rows(), data.test ? data.test.rows() : 0, data.train.columns()[0].shape.numel(),
                  data.has_classes ? fmt::format("{} with {} classes", table.target(), data.class_count)
                                   : table.target());
  return data;
}

LoadedData load_images(const DataSettings& settings) {
  // The digits are the same for every seed, as those of a file are: a seed is that of a training run.
  const data::Dataset set = data::load(settings.name, {.data_dir = settings.dir});
  LoadedData data;
  data.train = set.train, data.test = set.test;
  learn_target(data);
  data.class_count = set.classes;
  data.described =
      fmt::format("{}: {} training and {} test images of {} x {}, {} classes", set.name, set.train.count,
                  set.test.count, set.train.height, set.train.width, set.classes);
  return data;
}

}  // namespace

LoadedData load_data(const DataSettings& settings, std::uint64_t seed) {
  const bool tables = is_table(settings.name);
  LoadedData data = tables ? load_table(settings) : load_images(settings);
  if (settings.validation > 0) {
    const auto [train, validation] = data::split(data.train, 1 - settings.validation, {.seed = seed});
    data.train = train, data.validation = validation;
    data.described += fmt::format("; {} of the training part are for validation", validation.rows());
  }
  const Scale automatic = tables ? Scale::standardize : Scale::none;
  scale(data, settings.scale == Scale::automatic ? automatic : settings.scale,
        tables ? data::Per::feature : data::Per::channel);
  return data;
}

}  // namespace chainrule::cli
