#pragma once

#include <algorithm>

#include "chainrule/array.h"
#include "core/thread_pool.h"
#include "kernels/broadcast.h"
#include "kernels/simd/elementwise.h"
#include "ops/op.h"

// How operations hand their arrays to the SIMD kernels, which know runs of floating numbers only.
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

inline void run_simd(const Block& b, kernels::Unary op) {
  with_floating(b.dtype, [&]<class T>(std::type_identity<T>) {
    kernels::unary(op, static_cast<const T*>(b.inputs[0]), static_cast<T*>(b.output), b.count);
  });
}

inline void run_simd(const Block& b, kernels::Binary op) {
  with_floating(b.dtype, [&]<class T>(std::type_identity<T>) {
    kernels::binary(op, static_cast<const T*>(b.inputs[0]), b.is_scalar[0],
                    static_cast<const T*>(b.inputs[1]), b.is_scalar[1], static_cast<T*>(b.output), b.count);
  });
}

inline void run_simd(const Block& b, kernels::Compare op) {
  with_floating(b.dtype, [&]<class T>(std::type_identity<T>) {
    kernels::compare(op, static_cast<const T*>(b.inputs[0]), b.is_scalar[0],
                     static_cast<const T*>(b.inputs[1]), b.is_scalar[1], static_cast<bool*>(b.output),
                     b.count);
  });
}

}  // namespace chainrule
