#pragma once

#include <cstddef>
#include <cstdint>

namespace chainrule::kernels {

/// Memory that a thread keeps from call to call, aligned to a cache line. It grows when more is asked for,
/// and is never given back before the thread ends.
class Scratch {
 public:
  Scratch() = default;
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() { release(); }

  /// Room for `count` elements, whose contents are undefined. What an earlier call returned is no longer
  /// valid.
  template <class T>
  T* get(std::int64_t count) {
    const std::size_t bytes = static_cast<std::size_t>(count) * sizeof(T);
    if (bytes > bytes_) grow(bytes);
    return static_cast<T*>(memory_);
  }

 private:
  void grow(std::size_t bytes);
  void release();

  void* memory_ = nullptr;
  std::size_t bytes_ = 0;
};

}  // namespace chainrule::kernels
