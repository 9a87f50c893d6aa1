// The picture of a sweep.
#include "sweep_picture.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "chainrule/plot.h"

namespace chainrule::cli {
namespace {

bool is_number(const config::Value& value) {
  return value.kind == config::Value::Kind::number || value.kind == config::Value::Kind::integer;
}
double number_in(const config::Value& value) {
  return value.kind == config::Value::Kind::integer ? static_cast<double>(value.integer) : value.number;
}

/// Numbers: a dot a run.
void add_dots(plot::Figure& figure, const std::vector<const config::Value*>& values,
              const std::vector<double>& scores) {
  constexpr double kWide = 50;  // of so many times the smallest, logarithms are easier to read
  plot::Series dots{.style = plot::Series::Style::dots};
  for (const config::Value* value : values) dots.x.push_back(number_in(*value));
  dots.y = scores;
  const auto [low, high] = std::minmax_element(dots.x.begin(), dots.x.end());
  figure.x.logarithmic = *low > 0 && *high >= kWide * *low;
  figure.series.push_back(std::move(dots));
}

/// Others: a bar a value, the best of its runs.
void add_best_bars(plot::Figure& figure, const std::vector<const config::Value*>& values,
                   const std::vector<double>& scores, bool larger_is_better) {
  std::vector<std::string> names;
  std::vector<double> best;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(scores[i])) continue;
    const std::string name = config::to_text(*values[i]);
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) {
      names.push_back(name), best.push_back(scores[i]);
      continue;
    }
    double& height = best[static_cast<std::size_t>(found - names.begin())];
    height = larger_is_better ? std::max(height, scores[i]) : std::min(height, scores[i]);
  }
  figure.bars = plot::named_bars(names, best);
  figure.note = "the best run of each";
}

}  // namespace

std::string sweep_svg(const train::SweepResult& result, const std::string& measured, bool larger_is_better) {
  std::vector<double> scores;
  for (const train::Trial& trial : result.trials) scores.push_back(trial.score);
  std::vector<plot::Figure> figures;
  for (std::size_t i = 0; i < result.trials.front().point.settings().size(); ++i) {
    const std::string& key = result.trials.front().point.settings()[i].key;
    std::vector<const config::Value*> values;
    for (const train::Trial& trial : result.trials) values.push_back(&trial.point.settings()[i].value);
    plot::Figure figure{.title = key, .x = {.label = key}, .y = {.label = measured}};
    const bool are_numbers =
        std::all_of(values.begin(), values.end(), [](const auto* v) { return is_number(*v); });
    if (are_numbers) {
      add_dots(figure, values, scores);
    } else {
      add_best_bars(figure, values, scores, larger_is_better);
    }
    figures.push_back(std::move(figure));
  }
  return plot::svg(figures, "What came of " + std::to_string(scores.size()) + " runs");
}

}  // namespace chainrule::cli
