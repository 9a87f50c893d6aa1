// Reductions against NumPy 1.24: the call stands beside each number, with
// z = np.array([[1., -2, 3], [4, 5, -6]]) and x = np.arange(24.).reshape(2, 3, 4).
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "chainrule/error.h"
#include "chainrule/grad.h"
#include "chainrule/linalg.h"
#include "chainrule/ops.h"

namespace chainrule {
namespace {

using Values = std::vector<double>;
const double kNan = std::numeric_limits<double>::quiet_NaN();
const double kInfinity = std::numeric_limits<double>::infinity();

Tensor z() { return tensor({1, -2, 3, 4, 5, -6}, {2, 3}, f64); }
Tensor x() { return reshape(arange(24, f64), {2, 3, 4}); }

void expect_near(const Tensor& actual, const Values& expected, double relative = 1e-15) {
  const Values values = actual.to_vector();
  ASSERT_EQ(values.size(), expected.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    EXPECT_NEAR(values[i], expected[i], relative * std::abs(expected[i])) << "element " << i;
  }
}

TEST(Min, IsNumPys) {
  EXPECT_EQ(min(z(), 1).to_vector(), (Values{-2, -6}));  // np.min(z, axis=1)
  EXPECT_EQ(min(z(), 1, true).shape(), Shape({2, 1}));
  EXPECT_EQ(min(tensor({3, 0, 200}, u8)).item(), 0);
  EXPECT_EQ(min(tensor({3, 0, 200}, u8)).dtype(), u8);
  const std::int64_t lowest =
      std::numeric_limits<std::int64_t>::min();  // np.min([5, -2**63]): -x would overflow
  EXPECT_EQ(min(from_data(std::vector<std::int64_t>{5, lowest}, {2})).data<std::int64_t>()[0], lowest);
  EXPECT_TRUE(std::isnan(min(tensor({1, kNan, 0})).item()));  // np.min([1, nan, 0])
  const Tensor t = tensor({2, 1, 1}, f64);
  EXPECT_EQ(grad(min(t), t).to_vector(), (Values{0, 0.5, 0.5}));
  EXPECT_THROW(min(zeros({3, 0}), 1), ShapeError);
}

TEST(Argmin, TakesTheFirst) {
  EXPECT_EQ(argmin(tensor({2, 1, 1})).item(), 1);                  // np.argmin([2, 1, 1.])
  EXPECT_EQ(argmin(tensor({2, kNan, kNan, 1})).item(), 1);         // np.argmin([2, nan, nan, 1])
  EXPECT_EQ(argmin(tensor({1, 0, 0}, boolean)).item(), 1);         // np.argmin([True, False, False])
  EXPECT_EQ(argmin(z(), 0, true).to_vector(), (Values{0, 0, 1}));  // np.argmin(z, axis=0, keepdims=True)
  EXPECT_EQ(argmin(z(), 0, true).shape(), Shape({1, 3}));
  EXPECT_EQ(argmax(z(), 1, true).shape(), Shape({2, 1}));
  EXPECT_THROW(argmin(zeros({3, 0})), ShapeError);
}

TEST(Mean, DividesTheSum) {
  EXPECT_EQ(mean(ones({49}, f64)).item(), 1);  // 49 * (1 / 49) would be below 1
  EXPECT_EQ(mean(tensor({1, 2, 3, 6}, u8)).item(), 3);
  EXPECT_TRUE(std::isnan(mean(zeros({0})).item()));
}

TEST(Prod, IsNumPys) {
  EXPECT_EQ(prod(z(), 0).to_vector(), (Values{4, -10, -18}));  // np.prod(z, axis=0)
  // np.prod(x[:, :, 1:], axis=(0, 2))
  EXPECT_EQ(prod(slice(x(), 2, 1, 4), {0, 2}).to_vector(), (Values{16380, 1220940, 10519740}));
  EXPECT_EQ(prod(slice(x(), 2, 1, 4), {0, 2}, true).shape(), Shape({1, 3, 1}));
  EXPECT_EQ(prod(zeros({0, 2}), 0).to_vector(), (Values{1, 1}));  // np.prod(np.zeros((0, 2)), axis=0)
  EXPECT_EQ(prod(tensor({2, 3, 7}, u8)).dtype(), i64);
  EXPECT_EQ(prod(tensor({2, 3, 7}, u8)).item(), 42);
  EXPECT_EQ(prod(scalar(5)).item(), 5);
}

// By hand: d/dx_i is the product of the others, d2/dx_i dx_j that of the others without both.
TEST(Prod, HasItsDerivativesWithZeros) {
  const Tensor one_zero = tensor({2, 0, 3, 4, 5}, f64);
  EXPECT_EQ(grad(prod(one_zero), one_zero).to_vector(), (Values{0, 120, 0, 0, 0}));
  const Tensor two_zeros = tensor({2, 0, 0, 5}, f64);
  const Tensor first = grad(prod(two_zeros), two_zeros);
  EXPECT_EQ(first.to_vector(), (Values{0, 0, 0, 0}));
  EXPECT_EQ(grad(select(first, 1), two_zeros).to_vector(), (Values{0, 0, 10, 0}));
  const Tensor third = grad(select(grad(select(first, 1), two_zeros), 2), two_zeros);
  EXPECT_EQ(third.to_vector(), (Values{5, 0, 0, 2}));
}

TEST(Var, IsNumPysAndStable) {
  expect_near(var(z(), 1), {4.222222222222222, 24.666666666666668});  // np.var(z, axis=1)
  expect_near(var(z(), {}, false, 1), {17.366666666666667});          // np.var(z, ddof=1)
  // np.std(z, axis=0, ddof=1)
  expect_near(stddev(z(), 0, false, 1), {2.1213203435596424, 4.949747468305833, 6.363961030678928});
  expect_near(var(tensor({1e9 + 1, 1e9 + 2, 1e9 + 3}, f64)), {2.0 / 3});  // E[x^2] - E[x]^2 would give 0
  EXPECT_TRUE(std::isnan(var(tensor({5}), {}, false, 1).item()));         // np.var([5.], ddof=1)
  EXPECT_EQ(var(z(), 1, true).shape(), Shape({2, 1}));
  EXPECT_EQ(var(arange(4)).item(), 1.25);
}

// By hand: d var / dx_i = 2 (x_i - mean) / (n - ddof); the mean's own part cancels.
TEST(Var, HasItsGradient) {
  const Tensor t = tensor({1, 2, 6}, f64);
  expect_near(grad(var(t, {}, false, 1), t), {-2, -1, 3});
  const Tensor equal_elements = tensor({2, 2}, f64);
  EXPECT_EQ(grad(stddev(equal_elements), equal_elements).to_vector(), (Values{0, 0}));
}

TEST(Norm, IsNumPys) {
  EXPECT_EQ(norm(z(), 1, 1).to_vector(), (Values{6, 15}));                // np.linalg.norm(z, 1, axis=1)
  expect_near(norm(z(), 2, 1), {3.7416573867739413, 8.774964387392123});  // np.linalg.norm(z, axis=1)
  EXPECT_EQ(norm(z(), kInfinity, 0).to_vector(), (Values{4, 5, 6}));      // np.linalg.norm(z, np.inf, axis=0)
  EXPECT_EQ(norm(tensor({3, -4}, i64)).item(), 5);
  EXPECT_EQ(norm(zeros({0}, f64)).item(), 0);
  EXPECT_EQ(norm(zeros({2, 0}, f64), 2, 1, true).shape(), Shape({2, 1}));
  EXPECT_EQ(norm(tensor({kInfinity, 1}, f64)).item(), kInfinity);
  // Where the squares are out of range: 3, 4, 5.
  for (const double size : {1e-306, 1e-200, 1e-160, 1e160, 1e200, 3e307}) {
    const Tensor x = tensor({3 * size, -4 * size}, f64);
    EXPECT_DOUBLE_EQ(norm(x).item(), 5 * size);
    expect_near(grad(norm(x), x), {0.6, -0.8}, 1e-14);
  }
  EXPECT_FLOAT_EQ(static_cast<float>(norm(tensor({3e-30, 4e-30})).item()), 5e-30F);
  EXPECT_FLOAT_EQ(static_cast<float>(norm(tensor({3e30, 4e30})).item()), 5e30F);
  EXPECT_TRUE(std::isnan(norm(tensor({1, kNan}), 1).item()));
  EXPECT_THROW(norm(z(), 3), ValueError);
}

// Whose squares are infinite, or 0.
TEST(Norm, OfHugeAndTinyNumbers) {
  for (const DType dtype : {f32, f64}) {
    for (const int exponent : {100, -100, 126, -120, 900, -900, 1020, -1020}) {
      if (dtype == f32 && std::abs(exponent) > 126) continue;
      const double size = std::ldexp(1.0, exponent);
      const Tensor one = tensor({0.75, -1}, dtype), x = one * size;
      EXPECT_EQ(norm(x).item(), 1.25 * size) << name_of(dtype) << exponent;
      EXPECT_EQ(grad(norm(x), x).to_vector(), grad(norm(one), one).to_vector()) << name_of(dtype) << exponent;
      EXPECT_EQ(stddev(tensor({0.75, 0.25}, dtype) * size).item(), 0.25 * size) << name_of(dtype) << exponent;
    }
  }
  EXPECT_EQ(norm(tensor({INFINITY, 1})).item(), INFINITY);
  EXPECT_TRUE(std::isnan(norm(tensor({NAN, 1})).item()));
}

// Their gradient is a number, whatever the square of a length is; that of the logarithm is as well.
TEST(Norm, FunctionsOfHugeAndTinyLengths) {
  for (const DType dtype : {f32, f64}) {
    for (const int exponent : {48, 60, 100, -40, -60, -100, 500, 600, -500, -900}) {
      if (dtype == f32 && std::abs(exponent) > 126) continue;
      const double size = std::ldexp(1.0, exponent);
      const Tensor one = tensor({0.75, -1}, dtype), x = one * size;
      EXPECT_EQ(grad(square(norm(x)), x).to_vector(), (one * (2 * size)).to_vector()) << exponent;
      EXPECT_EQ(grad(log(norm(x)), x).to_vector(), (grad(log(norm(one)), one) / size).to_vector())
          << exponent;
      expect_near(grad(square(stddev(x)), x), (grad(square(stddev(one)), one) * size).to_vector());
    }
  }
}

// Along one number x they are those of functions of x^2.
TEST(Norm, FunctionsOfItsSquareHaveAllDerivativesAtZero) {
  using F = Tensor (*)(const Tensor& r);
  struct Case {
    F f;
    Values wanted;  // the derivatives of orders 1, 2, ...
  };
  const Case cases[] = {{[](const Tensor& r) { return exp(-pow(r, 2)); }, {0, -2, 0, 12, 0, -120}},
                        {[](const Tensor& r) { return square(square(r)); }, {0, 0, 0, 24, 0, 0}},
                        {[](const Tensor& r) { return r * r * r * r; }, {0, 0, 0, 24, 0, 0}},
                        {[](const Tensor& r) { return r * r / (1 + r * r); }, {0, 2, 0, -24, 0, 720}},
                        {[](const Tensor& r) { return sqrt(1 + square(r)); }, {0, 1, 0, -3, 0, 45}}};
  for (const Case& c : cases) {
    for (Tensor (*length)(const Tensor&) :
         {+[](const Tensor& t) { return norm(t); }, +[](const Tensor& t) { return sum(norm(t, 2, 1)); },
          +[](const Tensor& t) { return sum(abs(t)); }}) {
      const Tensor t = zeros({1, 1}, f64);
      Tensor derivative = c.f(length(t));
      for (const double wanted : c.wanted) {
        derivative = sum(grad(derivative, t, {.allow_unused = true}));
        EXPECT_NEAR(derivative.item(), wanted, 1e-9) << &c - cases;
      }
    }
  }
}

// What only looks like a multiple, or divides by nothing elsewhere: the gradient is c x / |x|.
TEST(Norm, OtherFunctionsHaveTheirGradients) {
  const Tensor t = tensor({3.3, 4.4}, f64);
  expect_near(grad(norm(t) * cast(cast(norm(t), i64), f64), t), {3, 4}, 1e-14);
  const Tensor rows = tensor({3, 4, 3, 4}, {2, 2}, f64), mask = tensor({0, 1}, f64);
  expect_near(grad(sum(pow(mask * norm(rows, 2, 1), 1.5)), rows),
              {0, 0, 0.9 * std::sqrt(5), 1.2 * std::sqrt(5)}, 1e-14);
  for (const double size : {1e-25, 1e25}) {
    const Tensor far = tensor({3, 4}) * size;
    expect_near(grad(square(norm(far) / size), far), (tensor({6, 8}) / size).to_vector(), 1e-6);
  }
  const Tensor tiny = tensor({0.5e-310, 1e-310}, {2, 1, 1}, f64);
  for (const double each : grad(norm(tiny, 2, {0, 2}), tiny).to_vector()) EXPECT_TRUE(std::isfinite(each));
}

// A length that is constant for gradients is no multiple of one that is not.
TEST(Norm, TimesItsConstantIsNotItsSquare) {
  const Tensor x = tensor({3, -4}, f64);
  expect_near(hessian(stop_gradient(norm(x)) * norm(x), x), {0.64, 0.48, 0.48, 0.36}, 1e-14);
  Tensor constant;
  {
    const NoGrad none;
    constant = norm(x);
  }
  expect_near(hessian(constant * norm(x), x), {0.64, 0.48, 0.48, 0.36}, 1e-14);
}

// One run and columns, so long that the fast kernel's sums are many; half of the numbers are far away.
TEST(Norm, OfNumbersOfAllSizes) {
  constexpr std::int64_t kRows = 5000;
  for (const double far : {1e-200, 1e-160, 1.0, 1e160, 1e200}) {
    const Tensor places = reshape(arange(2 * kRows, f64), {kRows, 2});
    const Tensor one = sin(places), other = cos(places);
    const Tensor x = concatenate({one * far, other}, 0);
    const double larger = std::max(far, 1.0);  // squares of the smaller ones are too small beside to matter
    const Tensor scaled = (far == 1 ? x : far > 1 ? one : other);
    for (const Axes& axes : {Axes{}, Axes{0}}) {
      expect_near(norm(x, 2, axes), (sqrt(sum(square(scaled), axes)) * larger).to_vector(), 1e-14);
    }
    expect_near(norm(x * 1e-150 / larger, 2, 0), (norm(x, 2, 0) * 1e-150 / larger).to_vector(), 1e-13);
  }
}

// 2 (x - mean) / n, also where the variance itself is infinite or 0, and of a function of it.
TEST(Variance, GradientOfHugeAndTinyNumbers) {
  for (const DType dtype : {f32, f64}) {
    for (const int exponent : {40, 60, 64, 100, 120, -40, -60, -100, -120, 500, 600, 1020, -500, -1000}) {
      if (dtype == f32 && std::abs(exponent) > 126) continue;
      const double size = std::ldexp(1.0, exponent);
      const Tensor one = tensor({0.75, 0.25, -0.5, 1.5}, dtype), x = one * size;
      EXPECT_EQ(grad(var(x), x).to_vector(), (grad(var(one), one) * size).to_vector()) << exponent;
      EXPECT_EQ(grad(var(x, {}, false, 3), x).to_vector(), ((x - mean(x)) * 2).to_vector()) << exponent;
      EXPECT_EQ(hessian(var(x), x).to_vector(), hessian(var(one), one).to_vector()) << exponent;
      EXPECT_EQ(var(x).item(), (var(one) * size * size).item()) << exponent;
    }
  }
  // One that is alone far away: its square overflows, the mean of squares does not.
  std::vector<double> numbers(1 << 16, 0.0);
  numbers[7] = std::ldexp(1.0, 68);
  const Tensor x = detach(cast(from_data(numbers, Shape{1 << 16}), f32));
  const double exact = std::ldexp(1.0, 120) * (1 - std::ldexp(1.0, -16));
  EXPECT_NEAR(var(x).item() / exact, 1, 1e-6);
}

// The squares of a length are the sum of squares, and their derivatives are, where the length is 0, too.
TEST(Norm, SquaresHaveTheDerivativesOfSumsOfSquares) {
  const Tensor v = tensor({1, 2}, f64);
  for (const Tensor& x : {zeros({2}, f64), tensor({3, -4}, f64), tensor({3e-200, -4e-200}, f64)}) {
    const auto expect_twice = [&](const Tensor& f, double times, const char* what) {
      const Tensor half = f / (2 * times);
      expect_near(grad(half, x), x.to_vector(), 1e-14);
      EXPECT_LT(max(abs(hessian(half, x) - eye(2, 2, f64))).item(), 1e-14) << what;
      EXPECT_LT(max(abs(hvp(half, x, v) - v)).item(), 1e-14) << what;
    };
    const Tensor r = norm(x);
    expect_twice(square(r), 1, "square");
    expect_twice(pow(r, 2), 1, "pow");
    expect_twice(3 * r * r / -2, -1.5, "multiples");
    expect_twice(sum(square(norm(reshape(x, {1, 2}), 2, 1))), 1, "without its axis");
    expect_twice(r * r - 0.5 * square(-r), 0.5, "a difference");
    expect_twice(norm(x) * norm(x), 1, "two of the same");
    expect_twice(sum(r * tensor({1, 2, 3}, f64) * r), 6, "of a number that is repeated");
    Tensor many = r * r;
    for (int i = 1; i < 60; ++i) many += r * r;
    expect_twice(many, 60, "a long sum");
  }
}
TEST(Norm, TakesASubgradientAtItsCorners) {
  const Tensor zero = zeros({2}, f64);
  EXPECT_EQ(grad(norm(zero), zero).to_vector(), (Values{0, 0}));
  const Tensor t = tensor({0, -2, 2}, f64);
  EXPECT_EQ(grad(norm(t, 1), t).to_vector(), (Values{0, -1, 1}));
  EXPECT_EQ(grad(norm(t, kInfinity), t).to_vector(), (Values{0, -0.5, 0.5}));
}

TEST(AnyAll, AreNumPys) {
  EXPECT_EQ(any(z() > 4, 1).to_vector(), (Values{0, 1}));  // np.any(z > 4, axis=1)
  EXPECT_EQ(all(z(), 0).to_vector(), (Values{1, 1, 1}));   // np.all(z, axis=0)
  EXPECT_EQ(all(z() > -2).item(), 0);
  EXPECT_EQ(any(tensor({kNan})).item(), 1);                      // np.any([nan])
  EXPECT_EQ(any(zeros({2, 0}), 1).to_vector(), (Values{0, 0}));  // np.any(np.zeros((2, 0)), axis=1)
  EXPECT_EQ(all(zeros({2, 0}), 1).to_vector(), (Values{1, 1}));  // np.all(np.zeros((2, 0)), axis=1)
  EXPECT_EQ(any(z(), 1, true).shape(), Shape({2, 1}));
  EXPECT_EQ(any(z()).dtype(), boolean);
}

TEST(Cumsum, IsNumPys) {
  EXPECT_EQ(cumsum(z(), 1).to_vector(), (Values{1, -1, 2, 4, 9, 3}));    // np.cumsum(z, axis=1)
  EXPECT_EQ(cumsum(z(), -2).to_vector(), (Values{1, -2, 3, 5, 3, -3}));  // np.cumsum(z, axis=0)
  const Tensor counts = cumsum(tensor({1, 1, 0, 1}, boolean), 0);  // np.cumsum([True, True, False, True])
  EXPECT_EQ(counts.to_vector(), (Values{1, 2, 2, 3}));
  EXPECT_EQ(counts.dtype(), i64);
  const Tensor t = tensor({1, 2, 3}, f64);
  EXPECT_EQ(grad(sum(cumsum(t, 0) * tensor({1, 10, 100}, f64)), t).to_vector(), (Values{111, 110, 100}));
}

TEST(Cumsum, BackwardsAndWithoutTheElement) {
  const Tensor t = tensor({1, 2, 3}, f64), weights = tensor({1, 10, 100}, f64);
  // np.cumsum(t[::-1])[::-1], and ONNX's CumSum with exclusive = 1, and with reverse = 1 too.
  EXPECT_EQ(cumsum(t, 0, {.reverse = true}).to_vector(), (Values{6, 5, 3}));
  EXPECT_EQ(cumsum(t, 0, {.exclusive = true}).to_vector(), (Values{0, 1, 3}));
  EXPECT_EQ(cumsum(t, 0, {.reverse = true, .exclusive = true}).to_vector(), (Values{5, 3, 0}));
  EXPECT_EQ(cumsum(z(), 0, {.exclusive = true}).to_vector(), (Values{0, 0, 0, 1, -2, 3}));
  EXPECT_EQ(grad(sum(cumsum(t, 0, {.exclusive = true}) * weights), t).to_vector(), (Values{110, 100, 0}));
  EXPECT_EQ(grad(sum(cumsum(t, 0, {.reverse = true}) * weights), t).to_vector(), (Values{1, 11, 111}));
  const Tensor counts = cumsum(tensor({200, 100}, u8), 0, {.exclusive = true});
  EXPECT_EQ(counts.to_vector(), (Values{0, 200}));
  EXPECT_EQ(counts.dtype(), i64);
}

TEST(Logsumexp, OverAnyAxes) {
  // np.log(np.sum(np.exp(z), axis=0))
  expect_near(logsumexp(z(), 0), {4.048587351573742, 5.000911466453774, 3.000123402189723});
  expect_near(logsumexp(z()), {5.420326756010547});  // np.log(np.sum(np.exp(z)))
  EXPECT_EQ(logsumexp(x(), {0, 2}, true).shape(), Shape({1, 3, 1}));
  // Over the middle axis all terms lie 4 apart: x_0 + log(1 + e^4 + e^8).
  const double terms = std::log(1 + std::exp(4.0) + std::exp(8.0));
  expect_near(select(logsumexp(x(), 1), 0), {terms, 1 + terms, 2 + terms, 3 + terms});
  EXPECT_EQ(logsumexp(tensor({1000, 1000}, f64)).item(), 1000 + std::log(2.0));
  EXPECT_EQ(logsumexp(zeros({0})).item(), -kInfinity);
  EXPECT_EQ(logsumexp(scalar(3, f64)).item(), 3);
}

TEST(Softmax, AlongAnyAxis) {
  // np.exp(z) / np.sum(np.exp(z), axis=0)
  const Values expected = {0.04742587317756678, 0.0009110511944006454, 0.9998766054240137,
                           0.9525741268224331,  0.9990889488055994,    0.00012339457598623172};
  expect_near(softmax(z(), 0), expected, 4e-15);
  expect_near(exp(log_softmax(z(), 0)), expected, 4e-15);
  expect_near(transpose(softmax(transpose(z()))), expected, 4e-15);
  EXPECT_EQ(softmax(x(), 1).shape(), Shape({2, 3, 4}));
  const Tensor t = z();
  expect_near(sum(softmax(x(), 1), 1), Values(8, 1), 4e-15);
  const Values g = grad(sum(square(softmax(t, 0))), t).to_vector();
  const Values turned = grad(sum(square(softmax(transpose(t)))), t).to_vector();
  EXPECT_EQ(g, turned);
}

}  // namespace
}  // namespace chainrule
