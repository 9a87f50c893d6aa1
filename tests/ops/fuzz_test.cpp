// Random graphs are without fault, and the search would find one: an error is planted in each derivative.
//
// build/release/fuzz/fuzz_graphs searches for as long as one likes.
#include <gtest/gtest.h>

#include <cmath>
#include <ctime>

#include "chainrule/grad.h"
#include "chainrule/grad_check.h"
#include "chainrule/linalg.h"
#include "chainrule/ops.h"
#include "random_graph.h"

namespace chainrule::fuzz {
namespace {

TEST(RandomGraphs, AreWithoutFault) {
  const std::vector<Part> parts = all_parts();
  for (std::uint64_t seed = 1'000'000; seed < 1'000'400; ++seed) {
    const RandomGraph graph(parts, seed);
    ASSERT_EQ(find_fault(graph, seed), "") << "seed " << seed << "\n" << graph.to_string();
  }
}

TEST(RandomGraphs, AreTheSameForOneSeed) {
  const std::vector<Part> parts = all_parts();
  EXPECT_EQ(RandomGraph(parts, 3).to_string(), RandomGraph(parts, 3).to_string());
  EXPECT_NE(RandomGraph(parts, 3).to_string(), RandomGraph(parts, 4).to_string());
}

/// Inputs for a part that are smooth functions of x, their numbers equal but for rounding: the components of
/// one solution, each scaled to the middle of the domain and taken in a random order.
Tensors equal_but_for_rounding(const Part& part, const Tensor& x, std::uint64_t seed) {
  const Tensor at = sum(x);
  const Tensor ones_but_for_rounding =
      solve(broadcast_to(at, {6, 6}) + 3.0 * eye(6, 6, f64), ones({6}, f64)) * (3.0 + 6.0 * at);
  Random random(seed);
  Tensors inputs;
  for (const SampleInput& wanted : part.inputs) {
    const bool floating = is_floating(wanted.dtype);
    std::vector<double> drawn(static_cast<std::size_t>(wanted.shape.numel()));
    const double low = floating ? 0 : wanted.domain.low, high = floating ? 6 : wanted.domain.high;
    for (double& each : drawn) each = std::floor(random.uniform(low, high));
    Tensor input = detach(cast(from_data(drawn, wanted.shape), floating ? i64 : wanted.dtype));
    if (floating) {
      const Tensor inside = wanted.domain.low + (wanted.domain.high - wanted.domain.low) * sigmoid(at);
      input = take(inside * ones_but_for_rounding, input);
      if (wanted.prepare) input = wanted.prepare(input);
    }
    inputs.push_back(input);
  }
  return inputs;
}

// The second derivative of a deviation of such numbers is rounding errors divided by rounding errors: the
// search is to see that, and not to call it wrong.
TEST(NumbersThatAreEqualButForRounding, GetNoDerivativeAccused) {
  for (const Part& part : all_parts()) {
    if (!part.differentiable) continue;
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      const auto f = [&](const Tensor& x) {
        const Tensor y = part.call(equal_but_for_rounding(part, x, seed));
        Random random(seed);
        std::vector<double> weights(static_cast<std::size_t>(y.numel()));
        for (double& each : weights) each = random.uniform(-1, 1);
        return sum(from_data(weights, y.shape()) * y) + sum(x * x * x);
      };
      const GradCheckReport r = grad_check(f, tensor({0.3, -0.2}, f64), {.order = 2, .seed = seed});
      EXPECT_NE(r.status, GradCheckStatus::failed) << part.name << ": " << r.message;
    }
  }
}

/// The row whose derivative is spoilt now.
const OpRow* spoilt = nullptr;

/// The first gradient off by a thousandth.
Gradients vjp_off(const void* op, const Vjp& v) {
  Gradients gradients = spoilt->vjp(op, v);
  for (std::size_t i = 0; i < v.inputs.size(); ++i) {
    Tensor& g = gradients[i];
    if (!g.is_empty()) {
      g = 1.001 * g;
      break;
    }
  }
  return gradients;
}

/// Right numbers without a past: wrong from the second order on.
Gradients vjp_detached(const void* op, const Vjp& v) {
  Gradients gradients = spoilt->vjp(op, v);
  for (std::size_t i = 0; i < v.inputs.size(); ++i) {
    Tensor& g = gradients[i];
    if (!g.is_empty()) g = stop_gradient(g);
  }
  return gradients;
}

class Planted : public ::testing::TestWithParam<const OpRow*> {
 protected:
  /// Whether a search of two minutes of CPU finds the error: time that others take does not count. Graphs
  /// without the operation are passed over.
  static bool finds(Gradients (*wrong)(const void*, const Vjp&)) {
    spoilt = GetParam();
    OpRow row = *spoilt;
    row.vjp = wrong;
    std::vector<const OpRow*> rows(op_table().begin(), op_table().end());
    std::replace(rows.begin(), rows.end(), spoilt, static_cast<const OpRow*>(&row));
    const std::vector<Part> parts = parts_of(rows);
    const std::clock_t end = std::clock() + 120 * CLOCKS_PER_SEC;
    for (std::uint64_t seed = 0; std::clock() < end; ++seed) {
      const RandomGraph graph(parts, seed);
      if (graph.has(&row) && !find_fault(graph, seed).empty()) return true;
    }
    return false;
  }
};

TEST_P(Planted, ErrorOfAThousandthIsFound) { EXPECT_TRUE(finds(vjp_off)); }

TEST_P(Planted, DetachedGradientIsFound) { EXPECT_TRUE(finds(vjp_detached)); }

std::vector<const OpRow*> differentiable_rows() {
  std::vector<const OpRow*> rows;
  for (const OpRow* row : op_table()) {
    if (row->vjp) rows.push_back(row);
  }
  return rows;
}

INSTANTIATE_TEST_SUITE_P(All, Planted, ::testing::ValuesIn(differentiable_rows()),
                         [](const auto& param) { return std::string(param.param->info.name); });

}  // namespace
}  // namespace chainrule::fuzz
