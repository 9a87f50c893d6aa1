// The numbers of a trace against other ways to get them, and the pictures against their own promises.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "chainrule/explain.h"
#include "chainrule/random.h"
#include "explain/columns.h"
#include "explain/layout.h"

namespace chainrule::explain {
namespace {

const Values kBook{{"w", 3}, {"b", 4}};

// Design document, section 13, first row: z = 50; 10, 15, 5, 10.
TEST(Trace, TheBooksExample) {
  const Trace made = trace("x = 2*w + b; y = b + 1; z = x*y", kBook, {.hessian = true});
  EXPECT_EQ(made.result, "z");
  EXPECT_EQ(made.value(), 50);
  ASSERT_EQ(made.gradient.size(), 2u);
  EXPECT_EQ(made.gradient[0].value, 10);
  EXPECT_EQ(made.gradient[1].value, 15);
  for (const Node& node : made.nodes) {
    if (node.name == "x") {
      EXPECT_EQ(node.gradient, 5);
    }
    if (node.name == "y") {
      EXPECT_EQ(node.gradient, 10);
    }
  }
  // z = 2wb + 2w + b^2 + b
  EXPECT_EQ(made.hessian[0][0].value, 0);
  EXPECT_EQ(made.hessian[0][1].value, 2);
  EXPECT_EQ(made.hessian[1][0].value, 2);
  EXPECT_EQ(made.hessian[1][1].value, 2);
}

// Values and gradients of the two test functions at these points can be worked out by hand.
TEST(Trace, GoldsteinPriceAndRosenbrock) {
  const Trace price = trace(
      "(1 + (x+y+1)^2*(19 - 14*x + 3*x^2 - 14*y + 6*x*y + 3*y^2)) *"
      "(30 + (2*x-3*y)^2*(18 - 32*x + 12*x^2 + 48*y - 36*x*y + 27*y^2))",
      {{"x", 1}, {"y", 1}});
  EXPECT_EQ(price.value(), 1876);
  EXPECT_EQ(price.gradient[0].value, -5376);
  EXPECT_EQ(price.gradient[1].value, 8064);
  const Trace rosenbrock = trace("100*(y - x^2)^2 + (x-1)^2", {{"x", 0}, {"y", 2}}, {.wrt = {"x", "y"}});
  EXPECT_EQ(rosenbrock.gradient[0].value, -2);
  EXPECT_EQ(rosenbrock.gradient[1].value, 400);
}

TEST(Trace, ANodeHasItsInputsBeforeIt) {
  const Trace made = trace("a = exp(x); b = exp(y); s = a + b; -log(b/s)", {{"x", 1}, {"y", 2}});
  for (std::size_t i = 0; i < made.nodes.size(); ++i) {
    for (const Input& input : made.nodes[i].inputs) EXPECT_LT(input.node, static_cast<int>(i));
  }
  for (std::size_t i = 1; i < made.backward.size(); ++i) EXPECT_LT(made.backward[i], made.backward[i - 1]);
}

/// What comes back along the arrows adds up to the gradient that grad computed over the whole graph.
void expect_sums(const Trace& made) {
  for (std::size_t place = 0; place + 1 < made.nodes.size(); ++place) {
    const Node& node = made.nodes[place];
    if (!node.has_gradient || !std::isfinite(node.gradient)) continue;
    double sum = 0, size = 0;
    for (const Node& user : made.nodes) {
      for (const Input& input : user.inputs) {
        if (input.node != static_cast<int>(place)) continue;
        sum += input.product;
        size += std::abs(input.product);
        EXPECT_NEAR(input.product, user.gradient * input.local, 1e-14 * std::abs(input.product));
      }
    }
    EXPECT_NEAR(node.gradient, sum, 1e-14 * size) << made.expression << ": node " << place + 1;
  }
}

TEST(Trace, ArrowsOfOneVariableHaveTheirOwnDerivatives) {
  const Trace made = trace("x*x*x", {{"x", 2}});
  EXPECT_EQ(made.nodes[1].inputs[0].local, 2);  // not 4, the derivative of x*x
  EXPECT_EQ(made.nodes[1].inputs[0].product, 4);
  EXPECT_EQ(made.nodes[2].inputs[1].product, 4);
  EXPECT_EQ(made.gradient[0].value, 12);
  expect_sums(made);
}

/// A number with its derivatives by x and y: another way to differentiate (forward), for comparison.
struct Dual {
  double v, x, y;
};

/// A random expression as text with as few parentheses as it can do with, and its value.
class RandomExpression {
 public:
  explicit RandomExpression(std::uint64_t seed) : random_(seed) {}

