#pragma once

#include "chainrule/tensor.h"

namespace chainrule {

/// A cotangent divided by y where y is 0, without dividing: k, where its graph says that it is k y, as the
/// derivative of square(y) is 2 y. With it operations whose result y has no slope where it is 0 have the
/// right derivatives there, of all orders, in what does have some: the gradient by x is k x more.
/// @param y  a result. The cotangent has its shape and dtype.
/// @return  k, which broadcasts to y's shape; 0 where y is not 0, and where k is not finite; empty if no such
///          form is seen.
Tensor quotient_at_zero(const Tensor& y, const Tensor& cotangent);

}  // namespace chainrule
