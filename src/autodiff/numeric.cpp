// Derivatives by differences, to check the others with.
#include "chainrule/error.h"
#include "chainrule/grad.h"
#include "chainrule/ops.h"
#include "core/text.h"

namespace chainrule {

Tensor numerical_gradient(const std::function<Tensor(const Tensor&)>& f, const Tensor& x, double h) {
  if (!is_floating(x.dtype())) {
    throw DTypeError(15, cat("[numerical_gradient] needs f32 or f64, got ", name_of(x.dtype()), "."));
  }
  std::vector<double> at = x.to_vector<double>();
  std::vector<double> gradient(at.size());
  const auto value = [&] { return f(cast(from_data(at, x.shape()), x.dtype())).item(); };
  for (std::size_t i = 0; i < at.size(); ++i) {
    const double centre = at[i];
    at[i] = centre + h;
    const double above = value();
    at[i] = centre - h;
    const double below = value();
    at[i] = centre;
    gradient[i] = (above - below) / (2 * h);
  }
  return cast(from_data(gradient, x.shape()), x.dtype());
}

}  // namespace chainrule
