// Functions made of other operations: they have no row, no kernel and no derivative of their own.
#include "chainrule/ops.h"
#include "graph/node.h"

namespace chainrule {

Tensor one_hot(const Tensor& classes, std::int64_t count, DType dtype, Location where) {
  const OriginScope scope(where);
  return cast(equal(expand_dims(classes, -1), arange(count, classes.dtype())), dtype);
}

}  // namespace chainrule
