#pragma once

#include <cstdint>

#include "chainrule/random.h"

// Many blocks of Philox4x32-10 at a time: the same bits as Philox::block gives, on any machine. Block i of a
// step has the elements 2 i and 2 i + 1, of 64 bits each.
namespace chainrule::kernels {

/// What a Philox knows, and a step.
struct PhiloxStep {
  Philox::Key key;
  std::uint64_t step = 0;
};

/// uniform_f32 of the upper 32 bits of the elements of the blocks from `first` on.
/// @return  how many blocks were written: `count` but for fewer than a vector holds.
std::int64_t uniform_blocks(const PhiloxStep& of, std::uint64_t first, std::int64_t count, float* out);
/// The elements' bits themselves.
std::int64_t random_blocks(const PhiloxStep& of, std::uint64_t first, std::int64_t count, std::uint64_t* out);

}  // namespace chainrule::kernels
