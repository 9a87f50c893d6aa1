#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "chainrule/array.h"
#include "kernels/broadcast.h"

// The reference reductions: plain loops over the input in memory order.
namespace chainrule::kernels {

/// y[j] = fold of f over all x[i] that reduce to j, starting from `start`, accumulated as Acc.
/// @param kept  the output's shape with the reduced axes of size 1; it broadcasts to x's.
template <class X, class Y, class Acc, class F>
void reduce(const ConstArray& x, const Shape& kept, const Array& y, Acc start, F f) {
  std::vector<Acc> folded(static_cast<std::size_t>(y.numel()), start);
  const Shape* shapes[] = {&kept};
  const BroadcastRuns runs(x.shape, shapes);
  runs.for_each(0, runs.count(), [&](std::int64_t at, const BroadcastRuns::Offsets& to) {
    const X* in = x.as<X>() + at;
    Acc* out = folded.data() + to[0];
    for (std::int64_t i = 0; i < runs.length(); ++i) {
      Acc& acc = out[i * runs.step(0)];
      acc = f(acc, static_cast<Acc>(in[i]));
    }
  });
  for (std::size_t i = 0; i < folded.size(); ++i) y.as<Y>()[i] = static_cast<Y>(folded[i]);
}

}  // namespace chainrule::kernels
