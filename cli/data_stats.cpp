// chainrule data stats: what is in data, by column.
#include "data_stats.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <vector>

#include "chainrule/ops.h"
#include "experiment.h"
#include "explain/table.h"
#include "json_text.h"
#include "table_file.h"

namespace chainrule::cli {
namespace {

using Json = nlohmann::ordered_json;

/// Numbers one after the other (Welford's running mean and sum of squares). A NaN is a missing one.
struct Running {
  double smallest = std::numeric_limits<double>::infinity(), largest = -smallest, mean = 0, squares = 0;
  std::int64_t count = 0, missing = 0;

  void add(double value) {
    if (std::isnan(value)) {
      ++missing;
      return;
    }
    ++count;
    smallest = std::min(smallest, value), largest = std::max(largest, value);
    const double from_mean = value - mean;
    mean += from_mean / static_cast<double>(count);
    squares += from_mean * (value - mean);
  }
  double deviation() const {
    return count > 0 ? std::sqrt(squares / static_cast<double>(count)) : std::nan("");
  }
};

struct ClassCount {
  std::string name;
  std::int64_t rows = 0;
};

struct ColumnStats {
  std::string name, dtype;
  Shape shape;
  Running numbers;
  std::vector<ClassCount> classes;  // of class numbers and words
  bool has_classes = false;
};

struct Part {
  std::string name;
  std::int64_t rows = 0;
  std::vector<ColumnStats> columns;
};

void count_class(ColumnStats& column, std::int64_t number) {
  const auto place = static_cast<std::size_t>(std::max<std::int64_t>(number, 0));
  while (column.classes.size() <= place) column.classes.push_back({std::to_string(column.classes.size())});
  ++column.classes[place].rows;
}

Part part_of(const std::string& name, const data::Source& rows) {
  constexpr std::int64_t kMostClasses = 100'000;
  Part part{name, rows.rows(), {}};
  for (const data::Column& column : rows.columns()) {
    ColumnStats stats{column.name, std::string(chainrule::name_of(column.dtype)), column.shape, {}, {}};
    const bool is_last = &column == &rows.columns().back();
    stats.has_classes = is_last && !is_floating(column.dtype) && column.shape.ndim() == 0;
    for (const std::string& each : column.classes) stats.classes.push_back({each});
    part.columns.push_back(std::move(stats));
  }
  for (const data::Batch& batch : data::blocks(rows)) {
    for (std::size_t i = 0; i < part.columns.size(); ++i) {
      ColumnStats& column = part.columns[i];
      for (const double value : cast(batch[static_cast<int>(i)], f64).to_vector()) {
        column.numbers.add(value);
        if (column.has_classes && value >= 0 && value < kMostClasses)
          count_class(column, std::llround(value));
      }
    }
  }
  return part;
}

/// Of a table each column by itself; cells without a value are counted.
Part part_of(const data::Table& table) {
  Part part{"all", table.rows(), {}};
  for (const Shared<const data::TableColumn>& column : table.columns()) {
    ColumnStats stats{column->name, column->has_words() ? "words" : "number", {}, {}, {}};
    stats.has_classes = column->has_words();
    for (const std::string& word : column->words) stats.classes.push_back({word});
    for (const double value : column->numbers) {
      if (stats.has_classes) {
        count_class(stats, std::llround(value));
      } else {
        stats.numbers.add(value);
      }
    }
    const auto missing = std::find_if(stats.classes.begin(), stats.classes.end(),
                                      [](const ClassCount& each) { return each.name == "missing"; });
    if (missing != stats.classes.end()) {
      stats.numbers.missing = missing->rows;
      stats.classes.erase(missing);
    }
    part.columns.push_back(std::move(stats));
  }
  return part;
}

std::vector<Part> parts_of(const std::string& name, const std::string& dir) {
  if (kind_of(name) == DataKind::table) {
    return {part_of(data::read_csv(name, {.codes = names_in(name),
                                          .missing = data::Missing::value,
                                          .missing_value = std::numeric_limits<double>::quiet_NaN()}))};
  }
  if (kind_of(name) == DataKind::arrays) return {part_of("all", data::read_npz(name, {}))};
  DataSettings settings;
  settings.name = name, settings.dir = dir, settings.test = 0, settings.scale = Scale::none;
  const LoadedData data = load_data(settings, 0);
  std::vector<Part> parts{part_of(data.test ? "train" : "all", data.train)};
  if (data.test) parts.push_back(part_of("test", data.test));
  return parts;
}

std::string classes_text(const ColumnStats& column) {
  constexpr std::size_t kMost = 20;
  std::vector<ClassCount> sorted = column.classes;
  const bool are_many = sorted.size() > kMost;
  if (are_many) {  // the most frequent ones
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const auto& a, const auto& b) { return a.rows > b.rows; });
    sorted.resize(kMost);
  }
  std::string text = fmt::format("\n{}: {} {}{}\n", column.name, column.classes.size(),
                                 column.dtype == "words" ? "words" : "classes",
                                 are_many ? fmt::format(", the {} most frequent", kMost) : "");
  std::size_t width = 0;
  for (const ClassCount& each : sorted) width = std::max(width, each.name.size());
  for (const ClassCount& each : sorted) text += fmt::format("  {:<{}}  {:>7}\n", each.name, width, each.rows);
  return text;
}

