#include "autodiff/line.h"

#include <cmath>
#include <utility>

#include "chainrule/grad.h"
#include "chainrule/ops.h"

namespace chainrule {

Tensors gradients_of(const ScalarFunction& f, const Tensors& at) {
  Tensors variables;
  for (const Tensor& x : at) {
    if (is_floating(x.dtype())) variables.push_back(x);
  }
  const Tensors by_variable = grad(f(at), variables, {.allow_unused = true});
  Tensors gradients;
  std::size_t next = 0;
  for (const Tensor& x : at) gradients.push_back(is_floating(x.dtype()) ? by_variable[next++] : Tensor());
  return gradients;
}

ScalarFunction slope_of(ScalarFunction f, Tensors directions) {
  return [f = std::move(f), directions = std::move(directions)](const Tensors& at) {
    return dot_all(gradients_of(f, at), directions);
  };
}

Tensor dot_all(const Tensors& a, const Tensors& b) {
  Tensor total = scalar(0, DType::f64);
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!a[i].is_empty() && !b[i].is_empty()) total = total + sum(a[i] * b[i]);
  }
  return total;
}

Tensors random_directions(const Tensors& at, Random& random, bool unit) {
  std::vector<std::vector<double>> drawn;
  double squares = 0;
  for (const Tensor& x : at) {
    drawn.emplace_back(is_floating(x.dtype()) ? static_cast<std::size_t>(x.numel()) : 0);
    for (double& value : drawn.back()) {
      value = random.uniform(-1, 1);
      squares += value * value;
    }
  }
  const double scale = unit && squares > 0 ? 1 / std::sqrt(squares) : 1;
  Tensors directions;
  for (std::size_t i = 0; i < at.size(); ++i) {
    for (double& value : drawn[i]) value *= scale;
    const bool floating = is_floating(at[i].dtype());
    directions.push_back(floating ? cast(from_data(drawn[i], at[i].shape()), at[i].dtype()) : Tensor());
  }
  return directions;
}

Comparison compare_along(const ScalarFunction& f, const Tensors& at, const Tensors& directions,
                         const Tensors& gradients, double h, double tolerance) {
  const auto along = [&](double t) {
    Tensors moved;
    for (std::size_t i = 0; i < at.size(); ++i) {
      moved.push_back(directions[i].is_empty() ? at[i] : detach(at[i] + t * directions[i]));
    }
    return f(moved);
  };
  return compare_slope(along, dot_all(gradients, directions), h, tolerance);
}

}  // namespace chainrule
