#include "nn/sequences.h"

#include "chainrule/error.h"
#include "chainrule/nn/linear.h"
#include "chainrule/ops.h"
#include "core/text.h"
#include "graph/node.h"

namespace chainrule::nn {

Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  const std::int64_t in = x.shape().back();
  const std::int64_t rows = in > 0 ? x.numel() / in : 0;
  Tensor y = matmul(x.ndim() == 2 ? x : reshape(x, {rows, in}), weight);
  if (!bias.is_empty()) y = y + bias;
  if (x.ndim() == 2) return y;
  std::vector<std::int64_t> sizes(x.shape().begin(), x.shape().end());
  sizes.back() = weight.shape()[1];
  return reshape(y, Shape(sizes));
}

void check_inputs_of(std::string_view kind, const Shape& x, std::int64_t given, std::int64_t taken) {
  if (given == taken) return;
  throw ShapeError(662, cat("[", kind, "] the input ", x, " has ", given, " numbers ",
                            kind == "affine" ? "a row" : "on its last axis", ", the weight takes ", taken,
                            ": the layer was built for those.", OriginScope::current({}).to_string()));
}

void check_sequence(std::string_view kind, const Tensor& x, std::string_view what) {
  if (x.ndim() == 3 && x.shape()[1] > 0 && x.shape()[2] > 0) return;
  throw ShapeError(440, cat("[", kind, "] ", what, " is ", x.shape(),
                            "; need (N, T, features): N sequences of T steps, one at least.",
                            OriginScope::current({}).to_string()));
}

Tensor attention_weights(const Tensor& said, const Tensor& memory, const Tensor& lengths) {
  Tensor scores = matmul(said, transpose(memory, 1, 2));
  if (!lengths.is_empty()) {
    const Tensor is_real = arange(memory.shape()[1]) < reshape(cast(lengths, i64), {-1, 1, 1});
    scores = where(is_real, scores, -1e30);
  }
  return softmax(scores);
}

void Linear::fields(Fields& f) {
  f("outputs", outputs, "numbers that come out", at_least(1));
  f("bias", options.bias, "whether b is added");
  f("weight_init", options.weight_init.handle(), "first values of W; b starts at 0");
}

void Linear::members(Members& m) {
  m("weight", weight);
  if (options.bias) m("bias", bias);
}

void Linear::init(Init& init) {
  const std::int64_t inputs = init.size(init.shape().ndim() < 2 ? 1 : init.shape().ndim() - 1);
  init("weight", weight, {inputs, outputs}, options.weight_init, {.in = inputs, .out = outputs});
  if (options.bias) init("bias", bias, {outputs}, 0);
}

Tensor Linear::compute(const Tensor& x, Pass&) const {
  if (x.ndim() < 2) {
    throw ShapeError(41,
                     cat("[linear] needs a batch (N, ..., features), got shape ", x.shape(),
                         ". Use expand_dims(x, 0) for one sample.", OriginScope::current({}).to_string()));
  }
  check_inputs_of("linear", x.shape(), x.shape().back(), weight.value().shape()[0]);
  return linear(x, weight, options.bias ? bias.value() : Tensor());
}

Linear::Linear(std::int64_t out, LinearOptions more) : outputs(out), options(std::move(more)) {}

}  // namespace chainrule::nn