  // needed: how tightly the text must hold together; 1 sum, 2 product, 3 minus, 4 power, 5 word.
  std::pair<std::string, Dual> make(int depth, int needed) {
    const auto kind = depth == 0 ? random_.below(3) : random_.below(10);
    if (kind == 0) return {"x", {kX, 1, 0}};
    if (kind == 1) return {"y", {kY, 0, 1}};
    if (kind == 2) return {"1.5", {1.5, 0, 0}};
    if (kind == 3) {
      const auto [text, a] = make(depth - 1, 1);
      const double t = std::tanh(a.v);
      return {"tanh(" + text + ")", {t, (1 - t * t) * a.x, (1 - t * t) * a.y}};
    }
    if (kind == 4) {
      const auto [text, a] = make(depth - 1, 4);
      return held("-" + text, {-a.v, -a.x, -a.y}, 3, needed);
    }
    if (kind == 5) {
      const auto [text, a] = make(depth - 1, 5);
      return held(text + "^2", {a.v * a.v, 2 * a.v * a.x, 2 * a.v * a.y}, 4, needed);
    }
    const int own = kind < 8 ? 1 : 2;
    const auto [left, a] = make(depth - 1, own);
    const auto [right, b] = make(depth - 1, own + 1);
    if (kind == 6) return held(left + "+" + right, {a.v + b.v, a.x + b.x, a.y + b.y}, own, needed);
    if (kind == 7) return held(left + "-" + right, {a.v - b.v, a.x - b.x, a.y - b.y}, own, needed);
    if (kind == 8) {
      return held(left + "*" + right, {a.v * b.v, a.x * b.v + a.v * b.x, a.y * b.v + a.v * b.y}, own, needed);
    }
    const double q = a.v / b.v;
    return held(left + "/" + right, {q, (a.x - q * b.x) / b.v, (a.y - q * b.y) / b.v}, own, needed);
  }

  static constexpr double kX = 0.7, kY = -1.3;

 private:
  static std::pair<std::string, Dual> held(const std::string& text, Dual value, int own, int needed) {
    return {own < needed ? "(" + text + ")" : text, value};
  }

