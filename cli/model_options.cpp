// What stands in a model file beside the net.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "experiment.h"
#include "notes.h"

namespace chainrule::cli {
namespace {

/// The mean; of words the most frequent one's place.
double usual_in(const data::TableColumn& column) {
  double sum = 0;
  std::vector<std::int64_t> counts(column.words.size());
  for (const double number : column.numbers) {
    sum += number;
    if (column.has_words()) ++counts[static_cast<std::size_t>(number)];
  }
  if (!column.has_words()) return sum / static_cast<double>(column.numbers.size());
  return static_cast<double>(std::max_element(counts.begin(), counts.end()) - counts.begin());
}

std::string columns_text(const LoadedData& data) {
  nlohmann::json all = nlohmann::json::array();
  for (const Shared<const data::TableColumn>& column : data.columns) {
    all.push_back({{"name", column->name},
                   {"words", column->words},
                   {"code", column->as_code},
                   {"usual", usual_in(*column)}});
  }
  return all.dump();
}

}  // namespace

ModelOptions model_options(const Experiment& experiment, const LoadedData& data) {
  ModelOptions options{.classes = data.classes};
  options.notes.emplace_back(kRun, config::to_toml(config::write(experiment)));
  const Shape& row = data.train.columns()[0].shape;
  options.notes.emplace_back(kInput,
                             nlohmann::json(std::vector<std::int64_t>(row.begin(), row.end())).dump());
  if (!data.columns.empty()) options.notes.emplace_back(kColumns, columns_text(data));
  if (data.scaler) {
    options.before = data.scaler->before(), options.after = data.scaler->after();
    options.notes.emplace_back(kScaler, config::to_text(config::write(*data.scaler)));
  }
  return options;
}

}  // namespace chainrule::cli
