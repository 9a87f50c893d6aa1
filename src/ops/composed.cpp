// Functions made of other operations: they have no row, no kernel and no derivative of their own.
#include "chainrule/ops.h"
#include "graph/node.h"

namespace chainrule {

// Not maximum(x, 0), which would pass half the gradient at 0; and x <= 0 instead of x > 0, so that NaN is
// kept.
Tensor relu(const Tensor& x, Location where) {
  const OriginScope scope(where);
  return chainrule::where(x <= 0.0, 0.0, x);
}

Tensor square(const Tensor& x, Location where) {
  const OriginScope scope(where);
  return x * x;
}

Tensor one_hot(const Tensor& classes, std::int64_t count, DType dtype, Location where) {
  const OriginScope scope(where);
  return cast(equal(expand_dims(classes, -1), arange(count, classes.dtype())), dtype);
}

}  // namespace chainrule
