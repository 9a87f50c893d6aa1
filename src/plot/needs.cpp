// What plots need of their subject.
#include "plot/needs.h"

#include <algorithm>
#include <cmath>

#include "core/text.h"

namespace chainrule::plot {

std::string lacks_net(const Subject& of) {
  return of.model.net ? "" : "it needs a trained net, and there is none yet";
}

std::string lacks_answers(const Subject& of) {
  if (std::string why = lacks_net(of); !why.empty()) return why;
  if (!of.rows || of.rows.rows() == 0) return "it needs rows to show the net on, and there are none";
  if (of.rows.columns().size() != 2) return "it needs rows of one input and one target";
  return "";
}

std::string lacks_classes(const Subject& of) {
  if (std::string why = lacks_answers(of); !why.empty()) return why;
  return of.has_classes() ? "" : "it needs rows that belong to one class each";
}

std::string lacks_image(const Subject& of) {
  if (!of.rows || of.rows.rows() == 0) return "it needs rows that are images, and there are none";
  const Shape& row = of.rows.columns()[0].shape;
  const bool is_image = row.ndim() == 3 && (row[0] == 1 || row[0] == 3) && row.numel() > row[0];
  return is_image ? "" : cat("it needs rows that are images, (1 or 3, height, width); they are ", row);
}

std::vector<double> probabilities(const Answers& answers, std::size_t& classes) {
  const auto rows = static_cast<std::size_t>(answers.rows),
             outputs = static_cast<std::size_t>(answers.outputs);
  classes = std::max<std::size_t>(outputs, 2);
  std::vector<double> all(rows * classes);
  bool are_probabilities = outputs > 1;
  for (std::size_t row = 0; row < rows && are_probabilities; ++row) {
    double sum = 0;
    for (std::size_t i = 0; i < outputs; ++i) {
      const double said = answers.said[row * outputs + i];
      are_probabilities = are_probabilities && said >= 0;
      sum += said;
    }
    are_probabilities = are_probabilities && std::fabs(sum - 1) < 1e-3;
  }
  if (are_probabilities) return answers.said;
  for (std::size_t row = 0; row < rows; ++row) {
    const auto said = [&](std::size_t i) {
      if (outputs > 1) return answers.said[row * outputs + i];
      return i == 0 ? 0.0 : answers.said[row];  // sigmoid(x) is softmax(0, x)
    };
    double most = -INFINITY, sum = 0;
    for (std::size_t i = 0; i < classes; ++i) most = std::max(most, said(i));
    for (std::size_t i = 0; i < classes; ++i) sum += all[row * classes + i] = std::exp(said(i) - most);
    for (std::size_t i = 0; i < classes; ++i) all[row * classes + i] /= sum;
  }
  return all;
}

std::string percent(double share) {
  const double number = 100 * share;
  if (number < 0.01) return "<0.01%";
  const double unit = number < 1 || (number > 99 && number < 100) ? 100 : 1;
  return cat(std::round(number * unit) / unit, '%');
}

}  // namespace chainrule::plot
