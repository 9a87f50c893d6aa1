#include "kernels/broadcast.h"

#include <cassert>

namespace chainrule::kernels {
namespace {

using Offsets = BroadcastRuns::Offsets;

/// How far each input moves along an output axis; 0 where it is broadcast.
Offsets strides_along(int axis, const Shape& output, std::span<const Shape* const> inputs,
                      Offsets& inner_sizes) {
  Offsets strides{};
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Shape& shape = *inputs[i];
    const int own = axis - (output.ndim() - shape.ndim());
    const std::int64_t size = own < 0 ? 1 : shape[own];
    strides[i] = size == 1 ? 0 : inner_sizes[i];
    inner_sizes[i] *= size;
  }
  return strides;
}

}  // namespace

BroadcastRuns::BroadcastRuns(const Shape& output, std::span<const Shape* const> inputs) {
  assert(inputs.size() <= kMaxInputs);
  Offsets inner_sizes;
  inner_sizes.fill(1);
  for (int axis = output.ndim() - 1; axis >= 0; --axis) {
    const Offsets strides = strides_along(axis, output, inputs, inner_sizes);
    const std::int64_t size = output[axis];
    if (size == 1) continue;
    // The axis goes on where the group inside it ends, for every input: one longer group.
    Loop* group = loop_count_ > 0 ? &loops_[static_cast<std::size_t>(loop_count_ - 1)] : nullptr;
    bool continues = group != nullptr;
    for (std::size_t i = 0; continues && i < inputs.size(); ++i) {
      continues = (strides[i] == 0) == (group->strides[i] == 0) &&
                  (strides[i] == 0 || strides[i] == group->strides[i] * group->size);
    }
    if (continues) {
      group->size *= size;
    } else {
      loops_[static_cast<std::size_t>(loop_count_++)] = {size, strides};
    }
  }
  if (loop_count_ > 0) {
    length_ = loops_[0].size;
    steps_ = loops_[0].strides;  // 0 or 1: the innermost group is contiguous in every input that has it
    for (int i = 1; i < loop_count_; ++i) {
      loops_[static_cast<std::size_t>(i - 1)] = loops_[static_cast<std::size_t>(i)];
      count_ *= loops_[static_cast<std::size_t>(i)].size;
    }
    --loop_count_;
  }
  if (output.numel() == 0) count_ = 0;
}

void BroadcastRuns::locate(std::int64_t run, std::array<std::int64_t, Shape::kMaxNdim>& at,
                           Offsets& offsets) const {
  for (std::size_t i = 0; i < static_cast<std::size_t>(loop_count_); ++i) {
    at[i] = run % loops_[i].size;
    run /= loops_[i].size;
    for (std::size_t j = 0; j < kMaxInputs; ++j) offsets[j] += at[i] * loops_[i].strides[j];
  }
}

void BroadcastRuns::advance(std::array<std::int64_t, Shape::kMaxNdim>& at, Offsets& offsets) const {
  for (std::size_t i = 0; i < static_cast<std::size_t>(loop_count_); ++i) {
    const Loop& loop = loops_[i];
    for (std::size_t j = 0; j < kMaxInputs; ++j) offsets[j] += loop.strides[j];
    if (++at[i] < loop.size) return;
    at[i] = 0;
    for (std::size_t j = 0; j < kMaxInputs; ++j) offsets[j] -= loop.size * loop.strides[j];
  }
}

}  // namespace chainrule::kernels
