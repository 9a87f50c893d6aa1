#include "ops/composed.h"

#include <utility>

#include "chainrule/ops.h"

namespace chainrule {

#define CHAINRULE_CALL(name) [](const Tensor& x) { return name(x); }

std::span<const ElementwiseFunction> elementwise_functions() {
  // Domains keep kinks at a distance by their grids, and poles by their ends.
  static constexpr Domain kGrid{-3.875, 4, 0.25};
  static constexpr ElementwiseFunction kList[] = {
      {"square", "x x.", CHAINRULE_CALL(square), {}, {0.5, 0.5}},
      {"reciprocal", "1 / x.", CHAINRULE_CALL(reciprocal), {0.5, 3.0}, {0.5, 0.5}},
      {"rsqrt", "1 / sqrt(x).", CHAINRULE_CALL(rsqrt), {0.1, 4.0}, {1.5, 1.5}},
      {"tan", "sin(x) / cos(x).", CHAINRULE_CALL(tan), {-1.2, 1.2}, {2.4, 2.4}},
      {"asin", "atan2(x, sqrt(1 - x^2)).", CHAINRULE_CALL(asin), {-0.9, 0.9}, {2.1, 1.8}},
      {"acos", "atan2(sqrt(1 - x^2), x).", CHAINRULE_CALL(acos), {-0.9, 0.9}, {2.9, 2.6}},
      {"atan", "atan2(x, 1).", CHAINRULE_CALL(atan), {}, {1.1, 1.1}},
      {"acosh", "2 asinh(sqrt((x - 1) / 2)).", CHAINRULE_CALL(acosh), {1.2, 4.0}, {2.3, 2.3}},
      {"relu", "x where x > 0, else 0.", CHAINRULE_CALL(relu), kGrid, {0, 0}},
      {"leaky_relu", "x where x > 0, else x / 100.", CHAINRULE_CALL(leaky_relu), kGrid, {0.9, 0.8}},
      {"elu", "x where x > 0, else expm1(x).", CHAINRULE_CALL(elu), kGrid, {1, 1.2}},
      {"selu", "1.0507 x where x > 0, else 1.7581 expm1(x).", CHAINRULE_CALL(selu), kGrid, {1.9, 2.1}},
      {"gelu",
       "x (1 + erf(x / sqrt(2))) / 2.",
       CHAINRULE_CALL(gelu),
       {},
       {1.5, 1.7},
       "the sum cancels below zero"},
      {"silu",
       "x sigmoid(x).",
       CHAINRULE_CALL(silu),
       {},
       {2, 2},
       "sigmoid(x) becomes denormal far below zero"},
      {"softplus",
       "log(1 + exp(x)), as max(x, 0) + log1p(exp(-|x|)).",
       CHAINRULE_CALL(softplus),
       {},
       {1.7, 1.7}},
      {"log_sigmoid", "log(sigmoid(x)) = -softplus(-x).", CHAINRULE_CALL(log_sigmoid), {}, {1.7, 1.7}},
      {"softsign", "x / (1 + |x|).", CHAINRULE_CALL(softsign), kGrid, {1.6, 1.6}},
      {"hard_sigmoid",
       "x / 5 + 1/2, held between 0 and 1.",
       CHAINRULE_CALL(hard_sigmoid),
       kGrid,
       {1, 1},
       "the sum cancels near its zero"},
      {"hard_swish",
       "x (x / 6 + 1/2 held between 0 and 1).",
       CHAINRULE_CALL(hard_swish),
       kGrid,
       {1.2, 1.2},
       "the sum cancels near its zero"},
      {"mish",
       "x tanh(softplus(x)).",
       CHAINRULE_CALL(mish),
       {},
       {2.5, 2.5},
       "tanh(softplus(x)) becomes denormal far below zero"},
  };
  return kList;
}

#undef CHAINRULE_CALL

std::span<const ComposedFunction> composed_functions() {
  static const std::vector<ComposedFunction> all = [] {
    std::vector<ComposedFunction> joined;
    for (const auto family :
         {reduction_functions, norm_functions, math_functions, softmax_functions, rearranging_functions,
          index_functions, sort_functions, numeric_functions, linear_algebra_functions, loss_functions,
          weighted_loss_functions, normalization_functions, random_functions, conv_functions,
          max_pool_functions, avg_pool_functions, adaptive_pool_functions, upsample_functions,
          unfold_functions}) {
      for (ComposedFunction& f : family()) joined.push_back(std::move(f));
    }
    return joined;
  }();
  return all;
}

}  // namespace chainrule
