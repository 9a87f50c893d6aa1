#pragma once

#include <string>
#include <vector>

#include "chainrule/nn.h"

// What `chainrule check` compares: gradients, and central differences over steps that suit each number.
namespace chainrule::cli {

/// What may differ of a parameter, for one step. At h = 1e-4 the error of a central difference, h^2 f'''/6,
/// is about as large as what it makes of the loss's rounding, 1e-16 / h. Away from there one of the two
/// grows, and the bounds with it.
struct Bounds {
  double difference, error;

  Bounds(const std::string& name, double h);
};

/// A gradient against differences. Where they were taken over a smaller step than h, they count in units of
/// what may differ there.
struct Comparison {
  std::string name;
  Shape shape;
  Bounds allowed;
  std::int64_t compared = 0, left_out = 0;  // left out: at the kink itself, where no step tells anything
  double mean_difference = 0, relative_error = 0;

  bool differs() const { return !(mean_difference <= allowed.difference && relative_error <= allowed.error); }
};

/// The step for each element of a parameter; 0 for those that no step suits.
using Steps = std::vector<double>;

/// Relu has a kink at 0: a difference across it is no derivative. Moving a number of W1 by h moves a hidden
/// unit's input by h times a pixel, one of b1 by h, so the step is half of what leads to the kink for any
/// image. A pixel that is black in all images moves nothing: any step does.
struct KinkFreeSteps {
  Steps weight, bias;

  KinkFreeSteps(nn::TwoLayerNet& net, const Tensor& x, double h);
};

/// A central difference for each element, over its own step; 0 where that is 0.
template <class Loss>
std::vector<double> differences(const Tensor& value, const Steps& steps, Loss loss) {
  std::vector<double> at = value.to_vector(), slopes(at.size());
  for (std::size_t i = 0; i < at.size(); ++i) {
    if (steps[i] == 0) continue;
    const double centre = at[i];
    const auto moved_by = [&](double step) {
      at[i] = centre + step;
      return loss(from_data(at, value.shape()));
    };
    const double above = moved_by(steps[i]), below = moved_by(-steps[i]);
    slopes[i] = (above - below) / (2 * steps[i]);
    at[i] = centre;
  }
  return slopes;
}

/// Relative error: |a - n| / max(|a|, |n|, s / 1000, d / e), the largest of all elements, where s is the
/// parameter's largest gradient, and d and e are the bounds. An element far below the others is mostly the
/// rounding of the loss, so it is measured by theirs; where all are small, by what a difference may be off.
Comparison compare(const std::string& name, const Tensor& analytic, const std::vector<double>& n,
                   const Steps& steps, double h);

}  // namespace chainrule::cli
