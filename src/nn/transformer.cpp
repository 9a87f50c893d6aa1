#include "chainrule/nn/transformer.h"
#include <utility>

#include "chainrule/normalize.h"
#include "chainrule/ops.h"
#include "chainrule/random_tensor.h"
#include "core/text.h"
#include "nn/sequences.h"

namespace chainrule::nn {
namespace {

constexpr std::string_view kActivations[] = {"relu", "gelu"};

}  // namespace

void TransformerLayer::fields(Fields& f) {
  f("heads", heads, "parts of the features that ask apart from each other", at_least(1));
  f("feed_forward", options.feed_forward, "hidden units at each step; 0: four times the features",
    at_least(0));
  f("activation", options.activation, kActivations, "of the hidden units");
  f("norm_first", options.norm_first, "whether what goes into a part is normalised, not the sum behind it");
  if (info().name == TransformerEncoderLayer::kInfo.name)
    f("causal", options.causal, "whether a step sees itself and those before it alone");
  f("dropout", options.dropout, "in training, probability that a number is left out", fraction());
  f("bias", options.bias, "whether linear layers and norms add numbers");
  f("weight_init", options.weight_init.handle(), "first values of weights; biases start at 0");
  f("output_init", options.output_init.handle(),
    "of the weights whose products are added to x; left out: weight_init");
}

AttentionOptions TransformerLayer::of_attention(bool causal) const {
  return {.causal = causal,
          .dropout = options.dropout,
          .bias = options.bias,
          .weight_init = options.weight_init,
          .output_init = options.output_init};
}

/// The layers inside have the settings of this one.
void TransformerLayer::set_up(Attention& attention, bool causal) const {
  attention.heads = heads;
  attention.options = of_attention(causal);
}

void TransformerLayer::set_up(Linear& expand, Linear& shrink) const {
  expand.options = {.bias = options.bias, .weight_init = options.weight_init};
  shrink.options = {.bias = options.bias,
                    .weight_init = options.output_init ? options.output_init : options.weight_init};
}

void TransformerLayer::norm_member(Members& m, int number, NormParameters& norm) const {
  m(cat("norm", number, "_scale"), norm.scale);
  if (options.bias) m(cat("norm", number, "_shift"), norm.shift);
}

void TransformerLayer::size_up(Init& init, Linear& expand, Linear& shrink) const {
  const std::int64_t size = init.size(2);
  expand.outputs = options.feed_forward > 0 ? options.feed_forward : 4 * size;
  shrink.outputs = size;
}

void TransformerLayer::norm_init(Init& init, int number, NormParameters& norm) const {
  const std::int64_t size = init.size(2);
  init(cat("norm", number, "_scale"), norm.scale, {size}, 1);
  if (options.bias) init(cat("norm", number, "_shift"), norm.shift, {size}, 0);
}

Tensor TransformerLayer::normed(const Tensor& x, const NormParameters& norm) const {
  return layer_norm(x, -1, norm.scale, options.bias ? norm.shift.value() : Tensor());
}

Tensor TransformerLayer::dropped(const Tensor& x, Pass& pass) const {
  return options.dropout > 0 && pass.is_training() ? dropout(x, options.dropout, pass.key()) : x;
}

Tensor TransformerLayer::feed(const Tensor& x, const Linear& expand, const Linear& shrink, Pass& pass) const {
  const Tensor sum = expand(x, pass);
  return shrink(dropped(options.activation == FeedForwardActivation::relu ? relu(sum) : gelu(sum), pass),
                pass);
}

void TransformerEncoderLayer::members(Members& m) {
  if (!is_built()) {
    set_up(attention, options.causal);
    set_up(expand, shrink);
  }
  m("attention", attention);
  m("expand", expand);
  m("shrink", shrink);
  norm_member(m, 1, norm1);
  norm_member(m, 2, norm2);
}

void TransformerEncoderLayer::init(Init& init) {
  size_up(init, expand, shrink);
  norm_init(init, 1, norm1);
  norm_init(init, 2, norm2);
}

Ports TransformerEncoderLayer::compute(const Inputs& in, Pass& pass) const {
  const Tensor x = added(in[0], norm1, pass, [&](const Tensor& from) {
    return attention.run({from, Tensor(), Tensor(), in[1]}, pass)[0];
  });
  return added(x, norm2, pass, [&](const Tensor& from) { return feed(from, expand, shrink, pass); });
}

void TransformerDecoderLayer::members(Members& m) {
  if (!is_built()) {
    set_up(attention, true);
    set_up(memory_attention, false);
    set_up(expand, shrink);
  }
  m("attention", attention);
  m("memory_attention", memory_attention);
  m("expand", expand);
  m("shrink", shrink);
  norm_member(m, 1, norm1);
  norm_member(m, 2, norm2);
  norm_member(m, 3, norm3);
}

void TransformerDecoderLayer::init(Init& init) {
  size_up(init, expand, shrink);
  norm_init(init, 1, norm1);
  norm_init(init, 2, norm2);
  norm_init(init, 3, norm3);
}

Ports TransformerDecoderLayer::compute(const Inputs& in, Pass& pass) const {
  Tensor x = added(in[0], norm1, pass, [&](const Tensor& from) {
    return attention.run({from, Tensor(), Tensor(), in[2]}, pass)[0];
  });
  x = added(x, norm2, pass, [&](const Tensor& from) {
    return memory_attention.run({from, in[1], Tensor(), in[3]}, pass)[0];
  });
  return added(x, norm3, pass, [&](const Tensor& from) { return feed(from, expand, shrink, pass); });
}

TransformerEncoderLayer::TransformerEncoderLayer(std::int64_t parts, TransformerOptions more) {
  heads = parts;
  options = std::move(more);
}

TransformerDecoderLayer::TransformerDecoderLayer(std::int64_t parts, TransformerOptions more) {
  heads = parts;
  options = std::move(more);
}

}  // namespace chainrule::nn
