#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

#include "chainrule/nn/layer.h"

namespace chainrule::nn {

struct AttentionOptions {
  bool causal = false;  ///< a step sees itself and those before it alone
  double dropout = 0;   ///< in training, of the weights
  bool bias = true;
  AnyInitializer weight_init = Xavier{.uniform = true};
  AnyInitializer output_init = {};  ///< of output_weight; left out: weight_init
};
/// Attention with several heads: each step of `query` asks the steps of `key`, and gets a mean of their
/// `value`s, weighted by softmax(q k' / sqrt(size / heads))   (Vaswani et al. 2017).
///
///     query (N, T, E), key (N, S, any), value (N, S, any); a key that is left out is the query, a value that
///     is left out is the key
///     mask, to broadcast against (N, heads, T, S): (T, S), or (N, 1, S) or (N, T, S), or with heads. Whole
///     or boolean: where it is 0 a step is not seen, and one that sees nothing gets 0. Floating: added to the
///     scores
///     y (N, T, E); weights (N, heads, T, S), as they are before dropout
///
/// Weights are those of PyTorch's MultiheadAttention, transposed; in_proj_weight is the three first, one
/// under the other.
/// @throws ShapeError  for sequences that do not fit together (E440, E444), or a mask that does not (E445).
/// @throws ValueError  if the heads do not divide E (E446).
struct Attention : LayerOf<Attention> {
  static constexpr Info kInfo{.name = "attention",
                              .doc = "Each step asks all steps of a sequence: attention with several heads."};
  static constexpr std::string_view kWhole = "mask";
  static constexpr std::string_view kInputs = "query, key?, value?, mask?", kOutputs = "y, weights";
  std::int64_t heads = 1;
  AttentionOptions options;
  Parameter query_weight, key_weight, value_weight, output_weight;  ///< (in, E)
  Parameter query_bias, key_bias, value_bias, output_bias;          ///< (E)

  Attention() = default;
  explicit Attention(std::int64_t parts, AttentionOptions more = {});
  void fields(Fields& f);
  void members(Members& m);
  void init(Init& init);
  Ports compute(const Inputs& in, Pass& pass) const;

 private:
  struct Heads;
  Heads project(const Tensor& query, const Tensor& key, const Tensor& value) const;
  void check(const Tensor& query, const Tensor& key, const Tensor& value) const;
  Tensor spread(const Tensor& mask, const Shape& scores) const;
};

}  // namespace chainrule::nn
