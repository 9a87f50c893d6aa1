#include "differences.h"

#include <algorithm>
#include <cmath>

namespace chainrule::cli {

/// The smallest step that is taken: with smaller ones the rounding of the loss is all that differences show.
constexpr double kSmallestStep = 1e-6;

Bounds::Bounds(const std::string& name, double h) {
  const double above = h / 1e-4, below = 1e-4 / h;
  difference = (name == "b2" ? 1e-9 : 1e-10) * std::max({1.0, above * above, below});
  error = 1e-5 * std::max({1.0, above, below});
}

KinkFreeSteps::KinkFreeSteps(nn::TwoLayerNet& net, const Tensor& x, double h) {
  const Tensor input = net.layers()[0].predict(x);
  const auto inputs = input.data<double>(), pixels = x.data<double>();
  const auto units = static_cast<std::size_t>(input.size(1)), size = static_cast<std::size_t>(x.size(1));
  weight.assign(size * units, h);
  bias.assign(units, h);
  const auto keep_within = [](double& step, double room) {
    if (step >= room) step = room / 2 >= kSmallestStep ? room / 2 : 0;
  };
  for (std::size_t image = 0; image * units < inputs.size(); ++image) {
    for (std::size_t unit = 0; unit < units; ++unit) {
      const double room = std::abs(inputs[image * units + unit]);
      keep_within(bias[unit], room);
      for (std::size_t pixel = 0; pixel < size; ++pixel) {
        const double value = pixels[image * size + pixel];
        if (value > 0) keep_within(weight[pixel * units + unit], room / value);
      }
    }
  }
}

Comparison compare(const std::string& name, const Tensor& analytic, const std::vector<double>& n,
                   const Steps& steps, double h) {
  Comparison result{.name = name, .shape = analytic.shape(), .allowed = Bounds(name, h)};
  const auto a = analytic.data<double>();
  double largest = 0;
  for (double value : a) largest = std::max(largest, std::abs(value));
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (steps[i] == 0) {
      ++result.left_out;
      continue;
    }
    const Bounds here(name, steps[i]);
    const double difference = std::abs(a[i] - n[i]);
    sum += difference * (result.allowed.difference / here.difference);
    if (difference > 0) {
      const double size =
          std::max({std::abs(a[i]), std::abs(n[i]), largest / 1000, here.difference / here.error});
      const double error = difference / size * (result.allowed.error / here.error);
      result.relative_error = std::max(result.relative_error, error);
    }
    ++result.compared;
  }
  if (result.compared > 0) result.mean_difference = sum / static_cast<double>(result.compared);
  return result;
}

}  // namespace chainrule::cli
