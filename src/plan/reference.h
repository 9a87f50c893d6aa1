#pragma once

#include <span>
#include <vector>

#include "core/buffer.h"
#include "plan/program.h"
#include "plan/trace.h"

namespace chainrule {

/// What the reference loops make of a trace, operation by operation: what a plan is compared with under
/// CHAINRULE_MODE=verify, and gives way to under eager.
class Reference {
 public:
  /// @param leaves  memory of the leaves, in their order.
  /// @param shake   a seed: changes each result in its last digits, to see what comes of it; 0: does not.
  Reference(const Trace& trace, std::span<void* const> leaves, std::uint64_t shake = 0);

  /// Writes the results of the trace's program.
  /// @param results  their memory, in the order of Program::results.
  void copy_to(const Program& program, std::span<void* const> results) const;
  /// Compares what the program made with it.
  /// @throws ValueError  if a result differs by more than 1e-9 in f64, 1e-4 in f32, relative to its largest
  /// number, the largest that it is the sum of, or 1, or at all in other dtypes; and by more than the
  /// reference itself moves when results are rounded in another way (E048). What follows from a sum that
  /// overflows may be infinite or NaN in any way.
  void verify(const Program& program, std::span<void* const> leaves, std::span<void* const> results) const;
  /// What it made of a node.
  const void* value(std::size_t node) const { return values_[node]; }

 private:
  const Trace& trace_;
  std::vector<const void*> values_;  // by node
  std::vector<double> terms_;        // by node: how large what it adds up is, or 1
  std::vector<double> allowed_;      // by node: a result is no more exact than what it was made from
  std::vector<char> overflowed_;     // by node: a sum on the way did or nearly; its order decides to what
  std::vector<Buffer> made_;
};

}  // namespace chainrule
