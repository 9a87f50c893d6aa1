// Operations that move elements, and reductions made of others: bench_rearrange. Each line has the fast
// kernels' time, the reference loops' time as a multiple of it, and the time of copying the result's bytes
// once (memcpy) as a fraction of it: 1.00 would be as fast as memory goes. All are minima of rounds that take
// turns within one run; both kernels' answers are compared before.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "chainrule/ops.h"
#include "chainrule/random.h"
#include "graph/walk.h"
#include "ops/op.h"

namespace chainrule {
namespace {

double seconds(const std::function<void()>& body) {
  const std::clock_t start = std::clock();  // processor time: other programs do not count
  body();
  return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
}

/// Runs every operation behind the result anew.
void run_all(const NodeOrder& order, Kernels kernels) {
  for (const std::int32_t number : order.numbers()) {
    if (!order.node(number)->is_leaf()) run_node(*order.node(number), kernels);
  }
}

void compare(const std::string& name, const Tensor& result) {
  Node* root = result.node();
  const NodeOrder order(root);
  run_all(order, Kernels::reference);
  const std::vector<double> expected = result.to_vector();
  run_all(order, Kernels::fast);
  const std::vector<double> actual = result.to_vector();
  double worst = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    worst = std::max(worst, std::abs(expected[i] - actual[i]) / std::max(1.0, std::abs(expected[i])));
  }
  std::vector<std::byte> from(root->bytes()), to(root->bytes());
  double fast = std::numeric_limits<double>::infinity(), reference = fast, copy = fast;
  for (int round = 0; round < 15; ++round) {
    fast = std::min(fast, seconds([&] { run_all(order, Kernels::fast); }));
    reference = std::min(reference, seconds([&] { run_all(order, Kernels::reference); }));
    copy = std::min(copy, seconds([&] { std::memcpy(to.data(), from.data(), to.size()); }));
  }
  std::printf("%-44s %9.1f us  reference %6.2f x  copy %5.2f x%s\n", name.c_str(), fast * 1e6,
              reference / fast, copy / fast, worst < 1e-4 ? "" : "  WRONG");
}

Tensor normal(const Shape& shape) {
  Random random(1);
  std::vector<float> values(static_cast<std::size_t>(shape.numel()));
  for (float& value : values) value = static_cast<float>(random.uniform(-1, 1));
  return from_data(values, shape);
}

void run() {
  const Tensor square = normal({1024, 1024}), images = normal({64, 32, 28, 28}), vector = normal({1 << 20});
  compare("transpose (1024, 1024)", transpose(square));
  compare("transpose (1000, 784)", transpose(normal({1000, 784})));
  compare("permute (64, 32, 28, 28) to (0, 2, 3, 1)", permute(images, {0, 2, 3, 1}));
  compare("permute (64, 32, 28, 28) to (1, 0, 2, 3)", permute(images, {1, 0, 2, 3}));
  compare("slice half the columns (1024, 1024)", slice(square, 1, 0, 512));
  compare("flip (1048576)", flip(vector));
  compare("pad (64, 32, 28, 28) by 1", pad(images, {{0, 0}, {0, 0}, {1, 1}, {1, 1}}));
  compare("concatenate two (1024, 1024), axis 1", concatenate({square, square}, 1));
  compare("broadcast (1024) to (1024, 1024)", broadcast_to(normal({1024}), {1024, 1024}));
  compare("broadcast (1024, 1) to (1024, 1024)", broadcast_to(normal({1024, 1}), {1024, 1024}));
  compare("cumsum (1024, 1024), axis 0", cumsum(square, 0));
  compare("cumsum (1024, 1024), axis 1", cumsum(square, 1));
  const Tensor places = cast(Tensor(normal({4096}) * 1000), i64);
  compare("take 4096 rows of (1024, 1024)", take(square, places));
  compare("index_add 4096 rows to (1024, 1024)",
          index_add(zeros({1024, 1024}), places, normal({4096, 1024})));
  compare("argsort (1024, 1024)", argsort(square));
  compare("topk 10 of (1024, 1024)", topk(square, 10).values);
  compare("max (1048576)", max(vector));
  compare("min (1048576), composed", min(vector));
  compare("sum (1024, 1024), axis 1", sum(square, 1));
  compare("prod (1024, 1024), axis 1, composed", prod(square, 1));
  compare("prod (1024, 1024), axis 0, composed", prod(square, 0));
  compare("var (1024, 1024), axis 1, composed", var(square, 1));
  compare("softmax (64, 32, 784), axis 2", softmax(reshape(images, {64, 32, 784}), 2));
  compare("softmax (64, 32, 784), axis 1", softmax(reshape(images, {64, 32, 784}), 1));
  compare("logsumexp (64, 32, 784), axis 1", logsumexp(reshape(images, {64, 32, 784}), 1));
}

}  // namespace
}  // namespace chainrule

int main() { chainrule::run(); }
