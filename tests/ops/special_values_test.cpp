// Fast kernels and reference loops agree where numbers are infinite, NaN, zero of either sign, denormal or
// huge: else CHAINRULE_MODE=verify would find faults where there are none.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "autodiff/op_cases.h"
#include "chainrule/chainrule.h"
#include "ops/composed.h"
#include "ops/op.h"

namespace chainrule::testing {
namespace {

/// Products of two huge ones are numbers: what overflows on the way depends on the order, and the reference
/// loops add up f32 numbers in f64.
std::vector<double> special_values(DType dtype) {
  const bool is_f32 = dtype == DType::f32;
  const double huge = is_f32 ? 0x1p60 : 0x1p500, tiny = is_f32 ? 0x1p-100 : 0x1p-900;
  const double denormal = is_f32 ? 0x1p-149 : 0x1p-1074;
  return {INFINITY,        -INFINITY, NAN,   0,    -0.0, denormal, -denormal,
          1000 * denormal, huge,      -huge, tiny, 88.5, -104.0};
}

/// The inputs with special values among their floating numbers: one, or about every `every`th.
Tensors with_special(const Tensors& inputs, std::uint64_t every, Random& random) {
  Tensors changed;
  for (const Tensor& input : inputs) {
    if (!is_floating(input.dtype()) || input.numel() == 0) {
      changed.push_back(input);
      continue;
    }
    const std::vector<double> special = special_values(input.dtype());
    std::vector<double> values = input.to_vector();
    if (every == 0) values[random.below(values.size())] = special[random.below(special.size())];
    for (double& value : values) {
      if (every > 0 && random.below(every) == 0) value = special[random.below(special.size())];
    }
    changed.push_back(detach(cast(from_data(values, input.shape()), input.dtype())));
  }
  return changed;
}

/// The largest finite number, at least 1.
double size_of(const std::vector<double>& values) {
  double largest = 1;
  for (const double value : values)
    largest = std::isfinite(value) ? std::max(largest, std::abs(value)) : largest;
  return largest;
}

/// What verify mode asks for (plan/reference.cpp), but for its tolerance; and sums of numbers that are far
/// larger than the sum lose digits in any order.
std::string difference(const Tensors& inputs, const Tensor& got, const Tensor& wanted, double tolerance) {
  const std::vector<double> a = got.to_vector(), b = wanted.to_vector();
  double largest = size_of(b);
  if (!wanted.node()->op->info.elementwise) {
    double terms = 1;
    for (const Tensor& input : inputs) terms *= is_floating(input.dtype()) ? size_of(input.to_vector()) : 1;
    largest = std::max(largest, terms);
  }
  for (std::size_t i = 0; i < b.size(); ++i) {
    if (a[i] == b[i] || (std::isnan(a[i]) && std::isnan(b[i]))) continue;
    if (std::abs(a[i] - b[i]) <= tolerance * largest) continue;
    std::ostringstream text;
    text << "element " << i << " is " << a[i] << ", by the reference loop " << b[i];
    return text.str();
  }
  return {};
}

/// The result, or the message of the error.
struct Outcome {
  Tensor result;
  std::string error;
};
Outcome outcome(const OpCase& c, const Tensors& inputs, Kernels kernels) {
  try {
    return {run_with(c, inputs, kernels), {}};
  } catch (const Error& error) {
    return {{}, error.what()};
  }
}

class SpecialValues : public ::testing::TestWithParam<const OpRow*> {};

TEST_P(SpecialValues, AreTheSameByBothKernels) {
  for (const DType dtype : {DType::f32, DType::f64}) {
    const double tolerance = dtype == DType::f32 ? 2e-5 : 1e-13;
    for (const OpCase& c : cases_of(*GetParam(), dtype)) {
      Random random(7);
      const Tensors plain = draw_inputs(c, 5);
      for (const std::uint64_t every : {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 3, 5, 20}) {
        const Tensors inputs = with_special(plain, every, random);
        const Outcome fast = outcome(c, inputs, Kernels::fast), loop = outcome(c, inputs, Kernels::reference);
        ASSERT_EQ(fast.error, loop.error) << c;
        if (!fast.error.empty()) continue;
        const std::string what = difference(inputs, fast.result, loop.result, tolerance);
        if (what.empty()) continue;
        std::ostringstream text;
        for (const Tensor& input : inputs) {
          if (input.numel() > 20) continue;
          for (const double value : input.to_vector()) text << value << " ";
          text << "; ";
        }
        ADD_FAILURE() << c << ": " << what << " of " << text.str();
        break;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, SpecialValues, ::testing::ValuesIn(op_table().begin(), op_table().end()),
                         [](const auto& param) { return std::string(param.param->info.name); });

}  // namespace
}  // namespace chainrule::testing
