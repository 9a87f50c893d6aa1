#include "graph/walk.h"

namespace chainrule {

void NodeIndex::clear() {
  constexpr std::size_t kKeptSlots = 1 << 16;  // what a large graph needed is not kept for the small ones
  if (slots_.size() > kKeptSlots || ++round_ == 0) {
    slots_.assign(kInitialSlots, {});
    slots_.shrink_to_fit();
    mask_ = kInitialSlots - 1;
    round_ = 1;
  }
  count_ = 0;
}

void NodeIndex::grow() {
  std::vector<Slot> old(2 * slots_.size());
  old.swap(slots_);
  mask_ = slots_.size() - 1;
  count_ = 0;
  for (const Slot& slot : old) {
    if (slot.round == round_) insert(slot.node, slot.number);
  }
}

}  // namespace chainrule
