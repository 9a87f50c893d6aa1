#pragma once

#include <cstdint>
#include <type_traits>

namespace chainrule {

/// Calls `body(context, begin, end)` for blocks that together cover [0, count). Owns no memory, so that
/// calling it costs no allocation.
struct RangeBody {
  void (*call)(void* context, std::int64_t begin, std::int64_t end);
  void* context;
};

/// Threads that the program will use, the calling one included. Set by, in this order: `set_num_threads`,
/// `CHAINRULE_NUM_THREADS`, `OMP_NUM_THREADS`, and else min(CPU affinity, cgroup quota).
int num_threads();
/// @throws ValueError  for a count below 1 or above 1024 (E002).
void set_num_threads(int count);

/// Splits [0, count) into contiguous blocks of at least `grain` and runs them on the pool; returns when all
/// are done. With one thread, or count <= grain, calls body once on this thread. The split must never change
/// a result's bits.
void parallel_for(std::int64_t count, std::int64_t grain, RangeBody body);

template <class F>
void parallel_for(std::int64_t count, std::int64_t grain, F&& f) {
  parallel_for(count, grain,
               RangeBody{[](void* context, std::int64_t begin, std::int64_t end) {
                           (*static_cast<std::remove_reference_t<F>*>(context))(begin, end);
                         },
                         const_cast<void*>(static_cast<const void*>(&f))});
}

}  // namespace chainrule
