// Random graphs are without fault, and the search would find one: an error is planted in each derivative.
//
// build/release/fuzz/fuzz_graphs searches for as long as one likes.
#include <gtest/gtest.h>

#include <ctime>

#include "chainrule/grad.h"
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
