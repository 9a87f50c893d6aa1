#pragma once

#include "chainrule/tensor.h"

namespace chainrule {

/// A cotangent divided by y without dividing: k, where its graph says that it is k y, as the derivative of
/// square(y) is 2 y. With it operations whose result y has no slope where it is 0 have the right derivatives
/// there, of all orders, in what does have some.
/// @param y  a result. The cotangent has its shape and dtype.
/// @return  k, which broadcasts to y's shape, with 0 for what is not finite where y is 0; empty if no such
///          form is seen.
Tensor quotient_by(const Tensor& y, const Tensor& cotangent);

}  // namespace chainrule
