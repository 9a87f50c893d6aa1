#include "ops/window.h"

#include <algorithm>

#include "chainrule/ops.h"
#include "ops/operands.h"

namespace chainrule {
namespace {

/// Places that a window spans along an axis.
Checked span_of(std::int64_t kernel, std::int64_t dilation) { return Checked(dilation) * (kernel - 1) + 1; }

}  // namespace

Tensor as_image(const Tensor& x) { return as_floating(x); }

void require_image(const Shape& shape, int axes, std::string_view name) {
  const int have = shape.ndim() - 2;
  if (have >= 1 && have <= Spatial::kMaxAxes && (axes == 0 || have == axes)) return;
  static constexpr const char* kWanted[] = {"3 to 5: (N, C, spatial axes)", "3: (N, C, L)", "4: (N, C, H, W)",
                                            "5: (N, C, D, H, W)"};
  const char* hint =
      axes > 0 && have == axes - 1 ? " A single image is a batch of one: expand_dims(x, 0)." : "";
  throw op_error<ShapeError>(
      120, name == "x"
               ? cat("x ", shape, " has ", shape.ndim(), " axes; need ", kWanted[axes], ".", hint)
               : cat(name, " ", shape, " has ", shape.ndim(), " axes; need as many as x, ", axes + 2, "."));
}

Extents spatial_sizes(const Shape& shape) {
  Extents sizes = all_axes(1);
  for (int i = 1; i <= shape.ndim() - 2; ++i) sizes[3 - i] = shape.back(i);
  return sizes;
}

Shape with_spatial(std::int64_t first, std::int64_t second, const Extents& sizes, int axes) {
  const std::int64_t all[] = {first, second, sizes[3 - axes], sizes[std::min(2, 4 - axes)], sizes[2]};
  return Shape(std::span(all, static_cast<std::size_t>(axes + 2)));
}

Extents checked_option(const Spatial& option, std::string_view name, int axes, std::int64_t least,
                       std::int64_t other) {
  if (option.count() != 1 && option.count() != axes) {
    throw op_error<ValueError>(124, cat(name, " has ", option.count(), " numbers for ", axes, " spatial ax",
                                        axes == 1 ? "is" : "es", ". Give one for all, or one for each."));
  }
  Extents extents = all_axes(other);
  for (int i = 0; i < axes; ++i) {
    if (option[i] < least) {
      throw op_error<ValueError>(124, cat(name, " is ", option[i], "; it must be at least ", least, "."));
    }
    extents[3 - axes + i] = option[i];
  }
  return extents;
}

Extents checked_size(const Spatial& size, int axes, std::string_view name) {
  bool good = size.count() == 1 || size.count() == axes;
  Extents extents = all_axes(1);
  for (int i = 0; good && i < axes; ++i) {
    good = size[i] >= 1;
    extents[3 - axes + i] = size[i];
  }
  if (good) return extents;
  throw op_error<ValueError>(127, cat(name, " needs one number of at least 1 for each of the ", axes,
                                      " spatial axes, or one for all."));
}

Windows WindowRule::over(const Extents& in, const Extents& kernel) const {
  Windows windows{in, all_axes(1), kernel, stride, dilation, low};
  Checked elements = 1;
  for (int i = 0; i < 3; ++i) {
    const std::int64_t span = checked(span_of(kernel[i], dilation[i]));
    const std::int64_t padded = checked(Checked(in[i]) + low[i] + high[i]);
    if (kernel[i] < 1 || span > padded) {
      throw op_error<ShapeError>(
          123, cat("the kernel does not fit: it spans ", kernel[i] < 1 ? 0 : span, " along axis ", i - 3,
                   ", where the image has ", in[i], " and with padding ", padded,
                   ". Need a kernel of at least 1 and at most the padded image."));
    }
    windows.out[i] = (padded - span) / stride[i] + 1;
    // Beyond the image they make no difference; cut to it, their sums and products with places cannot
    // overflow.
    windows.stride[i] = std::min(stride[i], padded);
    windows.dilation[i] = std::min(dilation[i], padded);
    elements = elements * kernel[i];
  }
  static_cast<void>(checked(elements));
  return windows;
}

WindowRule window_rule(const Spatial& stride, const Padding& padding, const Spatial& dilation,
                       const Extents& in, const Extents& kernel, int axes) {
  WindowRule rule{checked_option(stride, "stride", axes, 1, 1),
                  checked_option(dilation, "dilation", axes, 1, 1),
                  checked_option(padding.low, "padding", axes, 0, 0),
                  checked_option(padding.high, "padding", axes, 0, 0)};
  if (!padding.is_same) return rule;
  for (int i = 0; i < 3; ++i) {
    const std::int64_t out = in[i] / rule.stride[i] + (in[i] % rule.stride[i] != 0);
    const Checked reach = Checked(out - 1) * rule.stride[i] + span_of(kernel[i], rule.dilation[i]);
    const std::int64_t missing = std::max<std::int64_t>(0, checked(reach - in[i]));
    rule.low[i] = missing / 2;
    rule.high[i] = missing - rule.low[i];
  }
  return rule;
}

WindowRule WindowRule::rounded_up(const Extents& in, const Extents& kernel) const {
  WindowRule rule = *this;
  for (int i = 0; i < 3; ++i) {
    const std::int64_t span = checked(span_of(kernel[i], dilation[i]));
    const std::int64_t rest = checked(Checked(in[i]) + low[i] + high[i] - span);  // behind the first window
    if (rest <= -stride[i]) continue;                                             // not even one: E123
    const std::int64_t last = rest > 0 ? rest / stride[i] + (rest % stride[i] != 0) : 0;
    const Checked start = Checked(last) * stride[i] - low[i];
    if (!start.is_too_large() && start.value() < in[i]) {
      rule.high[i] = std::max(high[i], checked(start + span - in[i]));
    }
  }
  return rule;
}

void require_elements_in(const Windows& windows) {
  for (int i = 0; i < 3; ++i) {
    const auto check = [&](std::int64_t o) {
      const std::int64_t start = windows.place(i, o, 0), step = windows.dilation[i];
      const std::int64_t j = start >= 0 ? 0 : (-start + step - 1) / step;
      if (j < windows.kernel[i] && windows.place(i, o, j) < windows.in[i]) return;
      throw op_error<ValueError>(
          126, cat("window ", o, " along axis ", i - 3, " has nothing but padding: it starts at ", start,
                   " of ", windows.in[i], ". Need padding of at most half the kernel."));
    };
    // A window that starts inside has that element. There may be very many: it is about the others.
    const auto first_from = [&](std::int64_t place) {  // the first window that starts there or later
      const std::int64_t distance = place + windows.low[i], stride = windows.stride[i];
      return std::min(windows.out[i], distance / stride + (distance % stride != 0));
    };
    for (std::int64_t o = 0; o < first_from(0); ++o) check(o);
    if (first_from(windows.in[i]) < windows.out[i]) check(first_from(windows.in[i]));
  }
}

}  // namespace chainrule
