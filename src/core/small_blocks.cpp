#include "core/small_blocks.h"

#include <array>
#include <new>

#include "core/sanitizer.h"

namespace chainrule {
namespace {

constexpr std::size_t kUnit = 64;
constexpr std::size_t kSizes = SmallBlocks::kMaxBytes / kUnit;
constexpr std::size_t kMaxKept = 4096;  // blocks of a size

struct Free {
  Free* next;
};

struct Lists {
  struct List {
    Free* first = nullptr;
    std::size_t count = 0;
  };
  std::array<List, kSizes> lists;
  ~Lists();
};

// Objects of static storage may be freed after the thread's own are gone.
thread_local bool are_lists_gone = false;
thread_local Lists lists_of_thread;

Lists::~Lists() {
  are_lists_gone = true;
  for (List& list : lists) {
    while (list.first != nullptr) {
      Free* block = list.first;
      list.first = block->next;
      ::operator delete (block, std::align_val_t{kUnit});
    }
  }
}

std::size_t units(std::size_t bytes) { return bytes == 0 ? 1 : (bytes + kUnit - 1) / kUnit; }

}  // namespace

void* SmallBlocks::take(std::size_t bytes) {
  if (kReusesMemory && bytes <= kMaxBytes && !are_lists_gone) {
    Lists::List& list = lists_of_thread.lists[units(bytes) - 1];
    if (Free* block = list.first) {
      list.first = block->next;
      --list.count;
      return block;
    }
    bytes = units(bytes) * kUnit;
  }
  return ::operator new (bytes, std::align_val_t{kUnit});
}

void SmallBlocks::give(void* block, std::size_t bytes) noexcept {
  if (kReusesMemory && bytes <= kMaxBytes && !are_lists_gone) {
    Lists::List& list = lists_of_thread.lists[units(bytes) - 1];
    if (list.count < kMaxKept) {
      list.first = new (block) Free{list.first};
      ++list.count;
      return;
    }
  }
  ::operator delete (block, std::align_val_t{kUnit});
}

}  // namespace chainrule
