// The loop over time as one operation, against its graph and as every operation is checked.
#include "nn/recurrence.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "chainrule/grad.h"
#include "chainrule/op.h"
#include "chainrule/ops.h"
#include "chainrule/random_tensor.h"
#include "graph/node.h"

namespace chainrule::nn {
namespace {

Loop loop_of(CellKind kind, std::int64_t steps, std::int64_t rows, std::int64_t h, DType dtype) {
  const auto drawn = [&](const Shape& shape, std::uint64_t step) {
    return detach(normal(shape, {.seed = 8, .step = step}, 0, 0.7, dtype));
  };
  const std::int64_t gates = gates_of(kind) * h;
  return {drawn({steps, rows, gates}, 1), drawn({rows, parts_of(kind) * h}, 2),
          detach(drawn({h, gates}, 3) / std::sqrt(static_cast<double>(h))), drawn({gates}, 4)};
}

/// The largest one, relative to the largest number.
double difference(const Tensor& a, const Tensor& b) {
  const std::vector<double> x = a.to_vector(), y = b.to_vector();
  double worst = x.size() == y.size() ? 0 : INFINITY, size = 0;
  for (std::size_t i = 0; i < x.size() && i < y.size(); ++i) {
    worst = std::max(worst, std::abs(x[i] - y[i]));
    size = std::max(size, std::abs(y[i]));
  }
  return worst / size;
}

class Recurrence : public ::testing::TestWithParam<CellKind> {};
INSTANTIATE_TEST_SUITE_P(Cells, Recurrence,
                         ::testing::Values(CellKind::tanh, CellKind::relu, CellKind::lstm, CellKind::gru));

// Sizes beyond one vector and one block of rows, so that threads share them.
TEST_P(Recurrence, IsItsGraph) {
  for (const DType dtype : {f32, f64}) {
    const Loop loop = loop_of(GetParam(), 7, 70, 37, dtype);
    const Tensor fast = recurrence(GetParam(), loop), graph = recurrence_graph(GetParam(), loop);
    const Tensor of = detach(normal(fast.shape(), {.seed = 9}, 0, 1, dtype));
    const std::vector<Tensor> inputs{loop.x, loop.start, loop.weight, loop.bias};
    const std::vector<Tensor> found = vjp(fast, inputs, of), expected = vjp(graph, inputs, of);
    const double tolerance = dtype == f32 ? 2e-5 : 1e-13;
    EXPECT_LT(difference(fast, graph), tolerance);
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      EXPECT_LT(difference(found[i], expected[i]), tolerance) << "input " << i;
    }
    const std::vector<Tensor> without_start{loop.x, loop.weight};
    const std::vector<Tensor> fewer = vjp(fast, without_start, of);
    EXPECT_EQ(fewer[0].to_vector(), found[0].to_vector());
    EXPECT_EQ(fewer[1].to_vector(), found[2].to_vector());
  }
}

TEST_P(Recurrence, PassesTheChecksOfOperations) {
  const Tensor probe = recurrence(GetParam(), loop_of(GetParam(), 2, 2, 2, f64));
  const OpCheck check = check_op(*probe.node()->op);
  EXPECT_TRUE(check.ok()) << (check.failures.empty() ? "" : check.failures.front());
  EXPECT_GT(check.cases, 4);
}

}  // namespace
}  // namespace chainrule::nn
