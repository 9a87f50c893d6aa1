// Weighted sums of all inputs.
#include "chainrule/nn/affine.h"
#include <utility>

#include "chainrule/error.h"
#include "chainrule/ops.h"
#include "core/text.h"
#include "graph/node.h"
#include "nn/sequences.h"

namespace chainrule::nn {

Affine::Affine(const Tensor& w, const Tensor& b) {
  if (w.ndim() != 2 || b.ndim() != 1 || w.shape()[1] != b.shape()[0] || w.dtype() != b.dtype()) {
    throw ShapeError(42,
                     cat("[affine] weight ", w.shape(), " ", name_of(w.dtype()), " and bias ", b.shape(), " ",
                         name_of(b.dtype()), " do not fit. Need (in, out) and (out,) of one dtype."));
  }
  outputs = w.shape()[1];
  weight.set_value(w);
  bias.set_value(b);
}

void Affine::fields(Fields& f) {
  f("outputs", outputs, "numbers a sample that come out", at_least(1));
  f("bias", options.bias, "whether b is added");
  f("weight_init", options.weight_init.handle(), "first values of W; b starts at 0");
}

void Affine::members(Members& m) {
  m("weight", weight);
  if (options.bias) m("bias", bias);
}

void Affine::init(Init& init) {
  std::int64_t inputs = init.size(1);
  for (int axis = 2; axis < init.shape().ndim(); ++axis) inputs *= init.shape()[axis];
  init("weight", weight, {inputs, outputs}, options.weight_init, {.in = inputs, .out = outputs});
  if (options.bias) init("bias", bias, {outputs}, 0);
}

Tensor Affine::compute(const Tensor& x, Pass&) const {
  if (x.ndim() < 2) {
    throw ShapeError(41,
                     cat("[affine] needs a batch (N, ...), got shape ", x.shape(),
                         ". Use expand_dims(x, 0) for one sample.", OriginScope::current({}).to_string()));
  }
  const Tensor rows = x.ndim() == 2 ? x : flatten(x, 1);
  check_inputs_of("affine", x.shape(), rows.shape()[1], weight.value().shape()[0]);
  const Tensor y = matmul(rows, weight);
  return options.bias ? y + bias.value() : y;
}

Affine::Affine(std::int64_t out, AffineOptions more) : outputs(out), options(std::move(more)) {}

}  // namespace chainrule::nn
