#pragma once

#include <span>

#include "chainrule/tensor.h"

namespace chainrule {

/// Computes tensors that will take the place of others, as an optimizer's step does, and makes them leaves.
///
/// The caller promises to let go of `current` then. So a new tensor is written over an old one, element by
/// element, where nobody else needs the old numbers: no other handle refers to that leaf, nor to what was
/// made from it. If computing fails, all of `current` is as it was.
/// @param current  handles that will be replaced.
/// @param next     the only handles to what is to be computed, as far as the caller knows; leaves after it.
/// @param also     computed in the same run, and as it was otherwise; or nullptr.
void renew(std::span<const Tensor* const> current, std::span<Tensor> next, const Tensor* also = nullptr);

}  // namespace chainrule
