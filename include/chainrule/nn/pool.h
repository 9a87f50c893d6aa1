#pragma once

#include <cstdint>
#include <vector>

#include "chainrule/conv.h"
#include "chainrule/nn/layer.h"

// Pooling of signals, images and volumes, as layers: the functions of chainrule/conv.h.
namespace chainrule::nn {

/// What pooling over windows has in common, for one, two and three axes.
class PoolLayer : public Layer {
 public:
  /// One number for all axes, or one for each; no stride: as far as the window is large. Padding also has
  /// numbers before each axis, then after each, or -1 for "same".
  std::vector<std::int64_t> kernel{2}, stride, padding{0};
  bool ceil_mode = false;

  virtual int axes() const = 0;

 protected:
  void set(const Spatial& window, const Spatial& step, const Padding& around, bool rounds_up);
};

class MaxPoolLayer : public PoolLayer {
 public:
  std::vector<std::int64_t> dilation{1};

  void fields(Fields& f);
  /// @throws ValueError  for lists of another length (E250), here and below.
  Tensor compute(const Tensor& x, Pass&) const;

 protected:
  void set(const Spatial& window, const PoolOptions& options);
};

class AvgPoolLayer : public PoolLayer {
 public:
  bool count_include_pad = false;

  void fields(Fields& f);
  Tensor compute(const Tensor& x, Pass&) const;

 protected:
  void set(const Spatial& window, const AvgPoolOptions& options);
};

template <class Self, int kAxes, class Base, class Options>
struct PoolLayerOf : LayerOf<Self, Base> {
  PoolLayerOf() = default;
  explicit PoolLayerOf(Spatial window, const Options& options = {}) { this->set(window, options); }
  int axes() const override { return kAxes; }
};

/// The largest number of each window: chainrule::max_pool1d and so on.
struct MaxPool1d : PoolLayerOf<MaxPool1d, 1, MaxPoolLayer, PoolOptions> {
  static constexpr Info kInfo{.name = "max_pool1d", .doc = "The largest number of each window, of signals."};
  using PoolLayerOf::PoolLayerOf;
};
struct MaxPool2d : PoolLayerOf<MaxPool2d, 2, MaxPoolLayer, PoolOptions> {
  static constexpr Info kInfo{.name = "max_pool2d", .doc = "The largest number of each window."};
  using PoolLayerOf::PoolLayerOf;
};
struct MaxPool3d : PoolLayerOf<MaxPool3d, 3, MaxPoolLayer, PoolOptions> {
  static constexpr Info kInfo{.name = "max_pool3d", .doc = "The largest number of each window, of volumes."};
  using PoolLayerOf::PoolLayerOf;
};

/// The mean of each window: chainrule::avg_pool1d and so on.
struct AvgPool1d : PoolLayerOf<AvgPool1d, 1, AvgPoolLayer, AvgPoolOptions> {
  static constexpr Info kInfo{.name = "avg_pool1d", .doc = "The mean of each window, of signals."};
  using PoolLayerOf::PoolLayerOf;
};
struct AvgPool2d : PoolLayerOf<AvgPool2d, 2, AvgPoolLayer, AvgPoolOptions> {
  static constexpr Info kInfo{.name = "avg_pool2d", .doc = "The mean of each window."};
  using PoolLayerOf::PoolLayerOf;
};
struct AvgPool3d : PoolLayerOf<AvgPool3d, 3, AvgPoolLayer, AvgPoolOptions> {
  static constexpr Info kInfo{.name = "avg_pool3d", .doc = "The mean of each window, of volumes."};
  using PoolLayerOf::PoolLayerOf;
};

/// The mean of each channel: (N, C, ...) to (N, C).
struct GlobalAvgPool : LayerOf<GlobalAvgPool> {
  static constexpr Info kInfo{.name = "global_avg_pool",
                              .doc = "The mean of each channel: (N, C, ...) to (N, C)."};
  Tensor compute(const Tensor& x, Pass&) const;
};

/// The largest number of each channel: (N, C, ...) to (N, C).
struct GlobalMaxPool : LayerOf<GlobalMaxPool> {
  static constexpr Info kInfo{.name = "global_max_pool",
                              .doc = "The largest number of each channel: (N, C, ...) to (N, C)."};
  Tensor compute(const Tensor& x, Pass&) const;
};

/// Means over windows that lie so that the result has a given size: chainrule::adaptive_avg_pool, of one to
/// three axes.
struct AdaptiveAvgPool : LayerOf<AdaptiveAvgPool> {
  static constexpr Info kInfo{.name = "adaptive_avg_pool",
                              .doc = "Means over equal parts of the image, as many as are wanted."};
  std::vector<std::int64_t> size{1};

  AdaptiveAvgPool() = default;
  explicit AdaptiveAvgPool(const Spatial& wanted);
  void fields(Fields& f);
  Tensor compute(const Tensor& x, Pass&) const;
};

/// The same with the largest numbers: chainrule::adaptive_max_pool.
struct AdaptiveMaxPool : LayerOf<AdaptiveMaxPool> {
  static constexpr Info kInfo{
      .name = "adaptive_max_pool",
      .doc = "The largest numbers of equal parts of the image, as many as are wanted."};
  std::vector<std::int64_t> size{1};

  AdaptiveMaxPool() = default;
  explicit AdaptiveMaxPool(const Spatial& wanted);
  void fields(Fields& f);
  Tensor compute(const Tensor& x, Pass&) const;
};

}  // namespace chainrule::nn
