#include "chainrule/nn/attention.h"
#include <utility>

#include <cmath>

#include "chainrule/error.h"
#include "chainrule/ops.h"
#include "chainrule/random_tensor.h"
#include "core/text.h"
#include "graph/node.h"
#include "nn/sequences.h"
#include "ops/internal.h"

namespace chainrule::nn {
namespace {

/// Far below every score, and finite: of a row in which nothing is seen, softmax has numbers. What a mask
/// adds of it, or less, such as -inf, hides a step.
constexpr double kUnseen = -1e30;

/// (N, T, heads d) to (N, heads, T, d).
Tensor by_heads(const Tensor& x, std::int64_t heads) {
  const Shape& s = x.shape();
  return transpose(reshape(x, {s[0], s[1], heads, s[2] / heads}), 1, 2);
}

}  // namespace

/// (N, heads, T or S, d).
struct Attention::Heads {
  Tensor query, key, value;
};

void Attention::fields(Fields& f) {
  f("heads", heads, "parts of the features that ask apart from each other", at_least(1));
  f("causal", options.causal, "whether a step sees itself and those before it alone");
  f("dropout", options.dropout, "in training, probability that a weight is left out", fraction());
  f("bias", options.bias, "whether numbers are added to what is projected");
  f("weight_init", options.weight_init.handle(), "first values of weights; biases start at 0");
  f("output_init", options.output_init.handle(), "of output_weight; left out: weight_init");
}

void Attention::members(Members& m) {
  m("query_weight", query_weight);
  m("key_weight", key_weight);
  m("value_weight", value_weight);
  m("output_weight", output_weight);
  if (!options.bias) return;
  m("query_bias", query_bias);
  m("key_bias", key_bias);
  m("value_bias", value_bias);
  m("output_bias", output_bias);
}

void Attention::init(Init& init) {
  const std::int64_t size = init.size(2);
  const std::int64_t of_key = init.has(1) ? init.size(2, 1) : size;
  const std::int64_t of_value = init.has(2) ? init.size(2, 2) : of_key;
  const auto weight = [&](std::string_view name, Parameter& parameter, std::int64_t in,
                          const AnyInitializer& how) {
    init(name, parameter, {in, size}, how, {.in = in, .out = size});
  };
  weight("query_weight", query_weight, size, options.weight_init);
  weight("key_weight", key_weight, of_key, options.weight_init);
  weight("value_weight", value_weight, of_value, options.weight_init);
  weight("output_weight", output_weight, size,
         options.output_init ? options.output_init : options.weight_init);
  if (!options.bias) return;
  init("query_bias", query_bias, {size}, 0);
  init("key_bias", key_bias, {size}, 0);
  init("value_bias", value_bias, {size}, 0);
  init("output_bias", output_bias, {size}, 0);
}

void Attention::check(const Tensor& query, const Tensor& key, const Tensor& value) const {
  check_sequence(kInfo.name, query, "query");
  check_sequence(kInfo.name, key, "key");
  check_sequence(kInfo.name, value, "value");
  const Shape &q = query.shape(), &k = key.shape(), &v = value.shape();
  if (q[0] != k[0] || k[0] != v[0] || k[1] != v[1]) {
    throw ShapeError(444, cat("[attention] query ", q, ", key ", k, " and value ", v,
                              " do not fit. Need as many sequences, and of keys as many steps as of values.",
                              OriginScope::current({}).to_string()));
  }
  if (q[2] % heads == 0) return;
  throw ValueError(446, cat("[attention] ", heads, " heads of ", q[2], " features; they must divide them.",
                            OriginScope::current({}).to_string()));
}

/// A sequence that asks itself is multiplied once, with all weights side by side.
Attention::Heads Attention::project(const Tensor& query, const Tensor& key, const Tensor& value) const {
  const auto bias = [&](const Parameter& of) { return options.bias ? of.value() : Tensor(); };
  const bool is_one = query.node() == key.node() && key.node() == value.node();
  if (!is_one) {
    return {by_heads(linear(query, query_weight, bias(query_bias)), heads),
            by_heads(linear(key, key_weight, bias(key_bias)), heads),
            by_heads(linear(value, value_weight, bias(value_bias)), heads)};
  }
  const Tensor weight = concatenate({query_weight.value(), key_weight.value(), value_weight.value()}, 1);
  const Tensor shift =
      options.bias ? concatenate({query_bias.value(), key_bias.value(), value_bias.value()}) : Tensor();
  const Shape& s = query.shape();
  const Tensor parts =
      permute(reshape(linear(query, weight, shift), {s[0], s[1], 3, heads, s[2] / heads}), {2, 0, 3, 1, 4});
  return {select(parts, 0), select(parts, 1), select(parts, 2)};
}

/// The mask with the axes (N, heads, T, S).
Tensor Attention::spread(const Tensor& mask, const Shape& scores) const {
  const Shape& s = mask.shape();
  bool fits = s.ndim() >= 2 && s.ndim() <= 4;
  const Tensor full = s.ndim() == 3 ? expand_dims(mask, 1) : mask;
  for (int i = 1; fits && i <= full.ndim(); ++i) {
    fits = full.shape().back(i) == 1 || full.shape().back(i) == scores.back(i);
  }
  if (fits) return full;
  throw ShapeError(445, cat("[attention] the mask is ", s, ", the scores are ", scores,
                            ": sequences, heads, steps that ask, steps that are seen. Need the last two of "
                            "these axes, those without heads, or all four; a size may be 1.",
                            OriginScope::current({}).to_string()));
}

Ports Attention::compute(const Inputs& in, Pass& pass) const {
  const Tensor& query = in[0];
  const Tensor& key = in[1].is_empty() ? query : in[1];
  const Tensor& value = in[2].is_empty() ? key : in[2];
  check(query, key, value);
  const Heads h = project(query, key, value);
  const double scale = 1 / std::sqrt(static_cast<double>(query.shape()[2] / heads));
  Tensor scores = matmul_transposed(h.query * scale, h.key, false, true);
  const Shape shape = scores.shape();
  Tensor seen;
  bool may_see_nothing = false;
  if (options.causal) {  // the last step that asks is beside the last one that is seen
    const std::int64_t ahead = shape.back() - shape.back(2);
    seen = arange(shape.back()) <= reshape(arange(shape.back(2)), {-1, 1}) + ahead;
    may_see_nothing = ahead < 0;
  }
  if (!in[3].is_empty()) {
    const Tensor mask = spread(in[3], shape);
    Tensor by_mask = mask;
    if (is_floating(mask.dtype())) {
      by_mask = logical_not(mask <= kUnseen);
      scores = scores + where(by_mask, mask, 0);
    }
    seen = seen.is_empty() ? not_equal(by_mask, 0) : logical_and(seen, by_mask);
    may_see_nothing = true;
  }
  if (!seen.is_empty()) scores = where(seen, scores, kUnseen);
  Tensor weights = softmax(scores);
  if (may_see_nothing) weights = where(seen, weights, 0);
  const bool drops = options.dropout > 0 && pass.is_training();
  const Tensor mean = matmul(drops ? dropout(weights, options.dropout, pass.key()) : weights, h.value);
  const Tensor y = reshape(transpose(mean, 1, 2), query.shape());
  return {linear(y, output_weight, options.bias ? output_bias.value() : Tensor()), weights};
}

Attention::Attention(std::int64_t parts, AttentionOptions more) : heads(parts), options(std::move(more)) {}

}  // namespace chainrule::nn
