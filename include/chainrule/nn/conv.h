#pragma once

#include <cstdint>
#include <vector>

#include "chainrule/conv.h"
#include "chainrule/nn/layer.h"

// Convolutions of signals and images, as layers: chainrule/conv.h.
namespace chainrule::nn {

struct Conv2dOptions {
  Spatial stride = 1, padding = 0, dilation = 1;
  std::int64_t groups = 1;
  bool bias = true;
  AnyInitializer weight_init = He{};
};
/// Convolution of images (N, C, H, W) to (N, filters, H', W'): chainrule::conv2d.
struct Conv2d : LayerOf<Conv2d> {
  static constexpr Info kInfo{.name = "conv2d",
                              .doc = "Every output channel is the image seen through a filter."};
  std::int64_t filters = 0;
  std::vector<std::int64_t> kernel{3}, stride{1}, padding{0}, dilation{1};
  std::int64_t groups = 1;
  bool has_bias = true;
  AnyInitializer weight_init = He{};
  Parameter weight;  ///< (filters, C / groups, kernel, kernel)
  Parameter bias;    ///< (filters)

  Conv2d() = default;
  explicit Conv2d(std::int64_t outputs, Spatial window = 3, const Conv2dOptions& options = {});
  void fields(Fields& f);
  void members(Members& m);
  void init(Init& init);
  Tensor compute(const Tensor& x, Pass&) const;
};

}  // namespace chainrule::nn
