#pragma once

#include "ops/window.h"

// The rows of convolution as functions; the public ones with options are in chainrule/conv.h.
namespace chainrule {

/// The attributes of convolution and of its adjoints.
struct ConvRule {
  WindowRule window;
  std::int64_t groups = 1;

  bool operator==(const ConvRule&) const = default;
  template <class V>
  void fields(V visit) const {
    window.fields(visit), visit("groups", groups);
  }
};

/// Throws what `conv` throws, in the name of the current operation.
void check_conv(const ConvRule& rule, const Tensor& x, const Tensor& w);
/// y of x (N, C, spatial...) and w (O, C / groups, kernel...). @throws E015, E120 to E123
Tensor conv(const ConvRule& rule, const Tensor& x, const Tensor& w, Location where = Location::current());
/// The adjoint in x, an image of the size `in`, which must be one that gives y's size.
Tensor conv_input(const ConvRule& rule, const Extents& in, const Tensor& y, const Tensor& w,
                  Location where = Location::current());
/// The adjoint in w, a kernel of the size `kernel`, which must be one that gives y's size.
Tensor conv_weight(const ConvRule& rule, const Extents& kernel, const Tensor& x, const Tensor& y,
                   Location where = Location::current());

}  // namespace chainrule