  Random random_;
};

TEST(Trace, AgreesWithForwardDifferentiationOfRandomExpressions) {
  int compared = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    const auto [text, expected] = RandomExpression(seed).make(6, 1);
    if (!std::isfinite(expected.v) || !std::isfinite(expected.x) || !std::isfinite(expected.y)) continue;
    if (text.find('x') == std::string::npos || text.find('y') == std::string::npos) continue;
    const Trace made =
        trace(text, {{"x", RandomExpression::kX}, {"y", RandomExpression::kY}}, {.wrt = {"x", "y"}});
    const auto near = [](double value) { return 1e-9 * (1 + std::abs(value)); };
    EXPECT_NEAR(made.value(), expected.v, near(expected.v)) << text;
    EXPECT_NEAR(made.gradient[0].value, expected.x, near(expected.x)) << text;
    EXPECT_NEAR(made.gradient[1].value, expected.y, near(expected.y)) << text;
    expect_sums(made);
    ++compared;
  }
  EXPECT_GT(compared, 100);
}

TEST(Trace, ChecksAgainstDifferences) {
  const Trace smooth =
      trace("exp(x)*tanh(y) + x/y", {{"x", 0.3}, {"y", 2}}, {.hessian = true, .check = true});
  for (const Derivative& each : smooth.gradient) EXPECT_LT(each.relative_error, 1e-8) << each.name;
  for (const auto& row : smooth.hessian) {
    for (const Derivative& each : row) EXPECT_LT(each.relative_error, 1e-7) << each.name;
  }
  const Trace kink = trace("relu(x)", {{"x", 0}}, {.check = true});
  EXPECT_EQ(kink.gradient[0].value, 0);
  EXPECT_NEAR(kink.gradient[0].numeric, 0.5, 1e-9);
  EXPECT_GT(kink.gradient[0].relative_error, 0.9);
}

TEST(Trace, OnlyWhatIsAskedForIsDifferentiated) {
  const Trace made = trace("x*y", {{"x", 2}, {"y", 3}}, {.wrt = {"y"}});
  ASSERT_EQ(made.gradient.size(), 1u);
  EXPECT_EQ(made.gradient[0].name, "y");
  EXPECT_EQ(made.gradient[0].value, 2);
  EXPECT_FALSE(made.nodes[0].has_gradient);
  EXPECT_FALSE(made.nodes[2].inputs[0].has_gradient);
  EXPECT_TRUE(trace("2 + 3", {}).gradient.empty());
  EXPECT_THROW(trace("x*y", {{"x", 2}, {"y", 3}}, {.wrt = {"z"}}), ValueError);
  EXPECT_THROW(trace("x*y", {{"x", 2}, {"y", 3}, {"z", 4}}), ValueError);
  EXPECT_THROW(trace("x", {{"x", std::numeric_limits<double>::infinity()}}), ValueError);
}

TEST(Trace, SaysWhatIsNotFinite) {
  const Trace pole = trace("1/x", {{"x", 0}}, {.hessian = true, .check = true});
  EXPECT_EQ(pole.value(), std::numeric_limits<double>::infinity());
  ASSERT_FALSE(pole.notes.empty());
  EXPECT_NE(pole.notes[0].find("[3] 1 / 0 is inf: nothing can be divided by zero"), std::string::npos);
  const Trace root = trace("y = sqrt(x); y + 1", {{"x", 0}});
  ASSERT_EQ(root.notes.size(), 1u);
  EXPECT_NE(root.notes[0].find("the local derivative dy/dx is inf at x = 0"), std::string::npos)
      << root.notes[0];
  EXPECT_EQ(trace("log(x)", {{"x", -1}}).notes.size(), 1u);
  EXPECT_NE(trace("exp(x)", {{"x", 1000}}).notes.at(0).find("too large for f64"), std::string::npos);
  for (const char* text : {"0/x", "x^0.5", "log(x)*0", "x^x", "x^-1", "(0-1-x)^0.5"}) {
    const Trace made = trace(text, {{"x", 0}}, {.hessian = true, .check = true});
    EXPECT_FALSE(to_text(made).empty() || to_html(made).empty() || to_dot(made).empty()) << text;
  }
}

// Section 13, second and third rows, and Newton's method on x^4 - 2x^2 from 2.
TEST(Iterations, TheBooksTables) {
  const auto values = [](const Iterations& made) {
    std::vector<double> all;
    for (const Iteration& row : made.rows) all.push_back(row.value);
    return all;
  };
  const char* z = "z = (2*w + b)*(b + 1)";
  const Iterations kept = solve(z, kBook, {.target = 60, .vary = "b", .keep_slope = true});
  EXPECT_TRUE(kept.converged);
  ASSERT_EQ(kept.rows.size(), 7u);
  EXPECT_NEAR(values(kept)[1], 60.4444, 5e-5);
  EXPECT_NEAR(values(kept)[2], 59.9614, 5e-5);
  EXPECT_NEAR(values(kept)[3], 60.0033, 5e-5);
  const Iterations fresh = solve(z, kBook, {.target = 60, .vary = "b"});
  ASSERT_EQ(fresh.rows.size(), 4u);
  EXPECT_NEAR(values(fresh)[1], 60.44444, 5e-6);
  EXPECT_NEAR(values(fresh)[2], 60.00074, 5e-6);
  EXPECT_NEAR(values(fresh)[3], 60.0000000021, 5e-11);

  const Iterations down = minimize("(x-1)^2 + 0.001", {{"x", 0.2}}, {.lr = 0.1, .steps = 3});
  EXPECT_NEAR(down.rows[1].variable[0], 0.36, 1e-12);
  EXPECT_NEAR(down.rows[2].variable[0], 0.488, 1e-12);
  EXPECT_NEAR(down.rows[3].variable[0], 0.5904, 1e-12);

  const Iterations newton = minimize("x^4 - 2*x^2", {{"x", 2}}, {.method = Method::newton, .steps = 6});
  const double expected[] = {2, 1.4545454545, 1.1510467894, 1.0253259290, 1.0009084520, 1.0000012353, 1};
  for (std::size_t i = 0; i < 7; ++i) EXPECT_NEAR(newton.rows[i].variable[0], expected[i], 1e-10) << i;
}

// 1000 steps of 0.001 from (0, 2), with the derivatives by hand: -400x(y - x^2) + 2(x - 1) and 200(y - x^2).
TEST(Iterations, RosenbrocksValley) {
  const Iterations made = minimize("100*(y - x^2)^2 + (x-1)^2", {{"x", 0}, {"y", 2}},
                                   {.vary = {"x", "y"}, .lr = 0.001, .steps = 1000});
  double x = 0, y = 2;
  for (int step = 0; step < 1000; ++step) {
    const double by_x = -400 * x * (y - x * x) + 2 * (x - 1), by_y = 200 * (y - x * x);
    x -= 0.001 * by_x;
    y -= 0.001 * by_y;
  }
  EXPECT_NEAR(made.rows.back().variable[0], x, 1e-13);
  EXPECT_NEAR(made.rows.back().variable[1], y, 1e-13);
  EXPECT_NEAR(x, 0.68371185691, 5e-12);
}

TEST(Iterations, StopWhereThereIsNoNextStep) {
  EXPECT_THROW(solve("x^2", {{"x", 0}}, {.target = 4}), ValueError);
  EXPECT_THROW(solve("x*y", {{"x", 1}, {"y", 1}}, {.target = 4}), ValueError);
  EXPECT_THROW(solve("sqrt(x)", {{"x", 0}}, {.target = 4}), ValueError);
  EXPECT_THROW(minimize("2", {}, {}), ValueError);
  EXPECT_THROW(minimize("2*x", {{"x", 1}}, {.method = Method::newton}), ValueError);
  EXPECT_THROW(minimize("x^4", {{"x", 1}}, {.lr = 1e200}), ValueError);
  EXPECT_FALSE(solve("x^2", {{"x", 1.3}}, {.target = -1, .max_steps = 50}).converged);
}

// spread: gaps are kept, and the mean of what collides stays where it wanted to be.
TEST(Layout, SpreadsByLeastSquares) {
  const double wanted[] = {0, 0, 100}, weights[] = {1, 1, 1}, gaps[] = {10, 10};
  EXPECT_EQ(spread(wanted, weights, gaps), (std::vector<double>{-5, 5, 100}));
  const double heavy[] = {9, 1, 1};
  EXPECT_EQ(spread(wanted, heavy, gaps), (std::vector<double>{-1, 9, 100}));
}

TEST(Layout, NothingOverlaps) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const std::string text = "x + y + (" + RandomExpression(seed).make(5, 1).first + ")";
    const Trace made = trace(text, {{"x", 0.7}, {"y", -1.3}});
    std::vector<Box> boxes(made.nodes.size(), Box{{}, 44, 44, 60, 74});
    std::vector<std::vector<double>> widths;
    for (const Node& node : made.nodes) widths.emplace_back(node.inputs.size(), 80.0);
    widths.push_back({80});
    const Layout layout = lay_out(made, boxes, widths);
    struct Taken {
      double left, right, top, bottom;
    };
    std::vector<Taken> taken;
    for (const Box& box : layout.boxes) {
      taken.push_back({box.at.x - 30, box.at.x + 30, box.at.y - 37, box.at.y + 37});
    }
    for (const Arrow& arrow : layout.arrows) {
      taken.push_back({arrow.label.x - 40, arrow.label.x + 40, arrow.label.y - 21, arrow.label.y + 21});
    }
    for (std::size_t i = 0; i < taken.size(); ++i) {
      EXPECT_GE(taken[i].left, 0);
      EXPECT_LE(taken[i].right, layout.width);
      EXPECT_GE(taken[i].top, 0);
      EXPECT_LE(taken[i].bottom, layout.height);
      for (std::size_t j = 0; j < i; ++j) {
        const bool apart = taken[i].right < taken[j].left + 1e-6 || taken[j].right < taken[i].left + 1e-6 ||
                           taken[i].bottom < taken[j].top + 1e-6 || taken[j].bottom < taken[i].top + 1e-6;
        EXPECT_TRUE(apart) << text << ": " << i << " and " << j;
      }
    }
    for (const Arrow& arrow : layout.arrows) {
      for (std::size_t i = 1; i < arrow.points.size(); ++i) {
        EXPECT_LE(arrow.points[i - 1].x, arrow.points[i].x + 1e-9) << text;
      }
    }
  }
}

