// Squares of functions where these have a kink: the length of a vector that is 0, the deviation of equal
// numbers. Where differences say that the square is smooth there, its derivatives are those differences.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "chainrule/chainrule.h"
#include "chainrule/grad.h"
#include "chainrule/random.h"
#include "ops/functions.h"

namespace chainrule::testing {
namespace {

/// A number for each call of a probe: the weighted sum of its squares.
class SquareOf {
 public:
  explicit SquareOf(const Probe& p) : p_(p) {}

  Tensor operator()(const Tensors& inputs) const {
    const Tensor y = p_.call(inputs);
    const Tensor weights = 1.0 + cast(reshape(arange(y.numel()), y.shape()), DType::f64) / 16;
    return sum(square(y) * weights);
  }
  double at(const Tensors& inputs, const Tensors& direction, double way) const {
    Tensors moved;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      moved.push_back(direction[i].is_empty() ? inputs[i] : inputs[i] + direction[i] * way);
    }
    return (*this)(moved).item();
  }

 private:
  const Probe& p_;
};

/// Numbers that are no multiples of each other, for the floating inputs.
Tensors direction_of(const Tensors& inputs, Random& random) {
  Tensors direction;
  for (const Tensor& input : inputs) {
    if (!is_floating(input.dtype())) {
      direction.emplace_back();
      continue;
    }
    std::vector<double> numbers(static_cast<std::size_t>(input.numel()));
    for (double& number : numbers) number = random.uniform(-2, 2);
    direction.push_back(from_data(numbers, input.shape()));
  }
  return direction;
}

Tensors combined(const Tensors& a, const Tensors& b, double share) {
  Tensors both;
  for (std::size_t i = 0; i < a.size(); ++i) both.push_back(a[i].is_empty() ? a[i] : a[i] + b[i] * share);
  return both;
}

constexpr double kWay = 0x1p-16, kTolerance = 0.01;
bool is_near(double a, double b, double size) { return std::abs(a - b) <= kTolerance * std::max(1.0, size); }

/// The second derivative along v; none where the function is not smooth: where it differs to both sides, or
/// is no quadratic form of directions.
std::optional<double> second_derivative(const SquareOf& f, const Tensors& x, const Tensors& v,
                                        const Tensors& w) {
  const double here = f.at(x, v, 0);
  const auto both_sides = [&](const Tensors& along) {
    return (f.at(x, along, kWay) - 2 * here + f.at(x, along, -kWay)) / kWay / kWay;
  };
  const auto one_side = [&](double way) {
    return (f.at(x, v, 2 * way) - 2 * f.at(x, v, way) + here) / kWay / kWay;
  };
  const double of_v = both_sides(v), of_w = both_sides(w);
  const double of_sums = both_sides(combined(v, w, 1)) + both_sides(combined(v, w, -1));
  const double size = std::abs(of_v) + std::abs(of_w);
  const bool is_smooth = std::isfinite(size) && is_near(one_side(kWay), of_v, size) &&
                         is_near(one_side(-kWay), of_v, size) && is_near(of_sums, 2 * (of_v + of_w), size);
  return is_smooth ? std::optional(of_v) : std::nullopt;
}

/// By the graph.
double second_derivative_of(const SquareOf& f, const Tensors& x, const Tensors& v) {
  Tensors variables, along;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (v[i].is_empty()) continue;
    variables.push_back(x[i]);
    along.push_back(v[i]);
  }
  const Tensors products = hvp(f(x), variables, along, {.allow_unused = true});
  double total = 0;
  for (std::size_t i = 0; i < products.size(); ++i) total += sum(products[i] * along[i]).item();
  return total;
}

class Kinks : public ::testing::TestWithParam<TestedFunction> {};

TEST_P(Kinks, SquaresHaveTheDerivativesOfDifferences) {
  for (const Probe& p : GetParam().probes()) {
    if (!p.exempt.empty()) continue;
    for (const double number : {0.0, 1.0}) {  // all of them: the kinks are there
      Tensors x;
      for (const Tensor& each : p.inputs) {
        x.push_back(is_floating(each.dtype()) ? full(each.shape(), number, DType::f64) : each);
      }
      Random random(3);
      const Tensors v = direction_of(x, random), w = direction_of(x, random);
      const SquareOf f(p);
      try {
        const std::optional<double> wanted = second_derivative(f, x, v, w);
        if (!wanted) continue;
        EXPECT_PRED3(is_near, second_derivative_of(f, x, v), *wanted, std::abs(*wanted))
            << p.text << " of numbers " << number;
      } catch (const ValueError&) {  // has no value there
      }
    }
  }
}

TEST(KinkChecks, FindASquareThatIsFlatAtZero) {
  const auto magnitude = [](const Tensors& in) {
    const Tensor is_zero = equal(in[0], 0);
    return where(is_zero, 0, sqrt(square(where(is_zero, 1, in[0]))));
  };
  const Probe p{"sqrt(x^2)", magnitude, {zeros({1}, f64)}, {}};
  const Tensors v{tensor({1.0}, f64)}, w{tensor({-0.5}, f64)};
  EXPECT_NEAR(second_derivative(SquareOf(p), p.inputs, v, w).value_or(0), 2, 1e-6);
  EXPECT_EQ(second_derivative_of(SquareOf(p), p.inputs, v), 0);
}

TEST(KinkChecks, LeaveOutWhatIsNotSmooth) {
  const Probe p{"relu", [](const Tensors& in) { return relu(in[0]); }, {zeros({1}, f64)}, {}};
  EXPECT_EQ(second_derivative(SquareOf(p), p.inputs, {tensor({1.0}, f64)}, {tensor({-0.5}, f64)}),
            std::nullopt);
  const Probe sum_of_magnitudes{
      "|x|", [](const Tensors& in) { return norm(in[0], 1); }, {zeros({2}, f64)}, {}};
  EXPECT_EQ(second_derivative(SquareOf(sum_of_magnitudes), sum_of_magnitudes.inputs, {tensor({1, 0.5}, f64)},
                              {tensor({-0.5, 1}, f64)}),
            std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(Arrays, Kinks, ::testing::ValuesIn(functions_of_arrays()),
                         [](const auto& param) { return param.param.name; });
INSTANTIATE_TEST_SUITE_P(Elements, Kinks, ::testing::ValuesIn(functions_of_elements()),
                         [](const auto& param) { return param.param.name; });

}  // namespace
}  // namespace chainrule::testing
