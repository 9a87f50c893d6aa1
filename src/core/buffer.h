#pragma once

#include <cstddef>
#include <utility>

#include "core/refs.h"

namespace chainrule {

/// Shared memory for the elements of a tensor: 64-byte aligned, uninitialised, counted.
///
/// Freed blocks are kept for the next buffer of about the same size, since fresh pages cost more to touch
/// than most kernels cost to run; at most kMaxCachedBytes are kept. Under a sanitizer every buffer is a fresh
/// allocation.
class Buffer {
 public:
  static constexpr std::size_t kAlignment = 64;
  static constexpr std::size_t kMaxCachedBytes = std::size_t{256} << 20;
  /// More than a process can address.
  static constexpr std::size_t kMaxBytes = std::size_t{1} << 47;

  Buffer() noexcept = default;
  /// @throws MemoryError  if there is no such memory (E148).
  static Buffer allocate(std::size_t bytes);

  Buffer(const Buffer& other) noexcept : block_(other.block_) {
    if (block_) block_->refs.add();
  }
  Buffer(Buffer&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  Buffer& operator=(Buffer other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~Buffer() {
    if (block_ && block_->refs.drop()) recycle(block_);
  }

  explicit operator bool() const { return block_ != nullptr; }
  /// Whether this is the only handle.
  bool is_unique() const { return block_ && block_->refs.count() == 1; }
  void* data() const { return block_ ? reinterpret_cast<std::byte*>(block_) + kAlignment : nullptr; }

 private:
  /// The header in front of the elements.
  struct Block {
    Refs refs;
    int size_class = 0;
    std::size_t capacity = 0;
    Block* next_free = nullptr;
  };
  friend class BufferCache;

  static void recycle(Block* block) noexcept;

  Block* block_ = nullptr;
};

}  // namespace chainrule
