// Numbers left out at random.
#include "chainrule/nn/dropout.h"

#include "chainrule/ops.h"
#include "chainrule/random_tensor.h"

namespace chainrule::nn {

void Dropout::fields(Fields& f) {
  f("p", p, "probability that a number is left out", between(0, 1));
  f("inverted", inverted, "divide by 1 - p in training instead of multiplying by it in inference");
}

Tensor Dropout::compute(const Tensor& x, Pass& pass) const {
  if (pass.is_training()) {
    return inverted ? dropout(x, p, pass.key()) : where(bernoulli(x.shape(), pass.key(), 1 - p), x, 0);
  }
  return inverted || p == 0 ? x : x * (1 - p);
}

Dropout::Dropout(double probability, bool is_inverted) : p(probability), inverted(is_inverted) {}

}  // namespace chainrule::nn
