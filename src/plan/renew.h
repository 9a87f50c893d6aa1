#pragma once

#include <cstdint>
#include <span>

#include "chainrule/tensor.h"

namespace chainrule {

/// What becomes of the graph that was run, where somebody still holds on to a part of it.
enum class History : std::uint8_t {
  keep,  ///< It stays, so that gradients can be asked for; then what it was made from cannot be written over.
  end,   ///< What is held gets its value and becomes a leaf.
};

/// Computes tensors that will take the place of others, as an optimizer's step does, and makes them leaves.
///
/// The caller promises to let go of `current` then. So a new tensor is written over an old one, element by
/// element, where nobody else needs the old numbers: no other handle refers to that leaf, nor, if histories
/// are kept, to what was made from it. If computing fails, all of `current` is as it was.
/// @param current  handles that will be replaced.
/// @param next     the only handles to what is to be computed, as far as the caller knows; leaves after it.
void renew(std::span<const Tensor* const> current, std::span<Tensor> next, History history = History::keep);

}  // namespace chainrule
