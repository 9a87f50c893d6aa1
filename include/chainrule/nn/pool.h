#pragma once

#include <cstdint>
#include <vector>

#include "chainrule/conv.h"
#include "chainrule/nn/layer.h"

// Pooling over windows and whole images, as layers: chainrule/conv.h.
namespace chainrule::nn {

/// The largest of each window of images (N, C, H, W): chainrule::max_pool2d.
struct MaxPool2d : LayerOf<MaxPool2d> {
  static constexpr Info kInfo{.name = "max_pool2d", .doc = "The largest number of each window."};
  std::vector<std::int64_t> kernel{2}, stride, padding{0};
  bool ceil_mode = false;

  MaxPool2d() = default;
  explicit MaxPool2d(Spatial window, const PoolOptions& options = {});
  void fields(Fields& f);
  Tensor compute(const Tensor& x, Pass&) const;
};

/// The mean of each channel: (N, C, ...) to (N, C).
struct GlobalAvgPool : LayerOf<GlobalAvgPool> {
  static constexpr Info kInfo{.name = "global_avg_pool",
                              .doc = "The mean of each channel: (N, C, ...) to (N, C)."};
  Tensor compute(const Tensor& x, Pass&) const;
};

}  // namespace chainrule::nn
