#pragma once

#include <cstdint>
#include <type_traits>

#include "chainrule/threads.h"

namespace chainrule {

/// Calls `body(context, begin, end)` for blocks that together cover [0, count). Owns no memory, so that
/// calling it costs no allocation.
struct RangeBody {
  void (*call)(void* context, std::int64_t begin, std::int64_t end);
  void* context;
};

/// While one exists, each parallel_for of this thread runs whole on this thread: for threads that work beside
/// those that the pool is for, and must not take it from them.
class WithoutPool {
 public:
  WithoutPool();
  ~WithoutPool();
  WithoutPool(const WithoutPool&) = delete;
  WithoutPool& operator=(const WithoutPool&) = delete;

 private:
  bool before_;
};

/// Splits [0, count) into contiguous blocks of at least `grain` and runs them on the pool; returns when all
/// are done. With one thread, or count < 2 * grain, calls body once on this thread. The split must never
/// change a result's bits.
///
/// Blocks are claimed one at a time and the caller takes part, so a worker that the system does not run costs
/// nothing: the caller does all the work itself. Inside a body, and while another thread is using the
/// pool, the whole range runs on the calling thread. The first exception thrown by a body is rethrown here,
/// after every block that had begun has ended; blocks that had not begun are then left out.
/// Cost: about a microsecond while the workers are still spinning, a few more when they must be woken.
void parallel_for(std::int64_t count, std::int64_t grain, RangeBody body);

template <class F>
void parallel_for(std::int64_t count, std::int64_t grain, F&& f) {
  if (count <= grain) {  // too little to share: no call through a pointer
    if (count > 0) f(std::int64_t{0}, count);
    return;
  }
  parallel_for(count, grain,
               RangeBody{[](void* context, std::int64_t begin, std::int64_t end) {
                           (*static_cast<std::remove_reference_t<F>*>(context))(begin, end);
                         },
                         const_cast<void*>(static_cast<const void*>(&f))});
}

}  // namespace chainrule
