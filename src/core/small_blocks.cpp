#include "core/small_blocks.h"

#include "core/sanitizer.h"

namespace chainrule {

// Without constructor and destructor, so that reaching it costs no check: objects of static storage may be
// freed after the thread's own are gone.
constinit thread_local std::array<SmallBlocks::List, SmallBlocks::kMaxBytes / SmallBlocks::kUnit>
    SmallBlocks::lists_;

/// Opens the thread's lists, and empties and closes them when the thread ends.
struct SmallBlocks::Keeper {
  static constexpr std::uint32_t kMaxKept = 4096;  // blocks of a size

  Keeper() {
    for (List& list : lists_) list.room = kMaxKept;
  }
  ~Keeper() {
    for (List& list : lists_) {
      list.room = 0;
      while (Free* block = list.first) {
        list.first = block->next;
        deallocate(block);
      }
    }
  }
};

void* SmallBlocks::allocate(std::size_t bytes) {
  if constexpr (kReusesMemory) {
    static thread_local Keeper keeper;
    if (bytes <= kMaxBytes) bytes = (bytes + kUnit - 1) / kUnit * kUnit;
  }
  return ::operator new (bytes, std::align_val_t{kUnit});
}

void SmallBlocks::deallocate(void* block) noexcept { ::operator delete (block, std::align_val_t{kUnit}); }

}  // namespace chainrule
