#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "chainrule/shape.h"

namespace chainrule::kernels {

/// A broadcast of up to three inputs to an output, as runs: stretches of the output along which each input
/// either goes on element by element (step 1) or stays where it is (step 0). Axes that behave alike are
/// merged, so that arrays of one shape make a single run, and a matrix plus a row makes one run a row.
class BroadcastRuns {
 public:
  static constexpr std::size_t kMaxInputs = 3;
  using Offsets = std::array<std::int64_t, kMaxInputs>;

  /// The inputs' shapes must broadcast to `output`.
  BroadcastRuns(const Shape& output, std::span<const Shape* const> inputs);

  std::int64_t count() const { return count_; }
  std::int64_t length() const { return length_; }
  std::int64_t step(std::size_t input) const { return steps_[input]; }

  /// Calls `body(output_offset, input_offsets)` for the runs [begin, end), in order.
  template <class F>
  void for_each(std::int64_t begin, std::int64_t end, F body) const {
    if (begin >= end) return;
    std::array<std::int64_t, Shape::kMaxNdim> at{};
    Offsets offsets{};
    locate(begin, at, offsets);
    for (std::int64_t run = begin; run < end; ++run) {
      body(run * length_, offsets);
      advance(at, offsets);
    }
  }

 private:
  void locate(std::int64_t run, std::array<std::int64_t, Shape::kMaxNdim>& at, Offsets& offsets) const;
  void advance(std::array<std::int64_t, Shape::kMaxNdim>& at, Offsets& offsets) const;

  /// One loop outside the runs: its size, and how far each input moves a step.
  struct Loop {
    std::int64_t size = 1;
    Offsets strides{};
  };
  std::array<Loop, Shape::kMaxNdim> loops_;  // innermost first
  int loop_count_ = 0;
  std::int64_t count_ = 1;
  std::int64_t length_ = 1;
  Offsets steps_{};
};

}  // namespace chainrule::kernels
