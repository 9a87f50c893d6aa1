#pragma once

#include <cstdint>
#include <vector>

#include "chainrule/conv.h"
#include "chainrule/nn/layer.h"

// Convolutions of signals, images and volumes, as layers: the functions of chainrule/conv.h with their
// weights.
namespace chainrule::nn {

struct ConvLayerOptions {
  Spatial stride = 1;
  Padding padding = 0;
  Spatial dilation = 1;
  std::int64_t groups = 1;
  bool bias = true;
  AnyInitializer weight_init = He{};
};

/// What convolutions of one, two and three axes have in common.
class ConvLayer : public Layer {
 public:
  std::int64_t filters = 0;
  /// One number for all axes, or one for each. Padding also has numbers before each axis, then after each, or
  /// -1 for "same".
  std::vector<std::int64_t> kernel{3}, stride{1}, padding{0}, dilation{1};
  std::int64_t groups = 1;
  bool has_bias = true;
  AnyInitializer weight_init = He{};
  Parameter weight;  ///< (filters, C / groups, kernel...)
  Parameter bias;    ///< (filters)

  virtual int axes() const = 0;
  void fields(Fields& f);
  void members(Members& m);
  void init(Init& init);
  /// (N, C, ...) to (N, filters, ...). @throws ValueError  for lists of another length (E250).
  Tensor compute(const Tensor& x, Pass&) const;

 protected:
  void set(std::int64_t outputs, const Spatial& window, const ConvLayerOptions& options);
};

template <class Self, int kAxes>
struct ConvLayerOf : LayerOf<Self, ConvLayer> {
  ConvLayerOf() = default;
  explicit ConvLayerOf(std::int64_t outputs, Spatial window = 3, const ConvLayerOptions& options = {}) {
    this->set(outputs, window, options);
  }
  int axes() const override { return kAxes; }
};

/// chainrule::conv1d of signals (N, C, L), chainrule::conv2d of images (N, C, H, W), chainrule::conv3d of
/// volumes (N, C, D, H, W).
struct Conv1d : ConvLayerOf<Conv1d, 1> {
  static constexpr Info kInfo{.name = "conv1d",
                              .doc = "Every output channel is the signal (N, C, L) seen through a filter."};
  using ConvLayerOf::ConvLayerOf;
};
struct Conv2d : ConvLayerOf<Conv2d, 2> {
  static constexpr Info kInfo{.name = "conv2d",
                              .doc = "Every output channel is the image seen through a filter."};
  using ConvLayerOf::ConvLayerOf;
};
struct Conv3d : ConvLayerOf<Conv3d, 3> {
  static constexpr Info kInfo{
      .name = "conv3d", .doc = "Every output channel is the volume (N, C, D, H, W) seen through a filter."};
  using ConvLayerOf::ConvLayerOf;
};

struct ConvTransposeLayerOptions {
  Spatial stride = 1;
  Padding padding = 0;
  Spatial output_padding = 0;  ///< elements more at the end, fewer than the stride
  Spatial dilation = 1;
  std::int64_t groups = 1;
  bool bias = true;
  AnyInitializer weight_init = He{};
};

/// What transposed convolutions of one, two and three axes have in common.
class ConvTransposeLayer : public ConvLayer {
 public:
  std::vector<std::int64_t> output_padding{0};

  void fields(Fields& f);
  /// weight: (C, filters / groups, kernel...).
  void init(Init& init);
  Tensor compute(const Tensor& x, Pass&) const;

 protected:
  void set(std::int64_t outputs, const Spatial& window, const ConvTransposeLayerOptions& options);
};

template <class Self, int kAxes>
struct ConvTransposeLayerOf : LayerOf<Self, ConvTransposeLayer> {
  ConvTransposeLayerOf() = default;
  explicit ConvTransposeLayerOf(std::int64_t outputs, Spatial window = 3,
                                const ConvTransposeLayerOptions& options = {}) {
    this->set(outputs, window, options);
  }
  int axes() const override { return kAxes; }
};

/// chainrule::conv_transpose1d, conv_transpose2d and conv_transpose3d: each number of the input, times a
/// filter, is added to the output. With stride 2 and padding "same" the result is twice as large.
struct ConvTranspose1d : ConvTransposeLayerOf<ConvTranspose1d, 1> {
  static constexpr Info kInfo{.name = "conv_transpose1d",
                              .doc = "Every number of the signal spreads a filter over the output."};
  using ConvTransposeLayerOf::ConvTransposeLayerOf;
};
struct ConvTranspose2d : ConvTransposeLayerOf<ConvTranspose2d, 2> {
  static constexpr Info kInfo{.name = "conv_transpose2d",
                              .doc = "Every number of the image spreads a filter over the output."};
  using ConvTransposeLayerOf::ConvTransposeLayerOf;
};
struct ConvTranspose3d : ConvTransposeLayerOf<ConvTranspose3d, 3> {
  static constexpr Info kInfo{.name = "conv_transpose3d",
                              .doc = "Every number of the volume spreads a filter over the output."};
  using ConvTransposeLayerOf::ConvTransposeLayerOf;
};

}  // namespace chainrule::nn
