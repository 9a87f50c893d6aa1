// Metrics of the order in which predictions put the rows.
#include <algorithm>
#include <limits>

#include "chainrule/ops.h"
#include "train/metric_classes.h"

namespace chainrule::metric {
namespace {

/// Scores, and 1 for a yes, 0 for a no: (rows, 1), or (rows, C) of each class against the rest.
nn::Ports rows_of(std::string_view name, const Seen& of) {
  if (is_yes_or_no(of)) {
    const Tensor scores = reshape(cast(of.prediction, f64), {-1, 1});
    return {scores, reshape(cast(of.target > 0, f64), {-1, 1})};
  }
  const std::int64_t classes = of.prediction.size(-1);
  const Tensor numbers = reshape(classes_of(name, of), {-1});
  const Tensor scores = reshape(cast(of.prediction, f64), {-1, classes});
  if (classes != 2) return {softmax(scores), one_hot(numbers, classes, f64)};
  return {slice(scores, 1, 1, 2) - slice(scores, 1, 0, 1), expand_dims(cast(equal(numbers, 1), f64), 1)};
}

/// Rows of one score, from the largest down.
struct Step {
  double yes = 0, no = 0;
};

std::vector<Step> steps_of(const std::vector<double>& scores, const std::vector<double>& is_yes,
                           std::size_t column, std::size_t columns) {
  std::vector<std::size_t> order;
  for (std::size_t i = column; i < scores.size(); i += columns) order.push_back(i);
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
  std::vector<Step> steps;
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (i == 0 || scores[order[i]] != scores[order[i - 1]]) steps.emplace_back();
    (is_yes[order[i]] > 0 ? steps.back().yes : steps.back().no) += 1;
  }
  return steps;
}

/// The mean of f over the classes that have a yes and a no.
template <class F>
double mean_over_classes(std::span<const Tensor> sums, F f) {
  const std::vector<double> scores = sums[0].to_vector(), is_yes = sums[1].to_vector();
  const auto columns = static_cast<std::size_t>(sums[0].size(1));
  double sum = 0, count = 0;
  for (const double score : scores) {
    if (score != score) return std::numeric_limits<double>::quiet_NaN();
  }
  for (std::size_t column = 0; column < columns; ++column) {
    const std::vector<Step> steps = steps_of(scores, is_yes, column, columns);
    Step all;
    for (const Step& step : steps) all = {all.yes + step.yes, all.no + step.no};
    if (all.yes == 0 || all.no == 0) continue;
    sum += f(steps, all);
    ++count;
  }
  return count == 0 ? std::numeric_limits<double>::quiet_NaN() : sum / count;
}

}  // namespace

nn::Ports RocAuc::sums(const Seen& of) const { return rows_of(kInfo.name, of); }
double RocAuc::finish(std::span<const Tensor> sums) const {
  return mean_over_classes(sums, [](const std::vector<Step>& steps, const Step& all) {
    double area = 0, above = 0;
    for (const Step& step : steps) {
      area += step.no * (above + step.yes / 2);
      above += step.yes;
    }
    return area / (all.yes * all.no);
  });
}

nn::Ports AveragePrecision::sums(const Seen& of) const { return rows_of(kInfo.name, of); }
double AveragePrecision::finish(std::span<const Tensor> sums) const {
  return mean_over_classes(sums, [](const std::vector<Step>& steps, const Step& all) {
    double mean = 0, yes = 0, rows = 0;
    for (const Step& step : steps) {
      yes += step.yes, rows += step.yes + step.no;
      mean += step.yes / all.yes * (yes / rows);
    }
    return mean;
  });
}

}  // namespace chainrule::metric
