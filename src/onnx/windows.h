#pragma once

#include <vector>

#include "chainrule/conv.h"
#include "onnx/operator.h"

namespace chainrule::onnx {

/// The settings of convolution and pooling, one number an axis.
struct WindowSettings {
  std::vector<std::int64_t> kernel, stride, dilation, low, high;

  Padding padding() const { return Padding::of(Spatial(low), Spatial(high)); }
};

/// @param x       the image, with a batch and channels.
/// @param kernel  where the call does not say it: the spatial sizes of the weights.
/// @throws ValueError  for lists of another length, sizes below 1, another auto_pad (E508).
WindowSettings window_settings(const Call& call, const Shape& x, std::vector<std::int64_t> kernel);

}  // namespace chainrule::onnx
