// What must hold for any graph.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "chainrule/chainrule.h"
#include "core/thread_pool.h"
#include "graph/walk.h"
#include "random_graph.h"

namespace chainrule::fuzz {
namespace {

/// Rounding steps that a fast kernel may be off the reference loop.
constexpr double kRoundings = 64;

/// Derivatives of this size are rounding errors: the graph's weights make its values about 1.
constexpr double kRounded = 1e-10;

/// What is compared here is what plans give, whatever CHAINRULE_MODE says.
class LazyScope {
 public:
  LazyScope() { set_mode(Mode::lazy); }
  ~LazyScope() { set_mode(before_); }
  LazyScope(const LazyScope&) = delete;
  LazyScope& operator=(const LazyScope&) = delete;

 private:
  Mode before_ = mode();
};

/// All NaN are alike.
bool same_bits(const Node& a, const Node& b) {
  if (std::memcmp(a.value.data(), b.value.data(), a.bytes()) == 0) return true;
  if (!is_floating(a.dtype)) return false;
  return with_floating(a.dtype, [&]<class T>(std::type_identity<T>) {
    const T *x = reinterpret_cast<const T*>(a.value.data()), *y = reinterpret_cast<const T*>(b.value.data());
    for (std::int64_t i = 0; i < a.shape.numel(); ++i) {
      if (std::memcmp(x + i, y + i, sizeof(T)) != 0 && !(std::isnan(x[i]) && std::isnan(y[i]))) return false;
    }
    return true;
  });
}

/// The node's operation again, on the values its inputs have.
Tensor again(const Node& node, Kernels kernels) {
  Tensors inputs;
  for (Node* input : node.inputs()) inputs.push_back(detach(Tensor::of(input)));
  const Tensor result = apply_row(*node.op, node.attributes(), inputs, Location::current());
  run_node(*result.node(), kernels);
  return result;
}

/// Whether a plan adds fewer numbers than the operation by itself, and so in another order: the zeros among
/// what goes back through max pooling.
bool leaves_zeros_out(const Node& node) {
  return node.op == &row_of_Sum() && node.inputs()[0]->op == &row_of_MaxUnpool();
}

/// Of the finite ones: a NaN in one row says nothing of the others.
double length_of(const std::vector<double>& numbers) {
  double squares = 0;
  for (const double each : numbers) squares += std::isfinite(each) ? each * each : 0;
  return std::sqrt(squares);
}

/// What the rounding errors of an operation that adds many numbers are in proportion to: its result may be
/// far smaller.
double scale_of(const Node& node) {
  if (node.op->info.elementwise) return 1;
  double scale = 1;
  for (Node* input : node.inputs()) {
    if (is_floating(input->dtype)) scale *= std::max(1.0, length_of(Tensor::of(input).to_vector()));
  }
  return scale;
}

/// The largest difference, relative to the larger of the numbers and `scale`.
double largest_difference(const Tensor& a, const Tensor& b, double scale) {
  const std::vector<double> x = a.to_vector();
  const std::vector<double> y = b.to_vector();
  double largest = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (x[i] == y[i] || (std::isnan(x[i]) && std::isnan(y[i]))) continue;
    const double relative = std::abs(x[i] - y[i]) / std::max({scale, std::abs(x[i]), std::abs(y[i])});
    largest = std::max(largest, std::isnan(relative) ? INFINITY : relative);
  }
  return largest;
}

/// The graph's leaves.
Tensors plain_leaves(const RandomGraph& graph, DType dtype) {
  Tensors leaves;
  for (const Tensor& leaf : graph.leaves()) leaves.push_back(detach(cast(leaf, dtype)));
  return leaves;
}

/// The same, some of their numbers replaced by those that calculate in their own way.
Tensors special_leaves(const RandomGraph& graph, DType dtype, std::uint64_t seed) {
  Random random(seed);
  const double denormal = dtype == f32 ? 0x1p-140 : 0x1p-1060;
  const double special[] = {INFINITY, -INFINITY, NAN, 0, -0.0, denormal, -denormal};
  Tensors leaves;
  for (const Tensor& leaf : graph.leaves()) {
    std::vector<double> values = leaf.to_vector();
    for (double& value : values) {
      if (random.below(4) == 0) value = special[random.below(std::size(special))];
    }
    leaves.push_back(detach(cast(from_data(values, leaf.shape()), dtype)));
  }
  return leaves;
}

/// The graph's value and gradient, computed together.
Tensors value_and_gradients(const RandomGraph& graph, const Tensors& leaves) {
  Tensors outputs{graph(leaves)};
  for (Tensor& g : grad(outputs[0], leaves, {.allow_unused = true})) outputs.push_back(std::move(g));
  return outputs;
}

std::string fault_of_values(const RandomGraph& graph, const Tensors& leaves) {
  const DType dtype = leaves[0].dtype();
  const Tensors outputs = value_and_gradients(graph, leaves);
  std::vector<Node*> roots;
  for (const Tensor& output : outputs) roots.push_back(output.node());
  const double rounding = dtype == f32 ? 0x1p-24 : 0x1p-53;
  const NodeOrder order(roots, [](const Node*) { return true; });
  Tensors held;  // so that every one gets its value
  for (const std::int32_t number : order.numbers()) held.push_back(Tensor::of(order.node(number)));
  evaluate(outputs);
  for (const Tensor& whole : held) {
    const Node* node = whole.node();
    if (node->is_leaf()) continue;
    if (!leaves_zeros_out(*node) && !same_bits(*node, *again(*node, Kernels::fast).node())) {
      return cat(node->op->info.name, " gives other bits in the graph than by itself");
    }
    const double off = largest_difference(whole, again(*node, Kernels::reference), scale_of(*node));
    if (!(off <= kRoundings * rounding)) {
      return cat(node->op->info.name, " ", node->shape, " ", name_of(dtype),
                 " differs between fast kernel and reference loop by ", off);
    }
  }
  const int threads = num_threads();
  set_num_threads(threads == 1 ? 2 : 1);
  const Tensors others = value_and_gradients(graph, leaves);  // of which nothing but the results is kept
  evaluate(others);
  set_num_threads(threads);
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (!same_bits(*outputs[i].node(), *others[i].node())) {
      return cat("other bits on ", threads, " thread(s) with all values kept than on ", threads == 1 ? 2 : 1,
                 " with the results alone");
    }
  }
  return {};
}