TEST(Layout, RefusesWhatIsTooLarge) {
  std::string sum = "x";
  for (int i = 0; i < 200; ++i) sum += "+x";
  const Trace made = trace(sum, {{"x", 1}});
  EXPECT_THROW(to_svg(made), ValueError);
  EXPECT_THROW(to_html(made), ValueError);
  EXPECT_FALSE(to_text(made).empty());
  EXPECT_FALSE(to_dot(made).empty());
}

TEST(Svg, HasItsColoursForEveryProgram) {
  const std::string picture = to_svg(trace("x * 2", {{"x", 1}}));
  EXPECT_NE(picture.find(".ground { fill: #fff; }"), std::string::npos);
  EXPECT_LT(picture.find("@media (prefers-color-scheme: dark)"), picture.find(".ground { fill: #1f2937; }"));
  EXPECT_EQ(picture.find("var("), std::string::npos);  // Inkscape and librsvg would draw it black
  EXPECT_EQ(picture.find('$'), std::string::npos);
}

TEST(Text, ShowsEveryNumberOfTheBooksExample) {
  EXPECT_EQ(to_text(trace("z = (w*2 + b)*(b + 1)", kBook)),
            R"(z = (w*2 + b)*(b + 1)
at w = 3, b = 4

Forward: a node is computed once the nodes that it needs are known.

  node  what                       computed as  value  needs
  [1]   w                          given            3
  [2]   2                          a number         2
  [3]   w * 2                      3 * 2            6  [1] [2]
  [4]   b                          given            4
  [5]   w * 2 + b                  6 + 4           10  [3] [4]
  [6]   1                          a number         1
  [7]   b + 1                      4 + 1            5  [4] [6]
  [8]   z = (w * 2 + b) * (b + 1)  10 * 5          50  [5] [7]

Backward: a node's gradient times the local derivative goes back to each of its inputs;
where a node was used more than once, what comes back is added.

  node  what       chain rule           numbers      dz/d(node)
  [8]   z          dz/dz                by itself             1
  [7]   b + 1      dz/dz * dz/d[7]      1 * 10               10
  [5]   w * 2 + b  dz/dz * dz/d[5]      1 * 5                 5
  [4]   b          dz/d[7] * d[7]/db    10 * 1 = 10
                   + dz/d[5] * d[5]/db  5 * 1 = 5            15
  [3]   w * 2      dz/d[5] * d[5]/d[3]  5 * 1                 5
  [1]   w          dz/d[3] * d[3]/dw    5 * 2                10

  result  value
  z          50
  dz/dw      10
  dz/db      15
)");
}

}  // namespace
}  // namespace chainrule::explain
