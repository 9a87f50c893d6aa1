#pragma once

#include <cstdint>

#include "chainrule/loss.h"
#include "chainrule/tensor.h"

// Functions that are operations of their own but serve only other operations: the public ones are in
// chainrule/ops.h.
namespace chainrule {

/// op(a) op(b), where op is the transpose of the last two axes or nothing. Both of two axes or more.
Tensor matmul_transposed(const Tensor& a, const Tensor& b, bool trans_a, bool trans_b,
                         Location where = Location::current());

/// @name What optimizers do, with a number s.
/// @{
/// a - s b: a step of gradient descent.
Tensor descend(const Tensor& a, const Tensor& s, const Tensor& b, Location where = Location::current());
/// a - s (a - b): a share of the way from a to b.
Tensor approach(const Tensor& a, const Tensor& s, const Tensor& b, Location where = Location::current());
/// a - s (a - b²).
Tensor approach_square(const Tensor& a, const Tensor& s, const Tensor& b,
                       Location where = Location::current());
/// a / (sqrt(b) + s).
Tensor over_root(const Tensor& a, const Tensor& s, const Tensor& b, Location where = Location::current());
/// @}

/// What numbers are, for messages.
enum class Bounded : std::uint8_t { target, length, index, weight, sign };
/// x as it is; computing it fails for a number that is not from low to high, but for rounding (E635).
/// Signs are not 0 either.
Tensor check_range(const Tensor& x, double low, double high, Bounded what);

/// What is left of the losses of elements or rows.
Tensor reduced(const Tensor& losses, Reduction reduction);

}  // namespace chainrule
