#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

#include "chainrule/nn/attention.h"
#include "chainrule/nn/linear.h"

// The layers of a transformer   (Vaswani et al. 2017), on sequences (N, T, E).
namespace chainrule::nn {

enum class FeedForwardActivation : std::uint8_t { relu, gelu };

struct TransformerOptions {
  std::int64_t feed_forward = 0;  ///< hidden units between the two linear layers; 0: 4 E
  FeedForwardActivation activation = FeedForwardActivation::gelu;
  /// Whether what goes into attention and feed-forward is normalised, and not what comes out of the sum: deep
  /// nets learn then without a warm-up   (Xiong et al. 2020).
  bool norm_first = true;
  bool causal = false;  ///< a step sees itself and those before it alone; a decoder's always is
  double dropout = 0;   ///< in training: of attention's weights, of hidden units, of what is added to x
  bool bias = true;     ///< of linear layers and of norms
  AnyInitializer weight_init = Xavier{.uniform = true};
  /// Of the weights whose products are added to x; left out: weight_init.
  AnyInitializer output_init = {};
};

/// The scale and shift of a norm over the last axis.
struct NormParameters {
  Parameter scale, shift;
};

/// What both layers have: x + a part of x, part by part, and norms.
class TransformerLayer : public Layer {
 public:
  std::int64_t heads = 1;
  TransformerOptions options;

  void fields(Fields& f);

 protected:
  TransformerLayer() = default;
  AttentionOptions of_attention(bool causal) const;
  void norm_member(Members& m, int number, NormParameters& norm) const;
  void norm_init(Init& init, int number, NormParameters& norm) const;
  void set_up(Attention& attention, bool causal) const;
  void set_up(Linear& expand, Linear& shrink) const;
  void size_up(Init& init, Linear& expand, Linear& shrink) const;
  Tensor feed(const Tensor& x, const Linear& expand, const Linear& shrink, Pass& pass) const;
  /// x + part(x), normalised before or behind.
  template <class Part>
  Tensor added(const Tensor& x, const NormParameters& norm, Pass& pass, Part part) const {
    if (options.norm_first) return x + dropped(part(normed(x, norm)), pass);
    return normed(x + dropped(part(x), pass), norm);
  }

 private:
  Tensor normed(const Tensor& x, const NormParameters& norm) const;
  Tensor dropped(const Tensor& x, Pass& pass) const;
};

/// Attention of x to itself, then a net of two linear layers at each step; each is added to what goes in, and
/// normalised over the features. With `causal` it is a block of GPT.
///
///     x (N, T, E); mask as Attention's
struct TransformerEncoderLayer : LayerOf<TransformerEncoderLayer, TransformerLayer> {
  static constexpr Info kInfo{.name = "transformer_encoder_layer",
                              .doc = "Attention of a sequence to itself, and a net at each step."};
  static constexpr std::string_view kWhole = "mask";
  static constexpr std::string_view kInputs = "x, mask?", kOutputs = "y";
  Attention attention;
  Linear expand, shrink;
  NormParameters norm1, norm2;

  TransformerEncoderLayer() = default;
  explicit TransformerEncoderLayer(std::int64_t parts, TransformerOptions more = {});
  void members(Members& m);
  void init(Init& init);
  Ports compute(const Inputs& in, Pass& pass) const;
};

/// Causal attention of x to itself, attention to another sequence, the memory, and a net at each step.
///
///     x (N, T, E); memory (N, S, any); mask (over x) and memory_mask as Attention's
struct TransformerDecoderLayer : LayerOf<TransformerDecoderLayer, TransformerLayer> {
  static constexpr Info kInfo{
      .name = "transformer_decoder_layer",
      .doc = "Attention of a sequence to itself and to another one, and a net at each step."};
  static constexpr std::string_view kWhole = "mask, memory_mask";
  static constexpr std::string_view kInputs = "x, memory, mask?, memory_mask?", kOutputs = "y";
  Attention attention, memory_attention;
  Linear expand, shrink;
  NormParameters norm1, norm2, norm3;

  TransformerDecoderLayer() = default;
  explicit TransformerDecoderLayer(std::int64_t parts, TransformerOptions more = {});
  void members(Members& m);
  void init(Init& init);
  Ports compute(const Inputs& in, Pass& pass) const;
};

}  // namespace chainrule::nn
