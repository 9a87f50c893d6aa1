// Plots of what nets say of numbers: predicted against true ones, and a map of two inputs.
#include <algorithm>
#include <cmath>

#include "chainrule/ops.h"
#include "core/text.h"
#include "plot/needs.h"
#include "plot/scale.h"

namespace chainrule::plot {
namespace {

constexpr std::size_t kMostDots = 1500, kMostDotsOfMap = 400;

struct Ends {
  double low = INFINITY, high = -INFINITY;
  void add(double number) {
    if (!std::isfinite(number)) return;
    low = std::min(low, number), high = std::max(high, number);
  }
  bool is_there() const { return low <= high; }
  Ends with_margin(double share) const {
    const double room = high > low ? share * (high - low) : std::max(0.1 * std::fabs(low), 0.5);
    return {low - room, high + room};
  }
};

/// Every so many rows that no more than `most` are drawn.
std::size_t stride_for(std::size_t rows, std::size_t most) {
  return std::max<std::size_t>(1, (rows + most - 1) / most);
}

/// The names of the numbers of a row.
std::vector<std::string> input_names(const Subject& of) {
  std::vector<std::string> names = of.rows.columns()[0].features;
  for (std::size_t i = names.size(); i < 2; ++i) names.push_back(cat('x', i + 1));
  return names;
}

/// The places of a grid, (size^2, 2), from the top left.
Tensor grid_of(const Ends& x, const Ends& y, std::int64_t size, DType dtype) {
  std::vector<double> places;
  const auto at = [&](const Ends& ends, std::int64_t i) {
    return ends.low + (ends.high - ends.low) * (static_cast<double>(i) + 0.5) / static_cast<double>(size);
  };
  for (std::int64_t row = 0; row < size; ++row) {
    for (std::int64_t column = 0; column < size; ++column) {
      places.push_back(at(x, column));
      places.push_back(at(y, size - 1 - row));
    }
  }
  return cast(from_data(places, {size * size, 2}), dtype);
}

/// The colors of classes, the stronger the surer the net is.
Picture map_of_classes(const Answers& answers, std::int64_t size) {
  std::size_t classes = 0;
  const std::vector<double> all = probabilities(answers, classes);
  Picture picture{size, size, std::vector<std::uint8_t>(static_cast<std::size_t>(4 * size * size))};
  for (std::int64_t i = 0; i < size * size; ++i) {
    const double* of_place = &all[static_cast<std::size_t>(i) * classes];
    const auto best = std::max_element(of_place, of_place + classes);
    const double guess = 1 / static_cast<double>(classes);
    set_pixel(picture, i / size, i % size, static_cast<int>(best - of_place),
              0.08 + 0.42 * (*best - guess) / (1 - guess));
  }
  return picture;
}

/// The rows as dots, a series a class.
std::vector<Series> dots_of(const Subject& of, const std::vector<double>& x, std::int64_t classes) {
  const Answers& answers = of.answers();
  const std::vector<std::string> names = of.class_names(classes);
  std::vector<Series> made(static_cast<std::size_t>(std::max<std::int64_t>(classes, 1)));
  for (std::size_t i = 0; i < made.size(); ++i) {
    made[i] = {.name = classes > 0 ? names[i] : cat(of.part, " rows"), .style = Series::Style::dots};
    if (classes == 0) made[i].color = 1;
  }
  const std::size_t rows = x.size() / 2;
  for (std::size_t row = 0; row < rows; row += stride_for(rows, kMostDotsOfMap)) {
    const double wanted = classes > 0 ? answers.wanted[row] : 0;
    if (!(wanted >= 0 && wanted < static_cast<double>(made.size()))) continue;
    made[static_cast<std::size_t>(wanted)].x.push_back(x[2 * row]);
    made[static_cast<std::size_t>(wanted)].y.push_back(x[2 * row + 1]);
  }
  return made;
}

}  // namespace

Drawn Regression::draw(const Subject& of) const {
  if (std::string why = lacks_answers(of); !why.empty()) return {.missing = why};
  constexpr const char* kNeed = "it needs targets that are numbers, as many as the net gives";
  if (!is_floating(of.rows.target()->dtype)) return {.missing = kNeed};
  const Answers& answers = of.answers();
  if (answers.wanted.size() != answers.said.size()) return {.missing = kNeed};
  constexpr std::int64_t kMostOutputs = 6;
  std::vector<Figure> figures;
  for (std::int64_t output = 0; output < std::min(answers.outputs, kMostOutputs); ++output) {
    Series dots{.name = cat(of.part, " rows"), .style = Series::Style::dots, .color = 0};
    Ends ends;
    const std::size_t apart = stride_for(static_cast<std::size_t>(answers.rows), kMostDots);
    for (std::size_t row = 0; row < static_cast<std::size_t>(answers.rows); row += apart) {
      const std::size_t at =
          row * static_cast<std::size_t>(answers.outputs) + static_cast<std::size_t>(output);
      dots.x.push_back(answers.wanted[at]);
      dots.y.push_back(answers.said[at]);
      ends.add(answers.wanted[at]), ends.add(answers.said[at]);
    }
    Figure figure{.title = answers.outputs > 1 ? cat("predicted against true, output ", output + 1)
                                               : "predicted against true",
                  .x = {.label = "true"},
                  .y = {.label = "predicted"}};
    if (ends.is_there()) {
      figure.series.push_back({.name = "exact",
                               .x = {ends.low, ends.high},
                               .y = {ends.low, ends.high},
                               .style = Series::Style::dashes,
                               .color = 6});
    }
    figure.series.push_back(dots);
    figures.push_back(figure);
  }
  return {figures};
}

void Decision::fields(Fields& f) { f("size", size, "places of the map along each side", between(2, 1000)); }

Drawn Decision::draw(const Subject& of) const {
  if (std::string why = lacks_answers(of); !why.empty()) return {.missing = why};
  const data::Column& input = of.rows.columns()[0];
  if (input.shape != Shape({2}) || !is_floating(input.dtype)) {
    return {.missing = cat("it needs rows of two numbers; they are ", input.shape)};
  }
  const Answers& answers = of.answers();
  const std::vector<double> x = of.rows.range(0, answers.rows)[0].to_vector<double>();
  Ends across, up;
  for (std::size_t i = 0; i + 1 < x.size(); i += 2) across.add(x[i]), up.add(x[i + 1]);
  if (!across.is_there() || !up.is_there()) return {.missing = "it needs rows with finite numbers"};
  across = across.with_margin(0.08), up = up.with_margin(0.08);

  const Tensor y = of.model.predict(grid_of(across, up, size, input.dtype));
  Answers map;
  map.rows = size * size, map.outputs = y.numel() / map.rows;
  map.said = y.to_vector<double>();
  const std::vector<std::string> names = input_names(of);
  Figure figure{.title = "decision map",
                .x = {.label = names[0], .low = across.low, .high = across.high},
                .y = {.label = names[1], .low = up.low, .high = up.high}};
  if (of.has_classes()) {
    figure.note = "background: what the net says; dots: what is";
    figure.background = map_of_classes(map, size);
    figure.series = dots_of(of, x, std::max<std::int64_t>(map.outputs, 2));
    return {{figure}};
  }
  if (map.outputs != 1) return {.missing = "it needs a net that gives classes, or one number"};
  Ends said;
  for (const double number : map.said) said.add(number);
  figure.title = "map of the output";
  figure.note = cat("from ", number_text(said.low), " (dark blue) to ", number_text(said.high), " (yellow)");
  figure.background = shades(map.said, size, size, said.low, said.high);
  figure.series = dots_of(of, x, 0);
  return {{figure}};
}

}  // namespace chainrule::plot
