#include "core/buffer.h"

#include <array>
#include <bit>
#include <mutex>
#include <new>

#include "core/memory.h"
#include "core/sanitizer.h"
#include "core/small_blocks.h"

namespace chainrule {
namespace {

// Four sizes for each power of two from 64 bytes on: at most a quarter of a block is unused.
constexpr int kSizeClasses = 4 * 41;  // up to Buffer::kMaxBytes

int class_of(std::size_t bytes) {
  const std::size_t units = (bytes + 63) / 64;
  if (units <= 4) return static_cast<int>(units == 0 ? 0 : units - 1);
  const int power = std::bit_width(units - 1) - 1;
  return 4 * (power - 1) + static_cast<int>(((units - 1) >> (power - 2)) & 3);
}

std::size_t bytes_of(int size_class) {
  const auto c = static_cast<std::size_t>(size_class);
  return c < 4 ? 64 * (c + 1) : 64 * ((5 + c % 4) << (c / 4 - 1));
}

}  // namespace

/// The blocks that wait for their next use, one list a size.
class BufferCache {
 public:
  using Block = Buffer::Block;

  /// Too large for SmallBlocks. A call of its own, so that allocate() has nothing to save for it.
  [[gnu::noinline]] Buffer buffer_of(std::size_t bytes) {
    if (bytes > kMostBytesAtOnce) throw_no_memory(bytes);
    const int size_class = class_of(bytes);
    Buffer buffer;
    if constexpr (kReusesMemory) {
      if ((buffer.block_ = take(size_class)) != nullptr) {
        buffer.block_->refs.reset();
        return buffer;
      }
    }
    // A sanitizer sees a write past the end only if the allocation is exact.
    const std::size_t capacity = kReusesMemory ? bytes_of(size_class) : bytes;
    void* memory =
        ::operator new (Buffer::kAlignment + capacity, std::align_val_t{Buffer::kAlignment}, std::nothrow);
    if (memory == nullptr) throw_no_memory(bytes);
    buffer.block_ = new (memory) Block{};
    buffer.block_->size_class = size_class;
    buffer.block_->capacity = capacity;
    return buffer;
  }

  /// Whether the block was kept.
  bool give(Block* block) {
    const std::lock_guard lock(mutex_);
    if (cached_bytes_ + block->capacity > Buffer::kMaxCachedBytes) return false;
    Block*& head = free_[static_cast<std::size_t>(block->size_class)];
    block->next_free = head;
    head = block;
    cached_bytes_ += block->capacity;
    return true;
  }

  // Never destroyed: tensors of static storage may outlive every other static object.
  static BufferCache& instance() {
    static BufferCache* const cache = new BufferCache;
    return *cache;
  }

 private:
  Block* take(int size_class) {
    const std::lock_guard lock(mutex_);
    Block*& head = free_[static_cast<std::size_t>(size_class)];
    Block* block = head;
    if (block) {
      head = block->next_free;
      cached_bytes_ -= block->capacity;
    }
    return block;
  }

  std::mutex mutex_;
  std::array<Block*, kSizeClasses> free_{};
  std::size_t cached_bytes_ = 0;
};

static_assert(kMostBytesAtOnce <= Buffer::kMaxBytes);

Buffer Buffer::allocate(std::size_t bytes) {
  if (bytes > SmallBlocks::kMaxBytes - kAlignment) return BufferCache::instance().buffer_of(bytes);
  Buffer buffer;
  buffer.block_ = new (SmallBlocks::take(kAlignment + bytes)) Block{};
  buffer.block_->capacity = bytes;
  return buffer;
}

void Buffer::recycle(Block* block) noexcept {
  if (block->capacity + kAlignment <= SmallBlocks::kMaxBytes) {
    return SmallBlocks::give(block, kAlignment + block->capacity);
  }
  if constexpr (kReusesMemory) {
    if (BufferCache::instance().give(block)) return;
  }
  block->~Block();
  ::operator delete (static_cast<void*>(block), std::align_val_t{kAlignment});
}

}  // namespace chainrule
