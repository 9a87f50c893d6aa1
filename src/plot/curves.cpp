// The plot of a history.
#include <algorithm>
#include <cmath>

#include "chainrule/plot/plot.h"

namespace chainrule::plot {
namespace {

/// "accuracy" of "test.accuracy".
std::string metric_of(const std::string& name) { return name.substr(name.rfind('.') + 1); }

Figure& figure_of(std::vector<Figure>& figures, const std::string& title) {
  const auto at =
      std::find_if(figures.begin(), figures.end(), [&](const Figure& f) { return f.title == title; });
  if (at != figures.end()) return *at;
  figures.push_back({.title = title, .x = {.label = "step"}});
  return figures.back();
}

void add(std::vector<Figure>& figures, const std::string& metric, const std::string& name, double step,
         double value) {
  Figure& figure = figure_of(figures, metric);
  const auto at = std::find_if(figure.series.begin(), figure.series.end(),
                               [&](const Series& s) { return s.name == name; });
  Series& series = at != figure.series.end() ? *at : figure.series.emplace_back(Series{.name = name});
  series.x.push_back(step);
  series.y.push_back(value);
}

/// Losses that become a hundred times smaller are seen on a logarithmic axis alone.
void choose_axis(Figure& figure) {
  double low = INFINITY, high = 0;
  for (const Series& series : figure.series) {
    for (const double y : series.y) {
      if (y <= 0) return;
      if (std::isfinite(y)) low = std::min(low, y), high = std::max(high, y);
    }
  }
  figure.y.logarithmic = high > 100 * low;
}

/// A metric has its color, whichever figure it is in: that of its part.
int color_of(const std::string& name) {
  static constexpr std::string_view kParts[] = {"training", "test", "validation", "train"};
  const auto at = std::find(std::begin(kParts), std::end(kParts), name);
  return at == std::end(kParts) ? -1 : static_cast<int>(at - std::begin(kParts));
}

}  // namespace

Drawn Curves::draw(const Subject& of) const {
  if (of.history.empty()) return {.missing = "it needs a run's history, and there is no report"};
  std::vector<Figure> figures;
  for (const train::Report& report : of.history) {
    const auto step = static_cast<double>(report.step);
    add(figures, "loss", "training", step, report.loss);
    for (const train::Measure& measure : report.metrics) {
      if (!measure.matrix.empty()) continue;
      const std::size_t dot = measure.name.rfind('.');
      add(figures, metric_of(measure.name), dot == std::string::npos ? "" : measure.name.substr(0, dot), step,
          measure.value);
    }
  }
  for (const train::Report& report : of.history) {
    if (report.lr != of.history.front().lr) {
      for (const train::Report& each : of.history) {
        add(figures, "learning rate", "", static_cast<double>(each.step), each.lr);
      }
      break;
    }
  }
  for (Figure& figure : figures) {
    if (figure.title == "loss") choose_axis(figure);
    for (Series& series : figure.series) series.color = color_of(series.name);
  }
  return {figures};
}

}  // namespace chainrule::plot
