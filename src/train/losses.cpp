// The losses that can be named.
#include "chainrule/train/loss.h"

namespace chainrule {
namespace loss {

Tensor SoftmaxCrossEntropy::operator()(const Tensor& prediction, const Tensor& target) const {
  return chainrule::softmax_cross_entropy(prediction, target);
}
Tensor BinaryCrossEntropyWithLogits::operator()(const Tensor& prediction, const Tensor& target) const {
  return chainrule::binary_cross_entropy_with_logits(prediction, target);
}
Tensor Mse::operator()(const Tensor& prediction, const Tensor& target) const {
  return chainrule::mse(prediction, target);
}
Tensor Mae::operator()(const Tensor& prediction, const Tensor& target) const {
  return chainrule::mae(prediction, target);
}
void Huber::fields(Fields& f) { f("delta", delta, "where it changes from squared to absolute", above(0)); }
Tensor Huber::operator()(const Tensor& prediction, const Tensor& target) const {
  return chainrule::huber(prediction, target, delta);
}
Tensor Hinge::operator()(const Tensor& prediction, const Tensor& target) const {
  return chainrule::hinge(prediction, target);
}

}  // namespace loss

template <>
Registry& registry<loss::Loss>() {
  static Registry rows = [] {
    using namespace loss;
    Registry made("loss");
#define CHAINRULE_ROW(Type) add_boxed<Loss, Type>(made);
#include "train/loss_list.def"
#undef CHAINRULE_ROW
    return made;
  }();
  return rows;
}

}  // namespace chainrule
