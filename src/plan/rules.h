#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "plan/program.h"

// Rules that join several operations, for Simplifier. What concerns one and how its inputs were made is said
// by the operation itself: OpRow::simplify.
namespace chainrule {

class Simplifier;

/// Elementwise operations repeat their inputs by themselves: what an input of one was broadcast from, if the
/// result has the same shape with it, or the input.
std::int32_t before_broadcast(const Simplifier& steps, const Step& step, std::int32_t input,
                              const Shape& result);

/// relu(x) = where(x <= 0, 0, x) is at most 0 just where x is: with its result as the mask for gradients x
/// need not be kept for them.
class ReluMasks {
 public:
  /// A step that was made: remembers it, if it is a relu.
  void note(const Simplifier& steps, const Step& made);
  /// The mask that an input can be replaced by, or the input.
  std::int32_t instead_of(Simplifier& steps, std::int32_t input) const;

 private:
  std::map<std::int32_t, std::int32_t> results_;  // by mask
};

/// The gradient through max pooling after relu, where(h <= 0, 0, max_unpool(g, argmax_pool(h))) with
/// h = relu(...) and max_pool(h) at hand: only the largest elements get a gradient, so that the mask can be
/// applied to the few before, and h need not be kept.
class MaskedUnpools {
 public:
  /// A step that was made: remembers it, if it is a max_pool.
  void note(const Step& made);
  /// The value of the same from the few, if there is one.
  std::optional<std::int32_t> instead_of(Simplifier& steps, const Step& step, const Meta& meta) const;

 private:
  std::map<std::vector<std::uint64_t>, std::int32_t> pools_;  // results of max_pool, by image and windows
};

}  // namespace chainrule
