// Derivatives of the functions made of operations, first and second, against central differences.
#include "ops/composed.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "chainrule/grad.h"
#include "chainrule/ops.h"
#include "ops/op_cases.h"

namespace chainrule {

/// Names the tests.
static std::ostream& operator<<(std::ostream& out, const ComposedFunction& f) { return out << f.name; }

}  // namespace chainrule

namespace chainrule::testing {
namespace {

class Composed : public ::testing::TestWithParam<ComposedFunction> {
 protected:
  /// Points from the function's domain.
  Tensor points() const {
    const OpCase c{nullptr, {{}, {{{40}, DType::f64, GetParam().domain}}}, DType::f64};
    return draw_inputs(c, 11)[0];
  }
};

/// Central differences at two steps, extrapolated: error of order h^4.
template <class F>
std::vector<double> differences(F f, const Tensor& x) {
  const auto difference = [&](double h) { return (f(x + h) - f(x - h)) / (2 * h); };
  constexpr double kStep = 4e-4;
  return ((4.0 * difference(kStep / 2) - difference(kStep)) / 3.0).to_vector();
}

void expect_near(const Tensor& analytic, const std::vector<double>& numeric, const Tensor& x) {
  const std::vector<double> got = analytic.to_vector();
  const std::vector<double> at = x.to_vector();
  for (std::size_t i = 0; i < got.size(); ++i)
    EXPECT_NEAR(got[i], numeric[i], 1e-8 * std::max(1.0, std::abs(numeric[i]))) << "at " << at[i];
}

TEST_P(Composed, IsDocumented) {
  const ComposedFunction& f = GetParam();
  EXPECT_EQ(f.doc.back(), '.');
  EXPECT_EQ(find_op(f.name), nullptr);
}

TEST_P(Composed, FirstAndSecondDerivativesAreTheCentralDifferences) {
  const auto f = GetParam().call;
  const Tensor x = points();
  const auto slope = [&](const Tensor& at) { return grad(sum(f(at)), at); };
  const auto curvature = [&](const Tensor& at) { return grad(sum(slope(at)), at, {.allow_unused = true}); };
  expect_near(slope(x), differences(f, x), x);
  expect_near(curvature(x), differences(slope, x), x);
}

INSTANTIATE_TEST_SUITE_P(All, Composed,
                         ::testing::ValuesIn(composed_functions().begin(), composed_functions().end()),
                         [](const auto& param) { return std::string(param.param.name); });

}  // namespace
}  // namespace chainrule::testing
