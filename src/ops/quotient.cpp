// Division by looking at the graph.
#include "ops/quotient.h"

#include <algorithm>

#include "chainrule/numeric.h"
#include "chainrule/ops.h"
#include "graph/node.h"
#include "ops/op.h"

namespace chainrule {
namespace {

class Quotient {
 public:
  explicit Quotient(const Tensor& y) : y_(y.node()) {}

  Tensor of(const Tensor& x) {
    const Node& node = *x.node();
    if (is_y(node)) return literal(1, node.dtype);
    if (node.literal == Literal::zero) return x;  // 0 y
    if (node.is_leaf() || node.constant || ++looked_at_ > kMostNodes) return {};
    const std::span<const Tensor> in = node.input_tensors();
    if (node.op == &row_of_Mul()) {
      if (const Tensor left = of(in[0]); !left.is_empty()) return left * in[1];
      const Tensor right = of(in[1]);
      return right.is_empty() ? right : in[0] * right;
    }
    if (node.op == &row_of_Div()) return made(of(in[0]), [&](const Tensor& k) { return k / in[1]; });
    if (node.op == &row_of_Neg()) return made(of(in[0]), [](const Tensor& k) { return -k; });
    if (node.op == &row_of_Cast())
      return made(of(in[0]), [&](const Tensor& k) { return cast(k, node.dtype); });
    if (node.op == &row_of_Reshape()) {
      return made(of(in[0]), [&](const Tensor& k) {
        return k.ndim() == 0 ? k : reshape(broadcast_to(k, in[0].shape()), node.shape);
      });
    }
    if (node.op == &row_of_Add()) return made(of_both(in[0], in[1]), [](const Both& k) { return k.a + k.b; });
    if (node.op == &row_of_Sub()) return made(of_both(in[0], in[1]), [](const Both& k) { return k.a - k.b; });
    if (node.op == &row_of_Where()) {
      return made(of_both(in[1], in[2]), [&](const Both& k) { return where(in[0], k.a, k.b); });
    }
    if (node.op == &row_of_Pow()) {
      return made(of(in[0]), [&](const Tensor& k) { return k * pow(in[0], in[1] - 1.0); });
    }
    return {};
  }

 private:
  static constexpr int kMostNodes = 64;  // what a user's gradient is made of, not that of a net

  /// Also another node of the same: norm(x) * norm(x).
  bool is_y(const Node& node) const {
    if (&node == y_) return true;
    if (node.op == nullptr || node.op != y_->op || node.constant) return false;
    const auto same_inputs = std::ranges::equal(node.inputs(), y_->inputs());
    return same_inputs && node.op->equal(node.attributes(), y_->attributes());
  }

  struct Both {
    Tensor a, b;
    bool is_empty() const { return a.is_empty() || b.is_empty(); }
  };
  Both of_both(const Tensor& a, const Tensor& b) {
    const Tensor of_a = of(a);
    if (of_a.is_empty()) return {};
    return {of_a, a.node() == b.node() ? of_a : of(b)};
  }
  template <class T, class F>
  static Tensor made(const T& of_inputs, F make) {
    return of_inputs.is_empty() ? Tensor() : make(of_inputs);
  }

  const Node* y_;
  int looked_at_ = 0;
};

}  // namespace

Tensor quotient_by(const Tensor& y, const Tensor& cotangent) {
  const Tensor k = Quotient(y).of(cotangent);
  if (k.is_empty()) return k;
  return where(logical_and(equal(y, 0.0), logical_not(isfinite(k))), 0.0, k);
}

}  // namespace chainrule
