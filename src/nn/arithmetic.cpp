// Products, sums, and fixed numbers.
#include "chainrule/nn/arithmetic.h"
#include <utility>

#include "chainrule/ops.h"

namespace chainrule::nn {

Tensor Mul::compute(const Tensor& x, const Tensor& y, Pass&) const { return x * y; }
Tensor Add::compute(const Tensor& x, const Tensor& y, Pass&) const { return x + y; }

void ScaleShift::fields(Fields& f) {
  f("factor", factor, "what each feature is multiplied by, or one number for all");
  f("offset", offset, "what is added to each, or one number for all");
  f("shape", shape, "how they lie, to broadcast against a row; empty: along its last axis", at_least(1));
}

Tensor ScaleShift::compute(const Tensor& x, Pass&) const {
  const auto row = [&](const std::vector<double>& numbers) {
    const auto count = static_cast<std::int64_t>(numbers.size());
    const Shape lie = count == 1 ? Shape{} : shape.empty() ? Shape{count} : Shape(shape);
    return cast(from_data(numbers, lie), is_floating(x.dtype()) ? x.dtype() : f32);
  };
  return x * row(factor) + row(offset);
}

ScaleShift::ScaleShift(std::vector<double> factors, std::vector<double> offsets,
                       std::vector<std::int64_t> lie)
    : factor(std::move(factors)), offset(std::move(offsets)), shape(std::move(lie)) {}

}  // namespace chainrule::nn
