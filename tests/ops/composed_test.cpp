// Derivatives of the functions made of operations, first and second, against central differences.
#include "ops/composed.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

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

/// The largest difference of the two, relative to the second or 1.
double worst_error(const Tensor& analytic, const std::vector<double>& numeric) {
  const std::vector<double> got = analytic.to_vector();
  double worst = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    const double error = std::abs(got[i] - numeric[i]) / std::max(1.0, std::abs(numeric[i]));
    worst = std::isnan(error) ? std::numeric_limits<double>::infinity() : std::max(worst, error);
  }
  return worst;
}

constexpr double kTolerance = 1e-8;

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
  EXPECT_LE(worst_error(slope(x), differences(f, x)), kTolerance);
  EXPECT_LE(worst_error(curvature(x), differences(slope, x)), kTolerance);
}

TEST(ComposedChecks, FindAWrongDerivative) {
  const auto f = [](const Tensor& x) { return x * detach(x); };
  const Tensor x = tensor({-1.5, 0.5, 2}, f64);
  EXPECT_GT(worst_error(grad(sum(f(x)), x), differences(f, x)), 0.1);
}

INSTANTIATE_TEST_SUITE_P(All, Composed,
                         ::testing::ValuesIn(composed_functions().begin(), composed_functions().end()),
                         [](const auto& param) { return std::string(param.param.name); });

}  // namespace
}  // namespace chainrule::testing
