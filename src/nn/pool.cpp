// Pooling.
#include "chainrule/nn/pool.h"

#include "chainrule/ops.h"
#include "nn/windows.h"

namespace chainrule::nn {

MaxPool2d::MaxPool2d(Spatial window, const PoolOptions& options)
    : kernel(numbers(window)),
      stride(numbers(options.stride)),
      padding(numbers(options.padding.low)),
      ceil_mode(options.ceil_mode) {}

void MaxPool2d::fields(Fields& f) {
  window_fields(f, kernel, stride, "how far the window moves; empty: as far as it is large", padding);
  f("ceil_mode", ceil_mode, "whether a window that goes beyond the image counts");
}

Tensor MaxPool2d::compute(const Tensor& x, Pass&) const {
  const Spatial around = two(kInfo, "padding", padding);
  return max_pool2d(x, two(kInfo, "kernel", kernel),
                    {.stride = two(kInfo, "stride", stride, true),
                     .padding = Padding::of(around, around),
                     .ceil_mode = ceil_mode});
}

Tensor GlobalAvgPool::compute(const Tensor& x, Pass&) const { return flatten(global_avg_pool(x), 1); }

}  // namespace chainrule::nn
