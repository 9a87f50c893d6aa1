// Random numbers: of the pass's key, so that equal passes give equal ones.
#include "core/text.h"
#include "onnx/numbers.h"
#include "onnx/program.h"

namespace chainrule::onnx {
namespace {

RandomKey key_of(const Call& c) {
  if (c.around.run == nullptr) throw c.error("random numbers outside of a run.");
  return c.around.run->pass.key();
}

DType dtype_of(const Call& c, DType other) {
  const DType dtype = c.find("dtype") != nullptr ? dtype_of_code(c, c.integer("dtype")) : other;
  return dtype;
}

Tensor drawn(const Call& c, const Shape& shape, DType wanted, bool is_normal) {
  const DType dtype = is_floating(wanted) ? wanted : f32;
  const Tensor x = is_normal ? normal(shape, key_of(c), c.number("mean", 0), c.number("scale", 1), dtype)
                             : uniform(shape, key_of(c), c.number("low", 0), c.number("high", 1), dtype);
  return cast(x, wanted);
}

template <bool kNormal>
Tensors of_shape(const Call& c) {
  return {drawn(c, shape_of(c, c.integers("shape")), dtype_of(c, f32), kNormal)};
}
template <bool kNormal>
Tensors of_input(const Call& c) {
  return {drawn(c, c[0].shape(), dtype_of(c, c[0].dtype()), kNormal)};
}

Tensors bernoulli_of(const Call& c) {
  return {cast(bernoulli(c[0].shape(), key_of(c), c[0]), dtype_of(c, c[0].dtype()))};
}

Tensors multinomial(const Call& c) {
  if (c[0].ndim() != 2) throw c.error("needs logarithms of weights (N, C).");
  const Tensor sums = cumsum(softmax(c[0], 1), 1);
  const std::int64_t rows = c[0].shape()[0], classes = c[0].shape()[1], draws = c.integer("sample_size", 1);
  shape_of(c, std::vector<std::int64_t>{rows, draws, classes});
  const Tensor u = uniform({rows, draws, 1}, key_of(c), 0, 1, c[0].dtype());
  const Tensor place = sum(cast(expand_dims(sums, 1) <= u, i64), 2);
  return {cast(minimum(place, classes - 1), dtype_of(c, i64))};
}

Tensors dropout_of(const Call& c) {
  const double ratio = c.has(1) ? c.number_at(1) : c.number("ratio", 0.5);
  const bool drops = (c.has(2) ? c.number_at(2) != 0 : false) || c.is_training();
  const Tensor& x = c[0];
  if (!drops || ratio == 0) return {x, broadcast_to(scalar(true, DType::boolean), x.shape())};
  if (!(ratio > 0 && ratio < 1)) throw c.error(cat("a ratio of ", ratio, "; need 0 to below 1."));
  const Tensor kept = bernoulli(x.shape(), key_of(c), 1 - ratio);
  return {where(kept, as(x / (1 - ratio), x), number(0, x)), kept};
}

constexpr std::string_view kNote = "The numbers are those of the pass; the seed of the file is not used.";
constexpr Operator kRows[] = {
    {"Bernoulli", 1, 1, bernoulli_of, 0, 0, true, kNote},
    {"Dropout", 1, 3, dropout_of, 0b110, 0, true, "Also in passes that train."},
    {"Multinomial", 1, 1, multinomial, 0, 0, true, kNote},
    {"RandomNormal", 0, 0, of_shape<true>, 0, 0, true, kNote},
    {"RandomNormalLike", 1, 1, of_input<true>, 0, 0, true, kNote},
    {"RandomUniform", 0, 0, of_shape<false>, 0, 0, true, kNote},
    {"RandomUniformLike", 1, 1, of_input<false>, 0, 0, true, kNote},
};

}  // namespace

std::span<const Operator> random_operators() { return kRows; }

}  // namespace chainrule::onnx
