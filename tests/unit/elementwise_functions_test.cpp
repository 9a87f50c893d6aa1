// What the elementwise functions give for special values, at kinks and at extremes.
//
// Values: C17 annex F.10 for the functions that the C library has (NumPy gives the same); NumPy 1.24 manual
// for maximum, minimum, clip, sign, fmod, round and the logical functions; ONNX operator specification (opset
// 17) for the activations, infinities by the limit.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>

#include "chainrule/error.h"
#include "chainrule/grad.h"
#include "chainrule/ops.h"

namespace chainrule {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kPi = std::numbers::pi;

using Function = Tensor (*)(const Tensor&);
#define CHAINRULE_FUNCTION(name) #name, [](const Tensor& x) { return name(x); }

/// Equal within 4 ULP of f32, NaN and infinities and the sign of zeros as they are.
void expect_same(double y, double expected, const std::string& what) {
  if (std::isnan(expected)) {
    EXPECT_TRUE(std::isnan(y)) << what << " is " << y;
  } else if (expected == 0 || std::isinf(expected)) {
    EXPECT_EQ(y, expected) << what;
    EXPECT_EQ(std::signbit(y), std::signbit(expected)) << what << " has the wrong sign";
  } else {
    EXPECT_NEAR(y, expected, std::abs(expected) * 5e-7) << what;
  }
}

struct Case {
  const char* name;
  Function f;
  double x, y;
};

TEST(ElementwiseFunctions, SpecialValues) {
  const Case cases[] = {
      {CHAINRULE_FUNCTION(abs), -0.0, 0},
      {CHAINRULE_FUNCTION(abs), -kInf, kInf},
      {CHAINRULE_FUNCTION(sign), kNan, kNan},
      {CHAINRULE_FUNCTION(sign), -kInf, -1},
      {CHAINRULE_FUNCTION(floor), -0.5, -1},
      {CHAINRULE_FUNCTION(ceil), -0.5, -0.0},
      {CHAINRULE_FUNCTION(round), 0.5, 0},
      {CHAINRULE_FUNCTION(round), -0.5, -0.0},
      {CHAINRULE_FUNCTION(round), 1.5, 2},
      {CHAINRULE_FUNCTION(round), 2.5, 2},
      {CHAINRULE_FUNCTION(expm1), -0.0, -0.0},
      {CHAINRULE_FUNCTION(expm1), 1e-8, 1e-8},
      {CHAINRULE_FUNCTION(expm1), -kInf, -1},
      {CHAINRULE_FUNCTION(log1p), 1e-8, 1e-8},
      {CHAINRULE_FUNCTION(log1p), -1, -kInf},
      {CHAINRULE_FUNCTION(rsqrt), 0, kInf},
      {CHAINRULE_FUNCTION(rsqrt), 4, 0.5},
      {CHAINRULE_FUNCTION(rsqrt), -1, kNan},
      {CHAINRULE_FUNCTION(reciprocal), -0.0, -kInf},
      {CHAINRULE_FUNCTION(square), -kInf, kInf},
      {CHAINRULE_FUNCTION(sin), -0.0, -0.0},
      {CHAINRULE_FUNCTION(sin), kInf, kNan},
      {CHAINRULE_FUNCTION(sin), 1e22, -0.8522008497671888},  // the well-known test of range reduction
      {CHAINRULE_FUNCTION(cos), kInf, kNan},
      {CHAINRULE_FUNCTION(tan), -0.0, -0.0},
      {CHAINRULE_FUNCTION(tan), kInf, kNan},
      {CHAINRULE_FUNCTION(asin), -0.0, -0.0},
      {CHAINRULE_FUNCTION(asin), 1, kPi / 2},
      {CHAINRULE_FUNCTION(asin), -1, -kPi / 2},
      {CHAINRULE_FUNCTION(asin), 1.5, kNan},
      {CHAINRULE_FUNCTION(acos), 1, 0},
      {CHAINRULE_FUNCTION(acos), -1, kPi},
      {CHAINRULE_FUNCTION(acos), -1.5, kNan},
      {CHAINRULE_FUNCTION(atan), -0.0, -0.0},
      {CHAINRULE_FUNCTION(atan), kInf, kPi / 2},
      {CHAINRULE_FUNCTION(atan), -kInf, -kPi / 2},
      {CHAINRULE_FUNCTION(sinh), -0.0, -0.0},
      {CHAINRULE_FUNCTION(sinh), 1e-8, 1e-8},
      {CHAINRULE_FUNCTION(sinh), kInf, kInf},
      {CHAINRULE_FUNCTION(sinh), -kInf, -kInf},
      {CHAINRULE_FUNCTION(cosh), 0, 1},
      {CHAINRULE_FUNCTION(cosh), -kInf, kInf},
      {CHAINRULE_FUNCTION(asinh), -0.0, -0.0},
      {CHAINRULE_FUNCTION(asinh), -kInf, -kInf},
      {CHAINRULE_FUNCTION(acosh), 1, 0},
      {CHAINRULE_FUNCTION(acosh), 0.5, kNan},
      {CHAINRULE_FUNCTION(acosh), kInf, kInf},
      {CHAINRULE_FUNCTION(atanh), -0.0, -0.0},
      {CHAINRULE_FUNCTION(atanh), 1, kInf},
      {CHAINRULE_FUNCTION(atanh), -1, -kInf},
      {CHAINRULE_FUNCTION(atanh), 1.5, kNan},
      {CHAINRULE_FUNCTION(erf), -0.0, -0.0},
      {CHAINRULE_FUNCTION(erf), -kInf, -1},
      {CHAINRULE_FUNCTION(relu), -kInf, 0},
      {CHAINRULE_FUNCTION(leaky_relu), -2, -0.02},
      {CHAINRULE_FUNCTION(elu), -kInf, -1},
      {CHAINRULE_FUNCTION(elu), kInf, kInf},
      {CHAINRULE_FUNCTION(selu), -kInf, -1.7580993408473766},
      {CHAINRULE_FUNCTION(gelu), kInf, kInf},
      {CHAINRULE_FUNCTION(gelu), 1, 0.8413447460685429},  // the normal distribution function at 1
      {CHAINRULE_FUNCTION(silu), kInf, kInf},
      {CHAINRULE_FUNCTION(softplus), -kInf, 0},
      {CHAINRULE_FUNCTION(softplus), kInf, kInf},
      {CHAINRULE_FUNCTION(softplus), -40, 4.248354255291589e-18},  // exp(-40)
      {CHAINRULE_FUNCTION(softplus), 1000, 1000},
      {CHAINRULE_FUNCTION(log_sigmoid), -1000, -1000},
      {CHAINRULE_FUNCTION(log_sigmoid), -kInf, -kInf},
      {CHAINRULE_FUNCTION(log_sigmoid), 40, -4.248354255291589e-18},
      {CHAINRULE_FUNCTION(softsign), kInf, 1},
      {CHAINRULE_FUNCTION(softsign), -kInf, -1},
      {CHAINRULE_FUNCTION(softsign), -1, -0.5},
      {CHAINRULE_FUNCTION(hard_sigmoid), -kInf, 0},
      {CHAINRULE_FUNCTION(hard_sigmoid), kInf, 1},
      {CHAINRULE_FUNCTION(hard_sigmoid), 1, 0.7},
      {CHAINRULE_FUNCTION(hard_swish), kInf, kInf},
      {CHAINRULE_FUNCTION(hard_swish), 1, 2.0 / 3},
      {CHAINRULE_FUNCTION(mish), kInf, kInf},
      {CHAINRULE_FUNCTION(mish), 1, 0.8650983882673103},  // tanh(log(1 + e))
  };
  for (const DType dtype : {f32, f64}) {
    for (const Case& c : cases) {
      const std::string what = std::string(c.name) + " of " + std::to_string(c.x);
      // f32 does not hold every argument, so 1e22 is asked of f64 only.
      if (dtype == f32 && std::abs(c.x) == 1e22) continue;
      expect_same(c.f(scalar(c.x, dtype)).item(), c.y, what);
      if (!std::isnan(c.x))
        expect_same(c.f(scalar(kNan, dtype)).item(), kNan, std::string(c.name) + " of NaN");
    }
  }
}

TEST(ElementwiseFunctions, VanishAtMinusInfinity) {
  for (const DType dtype : {f32, f64}) {
    for (const Function f : {Function([](const Tensor& x) { return silu(x); }),
                             Function([](const Tensor& x) { return gelu(x); }),
                             Function([](const Tensor& x) { return mish(x); }),
                             Function([](const Tensor& x) { return hard_swish(x); })}) {
      for (const double x : {-kInf, -1e30}) {
        const Tensor at = scalar(x, dtype);
        EXPECT_EQ(f(at).item(), 0);
        EXPECT_EQ(grad(f(at), at).item(), 0);
      }
    }
  }
}

// A function of straight pieces has the slope of one of them there, a curved one has none.
TEST(ElementwiseFunctions, SlopesAtNan) {
  const Function curved[] = {
      [](const Tensor& x) { return elu(x); },      [](const Tensor& x) { return selu(x); },
      [](const Tensor& x) { return gelu(x); },     [](const Tensor& x) { return silu(x); },
      [](const Tensor& x) { return mish(x); },     [](const Tensor& x) { return softplus(x); },
      [](const Tensor& x) { return softsign(x); }, [](const Tensor& x) { return hard_swish(x); },
      [](const Tensor& x) { return sigmoid(x); },  [](const Tensor& x) { return tanh(x); },
  };
  const Tensor nan = scalar(kNan);
  for (const Function f : curved) EXPECT_TRUE(std::isnan(grad(f(nan), nan).item())) << f(scalar(1)).item();
  EXPECT_EQ(grad(relu(nan), nan).item(), 1);
  EXPECT_EQ(grad(leaky_relu(nan), nan).item(), 1);
  EXPECT_EQ(grad(clip(nan, -1, 1), nan).item(), 1);
  EXPECT_EQ(grad(hard_sigmoid(nan), nan).item<float>(), 0.2f);
}

// Far up they are x itself, and a slope is the cotangent however large both are.
TEST(ElementwiseFunctions, AreStraightFarUp) {
  for (const Function f :
       {Function([](const Tensor& x) { return silu(x); }), Function([](const Tensor& x) { return gelu(x); }),
        Function([](const Tensor& x) { return mish(x); }), Function([](const Tensor& x) { return relu(x); }),
        Function([](const Tensor& x) { return hard_swish(x); })}) {
    for (const double x : {1e30, 2000.0}) {
      const Tensor at = scalar(x, f32);
      EXPECT_FLOAT_EQ(static_cast<float>(f(at).item()), static_cast<float>(x));
      EXPECT_EQ(vjp(f(at), at, scalar(1e10, f32)).item(), 1e10) << x;
      EXPECT_EQ(vjp(f(-at), at, scalar(1e10, f32)).item(), 0) << x;
    }
    EXPECT_EQ(f(scalar(kInf)).item(), kInf);
    EXPECT_TRUE(std::isnan(f(scalar(kNan)).item()));
  }
}

/// The n-th derivative at x.
double derivative(Function f, double x, int order) {
  const Tensor at = scalar(x, f64);
  Tensor y = f(at);
  for (int i = 0; i < order; ++i) y = grad(y, at, {.allow_unused = true});
  return y.item();
}

TEST(ElementwiseFunctions, SlopesAtKinks) {
  const Case cases[] = {
      {CHAINRULE_FUNCTION(abs), 0, 0},
      {CHAINRULE_FUNCTION(abs), -0.0, 0},
      {CHAINRULE_FUNCTION(relu), 0, 0},
      {CHAINRULE_FUNCTION(leaky_relu), 0, 0.01},
      {CHAINRULE_FUNCTION(elu), 0, 1},
      {CHAINRULE_FUNCTION(selu), 0, 1.7580993408473766},
      {CHAINRULE_FUNCTION(hard_sigmoid), -2.5, 0.2},
      {CHAINRULE_FUNCTION(hard_sigmoid), 2.5, 0.2},
      {CHAINRULE_FUNCTION(hard_swish), -3, 0},
      {CHAINRULE_FUNCTION(hard_swish), 3, 1.5},
  };
  for (const Case& c : cases) EXPECT_NEAR(derivative(c.f, c.x, 1), c.y, 1e-15) << c.name << " at " << c.x;
  const auto clipped = [](const Tensor& x) { return clip(x, -1, 1); };
  for (const double x : {-1.0, 1.0}) EXPECT_EQ(derivative(clipped, x, 1), 1);
  for (const double x : {-1.1, 1.1}) EXPECT_EQ(derivative(clipped, x, 1), 0);
}

// Where sides are joined, or a formula by |x| would be wrong. From the power series: softplus = log 2 + x/2 +
// x^2/8
// - x^4/192, asinh = x - x^3/6, softsign = x - x|x|, atanh = x + x^3/3, cosh = 1 + x^2/2.
TEST(ElementwiseFunctions, DerivativesWhereSidesJoin) {
  const auto softplus_of = [](const Tensor& x) { return softplus(x); };
  const double softplus_series[] = {0.6931471805599453, 0.5, 0.25, 0, -0.125};
  for (int n = 0; n <= 4; ++n) EXPECT_NEAR(derivative(softplus_of, 0, n), softplus_series[n], 1e-15) << n;
  const double asinh_series[] = {0, 1, 0, -1};
  const double atanh_series[] = {0, 1, 0, 2};
  const double cosh_series[] = {1, 0, 1, 0};
  for (int n = 0; n <= 3; ++n) {
    EXPECT_NEAR(derivative([](const Tensor& x) { return asinh(x); }, 0, n), asinh_series[n], 1e-15) << n;
    EXPECT_NEAR(derivative([](const Tensor& x) { return atanh(x); }, 0, n), atanh_series[n], 1e-15) << n;
    EXPECT_NEAR(derivative([](const Tensor& x) { return cosh(x); }, 0, n), cosh_series[n], 1e-15) << n;
  }
  EXPECT_EQ(derivative([](const Tensor& x) { return softsign(x); }, 0, 1), 1);
}

TEST(ElementwiseFunctions, DerivativesAtExtremes) {
  const Case cases[] = {
      {CHAINRULE_FUNCTION(asin), 1, kInf},
      {CHAINRULE_FUNCTION(acos), 1, -kInf},
      {CHAINRULE_FUNCTION(acosh), 1, kInf},
      {CHAINRULE_FUNCTION(atanh), 1, kInf},
      {CHAINRULE_FUNCTION(atan), kInf, 0},
      {CHAINRULE_FUNCTION(asinh), 1e200, 1e-200},  // its square overflows
      {CHAINRULE_FUNCTION(asinh), -1e200, 1e-200},
      {CHAINRULE_FUNCTION(softplus), 800, 1},
      {CHAINRULE_FUNCTION(softplus), -700, 9.859676543759770e-305},  // exp(-700)
      {CHAINRULE_FUNCTION(log_sigmoid), 700, 9.859676543759770e-305},
      {CHAINRULE_FUNCTION(log_sigmoid), -800, 1},
      {CHAINRULE_FUNCTION(elu), 800, 1},
      {CHAINRULE_FUNCTION(selu), 800, 1.0507009873554805},
      {CHAINRULE_FUNCTION(expm1), -40, 4.248354255291589e-18},
  };
  for (const Case& c : cases) expect_same(derivative(c.f, c.x, 1), c.y, std::string("slope of ") + c.name);
}

TEST(ElementwiseFunctions, Atan2) {
  const double cases[][3] = {{0.0, 1, 0.0},          {-0.0, 1, -0.0},       {0.0, -1, kPi},
                             {-0.0, -1, -kPi},       {1, 0, kPi / 2},       {0.0, 0.0, 0.0},
                             {0.0, -0.0, kPi},       {kInf, kInf, kPi / 4}, {kInf, -kInf, 3 * kPi / 4},
                             {-kInf, 1, -kPi / 2},   {1, -kInf, kPi},       {1, kInf, 0.0},
                             {-1, -1, -3 * kPi / 4}, {kNan, 1, kNan},       {1, kNan, kNan}};
  for (const auto& [a, b, y] : cases)
    expect_same(atan2(scalar(a, f64), scalar(b, f64)).item(), y, "atan2 of " + std::to_string(a));
  // b / (a^2 + b^2) and -a / (a^2 + b^2), where the squares vanish or overflow.
  for (const double size : {1e-200, 1.0, 1e200}) {
    const Tensor a = scalar(3 * size, f64);
    const Tensor b = scalar(4 * size, f64);
    const auto slopes = grad(atan2(a, b), {a, b});
    EXPECT_NEAR(slopes[0].item() * size, 0.16, 1e-15);
    EXPECT_NEAR(slopes[1].item() * size, -0.12, 1e-15);
  }
}

TEST(ElementwiseFunctions, Fmod) {
  const double cases[][3] = {{5.5, 2, 1.5}, {-5.5, 2, -1.5}, {5.5, -2, 1.5},  {-6, 3, -0.0},  {1, kInf, 1},
                             {1, 0, kNan},  {kInf, 1, kNan}, {-0.0, 1, -0.0}, {kNan, 1, kNan}};
  for (const auto& [a, b, y] : cases)
    expect_same(fmod(scalar(a, f64), scalar(b, f64)).item(), y, "fmod of " + std::to_string(a));
  const Tensor a = from_data(std::vector<std::int64_t>{7, -7, 7, 5, INT64_MIN}, {5});
  const Tensor b = from_data(std::vector<std::int64_t>{3, 3, -3, 0, -1}, {5});
  EXPECT_EQ(fmod(a, b).to_vector<std::int64_t>(), (std::vector<std::int64_t>{1, -1, 1, 0, 0}));
  const Tensor x = scalar(-5.5, f64);
  const Tensor y = scalar(2, f64);
  const auto slopes = grad(fmod(x, y), {x, y});
  EXPECT_EQ(slopes[0].item(), 1);
  EXPECT_EQ(slopes[1].item(), 2);  // -5.5 = -1.5 - 2 * 2
}

// numpy.mod and numpy.floor_divide of NumPy 1.24.
TEST(ElementwiseFunctions, RemainderAndFloorDivide) {
  const double cases[][4] = {
      {5.5, 2, 1.5, 2},     {-5.5, 2, 0.5, -3},    {5.5, -2, -0.5, -3},
      {-6, 3, 0, -2},       {6, -3, -0.0, -2},     {1, kInf, 1, 0},
      {-1, kInf, kInf, -1}, {1, 0, kNan, kInf},    {-1, 0, kNan, -kInf},
      {0, 0, kNan, kNan},   {kInf, 1, kNan, kNan}, {kNan, 1, kNan, kNan},
      {-1e-20, 1, 1, -1},   {-7, 0.5, 0, -14},     {1, 0.1, 0.09999999999999995, 9},
      {-0.0, 1, 0, -0.0},   {0, -1, -0.0, -0.0},   {1e308, 3, 2, 3.333333333333333e307}};
  for (const auto& [a, b, left, quotient] : cases) {
    const std::string what = std::to_string(a) + " by " + std::to_string(b);
    expect_same(remainder(scalar(a, f64), scalar(b, f64)).item(), left, what);
    expect_same(floor_divide(scalar(a, f64), scalar(b, f64)).item(), quotient, what);
  }
  using Whole = std::vector<std::int64_t>;
  const Tensor a =
      from_data(Whole{7, -7, 7, -7, 6, -6, 5, INT64_MIN, 9007199254740993, -9007199254740993}, {10});
  const Tensor b = from_data(Whole{3, 3, -3, -3, -3, 3, 0, -1, 2, 2}, {10});
  EXPECT_EQ(remainder(a, b).to_vector<std::int64_t>(), (Whole{1, 2, -2, -1, 0, 0, 0, 0, 1, 1}));
  EXPECT_EQ(floor_divide(a, b).to_vector<std::int64_t>(),
            (Whole{2, -3, -3, 2, -2, -2, 0, INT64_MIN, 4503599627370496, -4503599627370497}));
  const Tensor c = tensor({7, 200, 7, 255}, u8), d = tensor({255, 7, 0, 255}, u8);
  EXPECT_EQ(fmod(c, d).to_vector(), (std::vector<double>{7, 4, 0, 0}));
  EXPECT_EQ(remainder(c, d).to_vector(), (std::vector<double>{7, 4, 0, 0}));
  EXPECT_EQ(floor_divide(c, d).to_vector(), (std::vector<double>{0, 28, 0, 1}));
  EXPECT_EQ(floor_divide(c, d).dtype(), u8);
  // By Python's fractions; NumPy's f64 ends with 2.
  EXPECT_EQ(floor_divide(scalar(1.967333340591571e-225, f64), scalar(5.10001246721754e-241, f64)).item(),
            3857506924223083);
  EXPECT_EQ(floor_divide(scalar(7.874219602815029e+25), scalar(1.0229676964432577e+19)).item(), 7697427);
  EXPECT_EQ(floor_divide(arange(5), 2).dtype(), i64);
}

TEST(ElementwiseFunctions, SlopesOfRemainder) {
  const Tensor x = scalar(-5.5, f64), y = scalar(2, f64);
  const auto slopes = grad(remainder(x, y), {x, y});
  EXPECT_EQ(slopes[0].item(), 1);
  EXPECT_EQ(slopes[1].item(), 3);  // -5.5 = 0.5 - 3 * 2
  EXPECT_THROW(grad(floor_divide(x, y), x), Error);
}

TEST(ElementwiseFunctions, MaximumAndMinimum) {
  for (const DType dtype : {f32, f64}) {
    const Tensor a = tensor({1, 5, kNan, 2, kNan}, dtype);
    const Tensor b = tensor({3, 4, 1, kNan, kNan}, dtype);
    const auto most = maximum(a, b).to_vector();
    const auto least = minimum(a, b).to_vector();
    EXPECT_EQ(most[0], 3);
    EXPECT_EQ(most[1], 5);
    EXPECT_EQ(least[0], 1);
    EXPECT_EQ(least[1], 4);
    for (int i = 2; i < 5; ++i) {
      EXPECT_TRUE(std::isnan(most[static_cast<std::size_t>(i)])) << i;
      EXPECT_TRUE(std::isnan(least[static_cast<std::size_t>(i)])) << i;
    }
  }
  const Tensor a = tensor({1, 2, 3}, f64);
  const Tensor b = tensor({3, 2, 1}, f64);
  const auto of_maximum = grad(sum(maximum(a, b)), {a, b});
  EXPECT_EQ(of_maximum[0].to_vector(), (std::vector<double>{0, 0.5, 1}));
  EXPECT_EQ(of_maximum[1].to_vector(), (std::vector<double>{1, 0.5, 0}));
  const auto of_minimum = grad(sum(minimum(a, b)), {a, b});
  EXPECT_EQ(of_minimum[0].to_vector(), (std::vector<double>{1, 0.5, 0}));
  EXPECT_EQ(of_minimum[1].to_vector(), (std::vector<double>{0, 0.5, 1}));
}

TEST(ElementwiseFunctions, IntegersStayIntegersWhereNumpyKeepsThem) {
  const Tensor x = from_data(std::vector<std::int64_t>{-3, 0, 4, INT64_MIN}, {4});
  EXPECT_EQ(abs(x).to_vector<std::int64_t>(), (std::vector<std::int64_t>{3, 0, 4, INT64_MIN}));
  EXPECT_EQ(sign(x).to_vector<std::int64_t>(), (std::vector<std::int64_t>{-1, 0, 1, -1}));
  EXPECT_EQ(maximum(x, 1).to_vector<std::int64_t>(), (std::vector<std::int64_t>{1, 1, 4, 1}));
  EXPECT_EQ(clip(x, -1, 2).to_vector<std::int64_t>(), (std::vector<std::int64_t>{-1, 0, 2, -1}));
  EXPECT_EQ(square(x).dtype(), i64);
  const Tensor bytes = from_data(std::vector<std::uint8_t>{0, 200}, {2});
  EXPECT_EQ(abs(bytes).to_vector<std::uint8_t>(), (std::vector<std::uint8_t>{0, 200}));
  EXPECT_EQ(sign(bytes).to_vector<std::uint8_t>(), (std::vector<std::uint8_t>{0, 1}));
  for (const Tensor& y : {floor(x), sin(x), atan(x), gelu(x), elu(x), softsign(x)}) EXPECT_EQ(y.dtype(), f64);
}

TEST(ElementwiseFunctions, ClipTakesTheUpperOfCrossedBounds) {
  const Tensor x = tensor({-2, 0, 2, kNan});
  const auto y = clip(x, 1, -1).to_vector();
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(y[i], -1);
  EXPECT_TRUE(std::isnan(y[3]));
  EXPECT_EQ(clip(x, tensor({-1, 1, -1, 0}), kInf).to_vector()[1], 1);
}

TEST(ElementwiseFunctions, LogicalFunctionsTakeWhatIsNotZeroAsTrue) {
  const Tensor a = tensor({0, 0, 2, kNan});
  const Tensor b = from_data(std::vector<std::int64_t>{0, -1, 0, 7}, {4});
  EXPECT_EQ(logical_and(a, b).to_vector(), (std::vector<double>{0, 0, 0, 1}));
  EXPECT_EQ(logical_or(a, b).to_vector(), (std::vector<double>{0, 1, 1, 1}));
  EXPECT_EQ(logical_xor(a, b).to_vector(), (std::vector<double>{0, 1, 1, 0}));
  EXPECT_EQ(logical_not(a).to_vector(), (std::vector<double>{1, 1, 0, 0}));
  EXPECT_EQ(logical_and(a > 0.0, true).to_vector(), (std::vector<double>{0, 0, 1, 0}));
  EXPECT_EQ(logical_or(a, b).dtype(), boolean);
}

TEST(ElementwiseFunctions, PowerOfZero) {
  const Tensor a = tensor({0, 0, 0}, f64);
  const Tensor b = tensor({0, 1, 2}, f64);
  const auto slopes = grad(sum(pow(a, b)), {a, b});
  EXPECT_EQ(slopes[0].to_vector(), (std::vector<double>{0, 1, 0}));
  EXPECT_EQ(slopes[1].to_vector(), (std::vector<double>{0, 0, 0}));
}

TEST(ElementwiseFunctions, StepsHaveNoDerivative) {
  const Tensor x = tensor({0.3, 1.7});
  for (const Tensor& y : {sign(x), floor(x), ceil(x), round(x)}) {
    try {
      grad(sum(y), x);
      ADD_FAILURE() << "no error";
    } catch (const NotDifferentiable& error) {
      EXPECT_EQ(error.code(), 32);
    }
  }
}

}  // namespace
}  // namespace chainrule
