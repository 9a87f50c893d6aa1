#pragma once

#include <atomic>
#include <cstdint>

#if __has_include(<sys/single_threaded.h>)
#include <sys/single_threaded.h>
#define CHAINRULE_IS_SINGLE_THREADED __libc_single_threaded
#else
#define CHAINRULE_IS_SINGLE_THREADED false
#endif

namespace chainrule {

/// How many refer to an object. As long as the process has one thread, counting costs no atomic operation: in
/// small graphs those would be a third of the time.
class Refs {
 public:
  std::uint32_t count() const { return count_.load(std::memory_order_relaxed); }

  void add() {
    if (CHAINRULE_IS_SINGLE_THREADED) {
      count_.store(count() + 1, std::memory_order_relaxed);
    } else {
      count_.fetch_add(1, std::memory_order_relaxed);
    }
  }
  /// Whether that was the last one.
  bool drop() {
    if (CHAINRULE_IS_SINGLE_THREADED) {
      const std::uint32_t left = count() - 1;
      count_.store(left, std::memory_order_relaxed);
      return left == 0;
    }
    return count_.fetch_sub(1, std::memory_order_acq_rel) == 1;
  }
  /// For an object that begins a new life.
  void reset() { count_.store(1, std::memory_order_relaxed); }

 private:
  std::atomic<std::uint32_t> count_{1};
};

}  // namespace chainrule
