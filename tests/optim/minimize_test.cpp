// Minima by L-BFGS, Gauss-Newton and Levenberg-Marquardt.
#include "chainrule/optim/minimize.h"

#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

#include "chainrule/chainrule.h"
#include "message_of.h"

namespace chainrule::optim {
namespace {

using Values = std::vector<double>;

void expect_at(const Minimum& found, const Values& expected, double digits) {
  const Values values = found.x().to_vector();
  ASSERT_EQ(values.size(), expected.size());
  for (std::size_t i = 0; i < values.size(); ++i)
    EXPECT_NEAR(values[i] / expected[i], 1, std::pow(10, -digits)) << i << ": " << found.reason;
}

Tensor part(const Tensor& b, std::int64_t i) { return slice(b, 0, i, i + 1); }

/// Data and certified values of NIST's Statistical Reference Datasets, nonlinear regression.
struct Nist {
  std::string name;
  Values x, y;
  Tensor (*model)(const Tensor& x, const Tensor& b);
  Values near, far, certified;  // starts 2 and 1
  double sum;                   // certified, of squared residuals
};
std::ostream& operator<<(std::ostream& out, const Nist& set) { return out << set.name; }

const Values kMisraX{77.6,  114.9, 141.1, 190.8, 239.9, 289.0, 332.8,
                     378.4, 434.8, 477.3, 536.8, 593.1, 689.1, 760.0};
const Values kMisraY{10.07, 14.73, 17.94, 23.93, 29.61, 35.18, 40.02,
                     44.82, 50.76, 55.05, 61.01, 66.40, 75.47, 81.78};

const Nist kNist[] = {
    {"Misra1a",
     kMisraX,
     kMisraY,
     [](const Tensor& x, const Tensor& b) { return part(b, 0) * (1 - exp(-part(b, 1) * x)); },
     {250, 5e-4},
     {500, 1e-4},
     {2.3894212918e+02, 5.5015643181e-04},
     1.2455138894e-01},
    {"Misra1b",
     kMisraX,
     kMisraY,
     [](const Tensor& x, const Tensor& b) { return part(b, 0) * (1 - 1 / square(1 + part(b, 1) * x / 2)); },
     {300, 2e-4},
     {500, 1e-4},
     {3.3799746163e+02, 3.9039091287e-04},
     7.5464681533e-02},
    {"Misra1c",
     kMisraX,
     kMisraY,
     [](const Tensor& x, const Tensor& b) { return part(b, 0) * (1 - rsqrt(1 + 2 * part(b, 1) * x)); },
     {600, 2e-4},
     {500, 1e-4},
     {6.3642725809e+02, 2.0813627256e-04},
     4.0966836971e-02},
    {"Misra1d",
     kMisraX,
     kMisraY,
     [](const Tensor& x, const Tensor& b) { return part(b, 0) * part(b, 1) * x / (1 + part(b, 1) * x); },
     {450, 3e-4},
     {500, 1e-4},
     {4.3736970754e+02, 3.0227324449e-04},
     5.6419295283e-02},
    {"DanWood",
     {1.309, 1.471, 1.490, 1.565, 1.611, 1.680},
     {2.138, 3.421, 3.597, 4.340, 4.882, 5.660},
     [](const Tensor& x, const Tensor& b) { return part(b, 0) * pow(x, part(b, 1)); },
     {0.7, 4},
     {1, 5},
     {7.6886226176e-01, 3.8604055871e+00},
     4.3173084083e-03},
};

class LeastSquares : public ::testing::TestWithParam<Nist> {};
INSTANTIATE_TEST_SUITE_P(Nist, LeastSquares, ::testing::ValuesIn(kNist),
                         [](const auto& set) { return set.param.name; });

template <class Method>
void expect_certified(const Nist& set, const Values& start, const Method& method) {
  const auto count = static_cast<std::int64_t>(set.x.size());
  const Tensor x = from_data(set.x, {count}), y = from_data(set.y, {count});
  const Minimum found =
      minimize([&](const Tensor& b) { return y - set.model(x, b); }, from_data(start, {2}), method);
  EXPECT_TRUE(found.converged) << found;
  expect_at(found, set.certified, 7);
  EXPECT_NEAR(found.value / set.sum, 1, 1e-9);
}

TEST_P(LeastSquares, LevenbergMarquardtFindsTheCertifiedValues) {
  expect_certified(GetParam(), GetParam().near, LevenbergMarquardt{});
  expect_certified(GetParam(), GetParam().far, LevenbergMarquardt{});
}

TEST_P(LeastSquares, GaussNewtonFindsTheCertifiedValues) {
  expect_certified(GetParam(), GetParam().near, GaussNewton{});
}

// Least squares of a straight line are found in one step: (X^T X)^-1 X^T y by hand.
TEST(GaussNewtonMethod, TakesOneStepForALine) {
  const Tensor x = tensor({0, 1, 2, 3}, f64), y = tensor({1, 3, 4, 8}, f64);
  const Minimum found = minimize([&](const Tensor& b) { return part(b, 0) + part(b, 1) * x - y; },
                                 tensor({5, -5}, f64), GaussNewton{});
  expect_at(found, {0.7, 2.2}, 13);
  EXPECT_LE(found.iterations, 2);
  EXPECT_NEAR(found.value, 1.8, 1e-13);
  EXPECT_EQ(
      message_of([&] {
        minimize([&](const Tensor& b) { return sum(b); }, tensor({5, -5}, f64), GaussNewton{});
      })
          .find(
              "[minimize] 1 residuals for 2 parameters. Gauss-Newton needs as many; use LevenbergMarquardt. "
              "Called from minimize_test.cpp:"),
      0u);
  const Minimum stuck =
      minimize([&](const Tensor& b) { return sum(b) * x - y; }, tensor({5, -5}, f64), GaussNewton{});
  EXPECT_FALSE(stuck.converged);
  EXPECT_EQ(stuck.reason, "the derivatives depend on each other");
}

// More parameters than residuals: one of the many minima.
TEST(LevenbergMarquardtMethod, TakesFewerResidualsThanParameters) {
  const Minimum found = minimize([](const Tensor& b) { return sum(square(b)) - 3; }, tensor({1, 2, 3}, f64),
                                 LevenbergMarquardt{});
  EXPECT_TRUE(found.converged) << found;
  EXPECT_NEAR(sum(square(found.x())).item(), 3, 1e-7);
}

// Rosenbrock 1960: the minimum 0 at (1, 1), from (-1.2, 1).
TEST(LBfgsMethod, WalksRosenbrocksValley) {
  const auto valley = [](const Tensor& x) {
    return sum(100 * square(part(x, 1) - square(part(x, 0))) + square(1 - part(x, 0)));
  };
  const Minimum found = minimize(valley, tensor({-1.2, 1}, f64));
  EXPECT_TRUE(found.converged) << found;
  expect_at(found, {1, 1}, 8);
  EXPECT_LT(found.iterations, 60);
  const Minimum cut = minimize(valley, tensor({-1.2, 1}, f64), LBfgs{.iterations = 3});
  EXPECT_FALSE(cut.converged);
  EXPECT_EQ(cut.reason, "all iterations are done");
  EXPECT_EQ(cut.iterations, 3);
  EXPECT_LT(cut.value, valley(tensor({-1.2, 1}, f64)).item());
}

// A quadratic of n dimensions: its minimum is the solution of a x = b.
TEST(LBfgsMethod, SolvesAQuadraticOfManyDimensions) {
  const Tensor m = detach(normal({30, 30}, {.seed = 1}, 0, 1, f64));
  const Tensor a = detach(matmul(transpose(m), m) + eye(30, 30, f64)),
               b = detach(normal({30}, {.seed = 2}, 0, 1, f64));
  const Minimum found =
      minimize([&](const Tensor& x) { return sum(x * matmul(a, x)) / 2 - sum(b * x); }, zeros({30}, f64));
  EXPECT_TRUE(found.converged) << found;
  const Values expected = solve(a, b).to_vector(), values = found.x().to_vector();
  for (std::size_t i = 0; i < 30; ++i) EXPECT_NEAR(values[i], expected[i], 1e-7);
}

TEST(LBfgsMethod, TakesSeveralTensorsAndPolesAside) {
  const Minimum found =
      minimize([](std::span<const Tensor> x) { return sum(x[0] - log(x[0])) + sum(square(x[1] - 3)); },
               std::vector<Tensor>{tensor({0.01, 5}, f64), scalar(7, f32)});
  EXPECT_TRUE(found.converged) << found;
  EXPECT_NEAR(found.at[0].to_vector()[0], 1, 1e-5);
  EXPECT_NEAR(found.at[0].to_vector()[1], 1, 1e-5);
  EXPECT_NEAR(found.at[1].item(), 3, 1e-5);
  EXPECT_EQ(found.at[1].dtype(), f32);
  EXPECT_EQ(message_of([] { minimize([](const Tensor& x) { return sum(log(x)); }, tensor({0}, f64)); })
                .find("[minimize] the function is -inf at the start. Start where it is finite. Called from "
                      "minimize_test.cpp:"),
            0u);
}

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

// The slope of |x| as the root of a square is 0 / 0 at 0, where its value is a number.
TEST(Minimize, IsNotDoneWhereADerivativeIsNoNumber) {
  const auto kink = [](const Tensor& x) { return 1 + sqrt(square(x)); };
  const auto message = [&](const auto& method) {
    std::string text = message_of([&] { minimize(kink, tensor({0}, f64), method); });
    return text.substr(0, text.find(" Called from minimize_test.cpp:"));
  };
  const std::string expected =
      "[minimize] a derivative of the function is nan at the start. Start where all are finite.";
  EXPECT_EQ(message_of([&] {
              minimize([&](const Tensor& x) { return sum(kink(x)); }, tensor({0}, f64));
            }).find(expected),
            0u);
  EXPECT_EQ(message(GaussNewton{}), expected);
  EXPECT_EQ(message(LevenbergMarquardt{}), expected);
  // On the way: from 2 half a step leads there.
  const Minimum found = minimize(kink, tensor({2}, f64), GaussNewton{});
  EXPECT_FALSE(found.converged);
  EXPECT_EQ(found.reason, "the derivatives are not finite any more");
}

// A function that is a number at its start alone has no minimum there.
TEST(Minimize, IsNotDoneWhereNoStepGivesANumber) {
  const auto island = [](const Tensor& x) { return where(equal(x, 2), x, kNan); };
  for (const Minimum& found : {minimize(island, tensor({2}, f64), LevenbergMarquardt{}),
                               minimize(island, tensor({2}, f64), GaussNewton{}),
                               minimize([&](const Tensor& x) { return sum(island(x)); }, tensor({2}, f64))}) {
    EXPECT_FALSE(found.converged) << found;
    EXPECT_EQ(found.x().item(), 2);
  }
}

// b0 + b1 and nothing else is told; so little damping is lost in rounding.
TEST(LevenbergMarquardtMethod, TakesColumnsThatDependOnEachOther) {
  const Tensor x = tensor({0, 1, 2, 3}, f64), y = tensor({1, 3, 4, 8}, f64);
  for (const double damping : {1e-3, 1e-20, 1e-300}) {
    const Minimum found = minimize([&](const Tensor& b) { return sum(b) * x - y; }, tensor({5, -5}, f64),
                                   LevenbergMarquardt{.damping = damping});
    EXPECT_TRUE(found.converged) << found;
    EXPECT_NEAR(sum(found.x()).item(), (3 + 8 + 24) / 14.0, 1e-8);  // x y / x x
  }
  // A residual that is not 0 at the minimum takes many steps, each with less damping.
  const Minimum curved =
      minimize([&](const Tensor& b) { return exp(sum(b) * x / 4) - y; }, tensor({1, -1}, f64),
               LevenbergMarquardt{.iterations = 500, .step_tolerance = 0, .value_tolerance = 0});
  EXPECT_TRUE(curved.converged) << curved;
}

TEST(Minimize, NamesTheLineOfTheProgram) {
  const Tensor start = tensor({0, 1}, f64);
  const auto expect_here = [](const std::string& message, const std::string& code, int line) {
    EXPECT_NE(message.find(code), std::string::npos) << message;
    EXPECT_NE(message.find("minimize_test.cpp:" + std::to_string(line)), std::string::npos) << message;
  };
  const auto same = [](const Tensor& x) { return x; };
  const auto logarithm = [](const Tensor& x) { return log(x); };
  const auto total = [](const Tensor& x) { return sum(x); };
  std::string message = message_of([&] { minimize(same, start); });
  expect_here(message, "(E030)", __LINE__ - 1);
  message = message_of([&] { minimize(logarithm, start, LevenbergMarquardt{}); });
  expect_here(message, "(E411)", __LINE__ - 1);
  message = message_of([&] { minimize(total, start, GaussNewton{}); });
  expect_here(message, "(E412)", __LINE__ - 1);
  const auto first = [](std::span<const Tensor> x) { return square(x[0]); };
  const std::vector<Tensor> two{tensor({1}, f64), tensor({0, 1}, f64)};
  const auto forgets = [&](const auto& how, const Tensor& of) {
    const std::string text = message_of([&] { minimize(first, {two[0], of}, how); });
    EXPECT_EQ(
        text.find("[minimize] the function does not depend on variable 1 of shape " + of.shape().to_string() +
                  ". Leave it out of the start, or let the function use it. Called from minimize_test.cpp:"),
        0u)
        << text;
    EXPECT_NE(text.find("(E031)"), std::string::npos) << text;
  };
  const auto loss = [](std::span<const Tensor> x) { return sum(square(x[0])); };
  message = message_of([&] { minimize(loss, two); });
  expect_here(message, "variable 1 of shape (2,). Leave", __LINE__ - 1);
  forgets(LevenbergMarquardt{}, two[1]);
  forgets(LevenbergMarquardt{}, zeros({0}, f64));
  nn::Sequential net{nn::Affine{1}};
  net.build(zeros({1, 2}));
  const auto of_net = [&] { return sum(log(0 * net.predict(ones({1, 2})))); };
  message = message_of([&] { minimize(net, of_net); });
  expect_here(message, "(E411)", __LINE__ - 1);
}

TEST(Minimize, TrainsANet) {
  const Tensor x = detach(normal({60, 2}, {.seed = 1}, 0, 1, f64));
  const Tensor t = detach(sin(slice(x, 1, 0, 1)) * slice(x, 1, 1, 2));
  const auto net_of = [&] {
    nn::Sequential net{nn::Affine{6}, nn::Tanh{}, nn::Affine{1}};
    net.build(x);
    return net;
  };
  const nn::Sequential one = net_of(), other = net_of();
  const double before = mse(one.predict(x), t).item();
  const Minimum by_value = minimize(one, [&] { return mse(one.predict(x), t); });
  EXPECT_LT(by_value.value, 0.01 * before) << by_value;
  EXPECT_EQ(mse(one.predict(x), t).item(), by_value.value);
  const Minimum by_residuals = minimize(
      other, [&] { return other.predict(x) - t; }, LevenbergMarquardt{.iterations = 30});
  EXPECT_LT(by_residuals.value / 60, 0.01 * before) << by_residuals;
  EXPECT_NEAR(sum(square(other.predict(x) - t)).item(), by_residuals.value, 1e-12);
  // What throws leaves the net as it was.
  const Values weights = one.parameters()[0].parameter.value().to_vector();
  int calls = 0;
  EXPECT_THROW(minimize(one, [&] { return ++calls < 3 ? sum(square(one.predict(x))) : one.predict(x); }),
               ShapeError);
  EXPECT_EQ(one.parameters()[0].parameter.value().to_vector(), weights);
}

TEST(Minimize, TellsWhatItFound) {
  std::ostringstream text;
  text << minimize([](const Tensor& x) { return sum(square(x)); }, tensor({0}, f64));
  EXPECT_EQ(text.str(), "0 after 0 iterations and 1 evaluations: the gradient is within the tolerance");
  EXPECT_NE(message_of([] {
              minimize([](const Tensor& x) { return sum(x); }, tensor({0}, f64), LBfgs{.memory = 0});
            }).find("(E228)"),
            std::string::npos);
  EXPECT_NE(message_of([] {
              minimize([](const Tensor& x) { return x; }, tensor({0, 1}, f64));
            }).find("(E030)"),
            std::string::npos);
}

TEST(LBfgs, SaysThatThereIsNoMinimum) {
  const auto found = minimize([](const Tensor& x) { return sum(x); }, zeros({3}, f64));
  EXPECT_FALSE(found.converged) << found.reason;
  EXPECT_NE(found.reason.find("falls without end"), std::string::npos) << found.reason;
  const auto cubic = minimize([](const Tensor& x) { return sum(x * x * x); }, -ones({3}, f64));
  EXPECT_FALSE(cubic.converged) << cubic.reason << cubic.value;
}

}  // namespace
}  // namespace chainrule::optim
