#pragma once

#include <algorithm>

#include "chainrule/array.h"
#include "core/thread_pool.h"
#include "kernels/broadcast.h"
#include "kernels/simd/elementwise.h"
#include "ops/op.h"

// How operations hand their arrays to the SIMD kernels, which know runs of floating numbers only. Other
// dtypes go to the reference loops.
namespace chainrule {

/// Calls `body(runs, output_offset, input_offsets)` for each run of a broadcast operation, several threads
/// sharing them.
template <class F>
void for_each_run(const Kernel& k, F body) {
  constexpr std::int64_t kElementsAThread = 16384;
  std::array<const Shape*, kernels::BroadcastRuns::kMaxInputs> shapes{};
  for (std::size_t i = 0; i < k.inputs.size(); ++i) shapes[i] = &k.inputs[i].shape;
  const kernels::BroadcastRuns runs(k.output.shape, std::span(shapes.data(), k.inputs.size()));
  const std::int64_t grain =
      std::max<std::int64_t>(1, kElementsAThread / std::max<std::int64_t>(1, runs.length()));
  parallel_for(runs.count(), grain, [&](std::int64_t begin, std::int64_t end) {
    runs.for_each(begin, end, [&](std::int64_t at, const kernels::BroadcastRuns::Offsets& from) {
      body(runs, at, from);
    });
  });
}

inline void run_fast_unary(const Kernel& k, kernels::Unary op) {
  with_floating(k.output.dtype, [&]<class T>(std::type_identity<T>) {
    kernels::unary(op, k.inputs[0].as<T>(), k.output.as<T>(), k.output.numel());
  });
}

inline void run_fast_binary(const Kernel& k, kernels::Binary op) {
  with_floating(k.output.dtype, [&]<class T>(std::type_identity<T>) {
    const T* a = k.inputs[0].as<T>();
    const T* b = k.inputs[1].as<T>();
    T* y = k.output.as<T>();
    for_each_run(k, [&](const auto& runs, std::int64_t at, const auto& from) {
      kernels::binary(op, a + from[0], runs.step(0) == 0, b + from[1], runs.step(1) == 0, y + at,
                      runs.length());
    });
  });
}

inline void run_fast_compare(const Kernel& k, kernels::Compare op) {
  with_floating(k.inputs[0].dtype, [&]<class T>(std::type_identity<T>) {
    const T* a = k.inputs[0].as<T>();
    const T* b = k.inputs[1].as<T>();
    bool* y = k.output.as<bool>();
    for_each_run(k, [&](const auto& runs, std::int64_t at, const auto& from) {
      kernels::compare(op, a + from[0], runs.step(0) == 0, b + from[1], runs.step(1) == 0, y + at,
                       runs.length());
    });
  });
}

}  // namespace chainrule