std::string text_of(const Part& part) {
  const auto number = [](const ColumnStats& column, double value) {
    return column.numbers.count > 0 ? fmt::format("{:.4g}", value) : "";
  };
  std::string text = fmt::format("{}: {} rows of {} columns\n", part.name, part.rows, part.columns.size());
  explain::Table table({"column", "type", "shape", ">missing", ">min", ">mean", ">deviation", ">max"});
  for (const ColumnStats& c : part.columns) {
    table.add({c.name, c.dtype, c.shape.ndim() > 0 ? c.shape.to_string() : "",
               std::to_string(c.numbers.missing), number(c, c.numbers.smallest), number(c, c.numbers.mean),
               number(c, c.numbers.deviation()), number(c, c.numbers.largest)});
  }
  text += table.to_string();
  for (const ColumnStats& column : part.columns) {
    if (column.has_classes) text += classes_text(column);
  }
  return text;
}

Json json_of(const Part& part) {
  Json columns = Json::array();
  for (const ColumnStats& c : part.columns) {
    const bool has_numbers = c.numbers.count > 0;
    const auto number = [&](double value) { return has_numbers ? Json(value) : Json(); };
    Json classes = Json::array();
    for (const ClassCount& each : c.classes) classes.push_back({{"name", each.name}, {"rows", each.rows}});
    columns.push_back({{"name", c.name},
                       {"type", c.dtype},
                       {"shape", std::vector<std::int64_t>(c.shape.begin(), c.shape.end())},
                       {"missing", c.numbers.missing},
                       {"min", number(c.numbers.smallest)},
                       {"mean", number(c.numbers.mean)},
                       {"deviation", number(c.numbers.deviation())},
                       {"max", number(c.numbers.largest)},
                       {"classes", c.has_classes ? std::move(classes) : Json()}});
  }
  return {{"part", part.name}, {"rows", part.rows}, {"columns", std::move(columns)}};
}

}  // namespace

std::string data_stats(const std::string& name, const std::string& dir, bool is_json) {
  const std::vector<Part> parts = parts_of(name, dir);
  if (is_json) {
    Json all{{"name", name}, {"parts", Json::array()}};
    for (const Part& part : parts) all["parts"].push_back(json_of(part));
    return json_text(all);
  }
  std::string text;
  for (const Part& part : parts) {
    if (!text.empty()) text += "\n";
    text += text_of(part);
  }
  return text;
}

}  // namespace chainrule::cli
