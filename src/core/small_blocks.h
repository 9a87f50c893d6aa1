#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <new>

namespace chainrule {

/// Memory for small objects that come and go by the dozen in every step: nodes and the numbers of scalars.
/// Each thread keeps what it gave back, in lists by size. Aligned to 64 bytes.
class SmallBlocks {
 public:
  static constexpr std::size_t kMaxBytes = 512;

  /// @param bytes  not 0.
  /// @throws std::bad_alloc
  static void* take(std::size_t bytes) {
    if (bytes <= kMaxBytes) {
      List& list = list_for(bytes);
      if (Free* block = list.first) {
        list.first = block->next;
        ++list.room;
        return block;
      }
    }
    return allocate(bytes);
  }
  /// @param bytes  as they were asked for.
  static void give(void* block, std::size_t bytes) noexcept {
    if (bytes <= kMaxBytes) {
      List& list = list_for(bytes);
      if (list.room > 0) {
        list.first = new (block) Free{list.first};
        --list.room;
        return;
      }
    }
    deallocate(block);
  }

 private:
  static constexpr std::size_t kUnit = 64;
  struct Free {
    Free* next;
  };
  struct List {
    Free* first = nullptr;
    std::uint32_t room = 0;  // for so many more; none before the thread's first allocation and after its end
  };
  struct Keeper;

  static List& list_for(std::size_t bytes) { return lists_[(bytes - 1) / kUnit]; }
  static void* allocate(std::size_t bytes);
  static void deallocate(void* block) noexcept;

  static constinit thread_local std::array<List, kMaxBytes / kUnit> lists_;
};

}  // namespace chainrule
