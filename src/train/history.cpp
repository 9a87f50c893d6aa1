// Reports: looking numbers up, and writing them as lines of JSON.
#include "chainrule/train/history.h"

#include <cmath>
#include <limits>
#include <ostream>

#include "chainrule/config.h"
#include "chainrule/error.h"
#include "core/nearest.h"
#include "core/text.h"

namespace chainrule::train {
namespace {

using config::Value;

Value rows_of(const std::vector<double>& matrix) {
  const auto size = static_cast<std::size_t>(std::lround(std::sqrt(static_cast<double>(matrix.size()))));
  std::vector<Value> rows;
  for (std::size_t i = 0; i < size; ++i) {
    std::vector<Value> row;
    for (std::size_t j = 0; j < size; ++j) row.emplace_back(matrix[i * size + j]);
    rows.push_back(Value::of_list(std::move(row)));
  }
  return Value::of_list(std::move(rows));
}

double number_of(const Value& value) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (value.kind == Value::Kind::integer) return static_cast<double>(value.integer);
  if (value.kind == Value::Kind::number) return value.number;
  if (value.kind == Value::Kind::text && value.text == "nan") return std::numeric_limits<double>::quiet_NaN();
  if (value.kind == Value::Kind::text && value.text == "inf") return kInfinity;
  if (value.kind == Value::Kind::text && value.text == "-inf") return -kInfinity;
  throw ValueError(305, cat("[history] ", value.place.text(),
                            ": this is no number. A line of history.jsonl is a "
                            "report, as to_json writes it."));
}

const Value& part(const Value& of, std::string_view key) {
  const Value* found = of.kind == Value::Kind::table ? of.find(key) : nullptr;
  if (found != nullptr) return *found;
  throw ValueError(305, cat("[history] ", of.place.text(), ": \"", key,
                            "\" is missing. A line of history.jsonl is a "
                            "report, as to_json writes it."));
}

}  // namespace

const double* Report::find(std::string_view name) const {
  if (name == "loss") return &loss;
  for (const Measure& measure : metrics) {
    if (measure.name == name) return &measure.value;
  }
  return nullptr;
}

double Report::operator[](std::string_view name) const {
  if (const double* value = find(name)) return *value;
  std::vector<std::string> names{"loss"};
  std::string list = "loss";
  for (const Measure& measure : metrics) {
    names.push_back(measure.name);
    list += ", " + measure.name;
  }
  const std::string near = nearest(name, names);
  throw ValueError(300, cat("[report] \"", name, "\" was not measured; there are ", list, ".",
                            near.empty() ? "" : cat(" Did you mean \"", near, "\"?")));
}

std::string to_json(const Report& report) {
  std::vector<config::Entry> metrics, matrices;
  for (const Measure& measure : report.metrics) {
    metrics.push_back({measure.name, Value(measure.value)});
    if (!measure.matrix.empty()) matrices.push_back({measure.name, rows_of(measure.matrix)});
  }
  std::vector<config::Entry> all{
      {"step", Value(report.step)},       {"epoch", Value(report.epoch)},
      {"lr", Value(report.lr)},           {"loss", Value(report.loss)},
      {"seconds", Value(report.seconds)}, {"metrics", Value::of_table(std::move(metrics))}};
  if (!matrices.empty()) all.push_back({"matrices", Value::of_table(std::move(matrices))});
  return config::to_json(Value::of_table(std::move(all)), 0);
}

Report parse_report(std::string_view json) {
  const Value all = config::parse_json(json, "history.jsonl");
  Report report;
  report.step = static_cast<std::int64_t>(number_of(part(all, "step")));
  report.epoch = number_of(part(all, "epoch"));
  report.lr = number_of(part(all, "lr"));
  report.loss = number_of(part(all, "loss"));
  report.seconds = number_of(part(all, "seconds"));
  const Value* matrices = all.find("matrices");
  for (const config::Entry& metric : part(all, "metrics").table) {
    Measure measure{metric.key, number_of(metric.value)};
    const Value* rows = matrices != nullptr ? matrices->find(metric.key) : nullptr;
    for (const Value& row : rows != nullptr ? rows->list : std::vector<Value>()) {
      for (const Value& number : row.list) measure.matrix.push_back(number_of(number));
    }
    report.metrics.push_back(std::move(measure));
  }
  return report;
}

std::ostream& operator<<(std::ostream& out, const Report& report) {
  out << "step " << report.step << ", epoch " << report.epoch << ": loss " << report.loss;
  for (const Measure& measure : report.metrics) out << ", " << measure.name << " " << measure.value;
  return out;
}

}  // namespace chainrule::train
