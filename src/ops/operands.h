#pragma once

#include <array>

#include "ops/op.h"

namespace chainrule {

/// The two sides of an operator as tensors of one dtype: numbers become scalars, dtypes are promoted.
std::array<Tensor, 2> same_dtype(const Operand& a, const Operand& b);

}  // namespace chainrule
