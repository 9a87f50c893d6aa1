// Division by looking at the graph.
#include "ops/quotient.h"

#include <algorithm>
#include <vector>

#include "chainrule/numeric.h"
#include "chainrule/ops.h"
#include "core/reused.h"
#include "graph/walk.h"
#include "ops/op.h"

namespace chainrule {
namespace {

/// What a cotangent may be made of: a user's, not all that follows in a large net.
constexpr std::size_t kMostNodes = 20000;

class Quotient {
 public:
  explicit Quotient(const Tensor& y) : y_(*y.node()) {}

  /// What x is divided by y, where that is 0, or empty. It broadcasts to x's shape.
  Tensor of(const Tensor& x) {
    if (!passes(*x.node()) && !is_y(*x.node())) return {};
    Node* const outputs[] = {x.node()};
    const auto enter = [this](const Node* node) {
      return order_->size() < kMostNodes && !is_y(*node) && passes(*node);
    };
    order_->find(outputs, enter);
    found_.resize(order_->size());
    for (const std::int32_t number : order_->numbers()) found_[at(number)] = of_node(number);
    return found_[at(order_->number(x.node()))];
  }

 private:
  static std::size_t at(std::int32_t number) { return static_cast<std::size_t>(number); }

  /// Operations that make multiples of multiples.
  bool passes(const Node& node) const {
    if (node.constant) return false;
    if (node.op == &row_of_Sum() || node.op == &row_of_BroadcastTo()) return y_.shape.numel() == 1;
    if (node.op == &row_of_Cast()) return has_gradient(node.dtype);
    const OpRow* const known[] = {&row_of_Mul(), &row_of_Div(),     &row_of_Neg(),  &row_of_Add(),
                                  &row_of_Sub(), &row_of_Reshape(), &row_of_Where()};
    return std::find(std::begin(known), std::end(known), node.op) != std::end(known);
  }

  /// Also another node of the same: norm(x) * norm(x).
  bool is_y(const Node& node) const {
    if (&node == &y_) return true;
    if (node.op == nullptr || node.op != y_.op || node.constant) return false;
    const auto mine = node.inputs(), ys = y_.inputs();
    return std::equal(mine.begin(), mine.end(), ys.begin(), ys.end()) &&
           node.op->equal(node.attributes(), y_.attributes());
  }
  /// y = 0, as the gradients here ask.
  bool is_where_y_is_zero(const Node& condition) const {
    if (condition.op != &row_of_Equal()) return false;
    return is_y(*condition.inputs()[0]) && condition.inputs()[1]->literal == Literal::zero;
  }

  Tensor of_node(std::int32_t number) const {
    const Node& node = *order_->node(number);
    if (is_y(node)) return literal(1, node.dtype);
    if (node.literal == Literal::zero) return order_->tensor(number);  // 0 y
    const std::span<const std::int32_t> inputs = order_->inputs(number);
    if (inputs.empty()) return {};
    const std::span<const Tensor> in = node.input_tensors();
    const auto k = [&](std::size_t i) -> const Tensor& { return found_[at(inputs[i])]; };
    if (node.op == &row_of_Mul()) {
      return !k(0).is_empty() ? k(0) * in[1] : !k(1).is_empty() ? in[0] * k(1) : Tensor();
    }
    if (node.op == &row_of_Where()) {
      if (is_where_y_is_zero(*in[0].node())) return k(1);  // no matter what it is elsewhere
      return k(1).is_empty() || k(2).is_empty() ? Tensor() : where(in[0], k(1), k(2));
    }
    if (k(0).is_empty()) return {};
    if (node.op == &row_of_Div()) return k(0) / in[1];
    if (node.op == &row_of_Neg()) return -k(0);
    if (node.op == &row_of_Cast()) return cast(k(0), node.dtype);
    if (node.op == &row_of_BroadcastTo()) return k(0);
    if (node.op == &row_of_Reshape() || node.op == &row_of_Sum()) {
      const Tensor whole[] = {broadcast_to(k(0), in[0].shape())};
      return apply_row(*node.op, node.attributes(), whole, Location::current());
    }
    if (k(1).is_empty()) return {};
    return node.op == &row_of_Add() ? k(0) + k(1) : k(0) - k(1);
  }

  const Node& y_;
  Reused<NodeOrder> order_;
  std::vector<Tensor> found_;  // by number
};

}  // namespace

Tensor quotient_at_zero(const Tensor& y, const Tensor& cotangent) {
  const Tensor k = Quotient(y).of(cotangent);
  if (k.is_empty()) return k;
  return where(logical_and(equal(y, 0.0), isfinite(k)), k, 0.0);
}

}  // namespace chainrule
