// Functions made of other operations: they have no row, no kernel and no derivative of their own.
#include "ops/composed.h"
#include "chainrule/ops.h"
#include "graph/node.h"

namespace chainrule {

Tensor one_hot(const Tensor& classes, std::int64_t count, DType dtype, Location where) {
  const OpScope scope("one_hot", where);
  if (is_floating(classes.dtype()) || classes.dtype() == boolean) {
    throw op_error<DTypeError>(
        15, cat("needs i64 or u8 class numbers, got ", classes.dtype(), ". Convert with cast(x, i64)."));
  }
  return cast(equal(expand_dims(classes, -1), arange(count)), dtype);
}

std::vector<ComposedFunction> index_functions() {
  using In = std::span<const Tensor>;
  const SampleInput vector{{6}}, matrix{{3, 4}};
  const SampleInput distinct{{3, 4}, DType::f64, {-40, 40}};
  const SampleInput places{{3, 2}, DType::i64, {-3, 4}};
  return {
      {"clip",
       "x held between two bounds.",
       {{"clip(x, low, high)",
         [](In in) { return clip(in[0], in[1], in[2]); },
         {{{3, 4}, DType::f64, {-3.875, 4, 0.25}},
          {{4}, DType::f64, {-2, -1.5}},
          {{}, DType::f64, {1.5, 2}}}}}},
      {"log_softmax",
       "x - logsumexp(x).",
       {{"log_softmax(x)", [](In in) { return log_softmax(in[0]); }, {matrix}},
        {"log_softmax(x, 0)", [](In in) { return log_softmax(in[0], 0); }, {matrix}}}},
      {"pad",
       "A number, the edge or a mirror around the elements.",
       {{"pad(x, {{1, 2}, {0, 1}}, PadMode::constant, value)",
         [](In in) {
           return pad(in[0], {{1, 2}, {0, 1}}, PadMode::constant, in[1]);
         },
         {matrix, {{}}}},
        {"pad(x, {{1, 2}}, PadMode::edge)",
         [](In in) {
           return pad(in[0], {{1, 2}}, PadMode::edge);
         },
         {matrix}},
        {"pad(x, {{2, 5}}, PadMode::reflect)",
         [](In in) {
           return pad(in[0], {{2, 5}}, PadMode::reflect);
         },
         {matrix}}}},
      {"flip",
       "The elements in reverse order.",
       {{"flip(x, 1)", [](In in) { return flip(in[0], 1); }, {matrix}}}},
      {"roll",
       "Moved on, from the end to the start.",
       {{"roll(x, -3, 1)", [](In in) { return roll(in[0], -3, 1); }, {matrix}}}},
      {"tile",
       "Repeated along axes.",
       {{"tile(x, {2, 3})",
         [](In in) {
           return tile(in[0], {2, 3});
         },
         {matrix}}}},
      {"stack",
       "One after another along a new axis.",
       {{"stack({x, y}, 1)",
         [](In in) {
           return stack({in[0], in[1]}, 1);
         },
         {matrix, matrix}}}},
      {"split",
       "Parts along an axis.",
       {{"split(x, {1, 4})[1]",
         [](In in) {
           return split(in[0], {1, 4})[1];
         },
         {vector}}}},
      {"take_along_axis",
       "x[i, indices[i, j]].",
       {{"take_along_axis(x, indices, 1)",
         [](In in) { return take_along_axis(in[0], in[1], 1); },
         {matrix, places}}}},
      {"scatter_add",
       "x[i, indices[i, j]] += updates[i, j].",
       {{"scatter_add(x, indices, updates, 1)",
         [](In in) { return scatter_add(in[0], in[1], in[2], 1); },
         {matrix, places, {{3, 2}}}}}},
      {"index_add",
       "x[indices[i]] += updates[i].",
       {{"index_add(x, indices, updates)",
         [](In in) { return index_add(in[0], in[1], in[2]); },
         {matrix, {{5}, DType::i64, {-3, 3}}, {{5, 4}}}}}},
      {"sort",
       "take_along_axis(x, argsort(x)).",
       {{"sort(x, 1, true)", [](In in) { return sort(in[0], 1, true); }, {distinct}}}},
      {"topk",
       "The first of the sorted elements.",
       {{"topk(x, 2).values", [](In in) { return topk(in[0], 2).values; }, {distinct}}}},
      {"one_hot",
       "1 at each class number, else 0.",
       {{"one_hot(classes, 4)",
         [](In in) { return one_hot(in[0], 4); },
         {{{5}, DType::i64, {0, 4}}},
         "classes are numbered"}}},
  };
}

}  // namespace chainrule
