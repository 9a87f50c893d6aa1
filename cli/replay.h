#pragma once

#include <cstdint>
#include <string>

#include "chainrule/named_tensors.h"
#include "trained.h"

namespace chainrule::cli {

/// A run's training once more, from its settings: what it computes at any step, to hold against another
/// program's.
class Replay {
 public:
  /// @param run  its folder.
  explicit Replay(const std::string& run);
  ~Replay();
  Replay(const Replay&) = delete;
  Replay& operator=(const Replay&) = delete;

  /// How many steps the run has.
  std::int64_t steps() const;
  /// The tensors of a step, counted from 0, in the order in which they are computed: "affine1.weight", the
  /// value that the step begins with, and so for states of layers and "optimizer/..."; "affine1", what a
  /// layer gives (a second time: "affine1#2"); "loss"; "affine1.grad", the loss's gradient by that, from the
  /// last layer to the first; "affine1.weight.grad". Steps are asked for in ascending order.
  NamedTensors at(std::int64_t step);

 private:
  struct Inside;
  Inside* inside_;
};

}  // namespace chainrule::cli