/// Some operations refuse them: that is no fault.
std::string fault_of_special_values(const RandomGraph& graph, DType dtype, std::uint64_t seed) {
  try {
    const std::string fault = fault_of_values(graph, special_leaves(graph, dtype, seed));
    return fault.empty() ? fault : cat("with special values: ", fault);
  } catch (const ValueError&) {
    return {};
  }
}

std::string fault_of_derivatives(const RandomGraph& graph, std::uint64_t seed) {
  // A step may meet a function that bends too sharply for it: only what two steps say is a fault.
  std::string message;
  for (const double step : {1e-3, 1e-4}) {
    const auto f = [&](std::span<const Tensor> at) { return graph(at); };
    const GradCheckReport report = grad_check(f, graph.leaves(), {.order = 2, .step = step, .seed = seed});
    if (report.status != GradCheckStatus::failed) return {};
    if (std::abs(report.analytic - report.numeric) < kRounded) return {};
    message = report.message;
  }
  return message;
}

}  // namespace

std::string find_fault(const RandomGraph& graph, std::uint64_t seed) {
  const LazyScope scope;
  try {
    for (const DType dtype : {f32, f64}) {
      std::string fault = fault_of_values(graph, plain_leaves(graph, dtype));
      if (!fault.empty()) return fault;
      fault = fault_of_special_values(graph, dtype, seed);
      if (!fault.empty()) return fault;
    }
    return fault_of_derivatives(graph, seed);
  } catch (const std::exception& error) {
    return cat("throws ", error.what());
  }
}

}  // namespace chainrule::fuzz
