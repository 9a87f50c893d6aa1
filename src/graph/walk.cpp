#include "graph/walk.h"

namespace chainrule {

void NodeIndex::grow() {
  std::vector<Slot> old(2 * slots_.size());
  old.swap(slots_);
  count_ = 0;
  for (const Slot& slot : old) {
    if (slot.node) insert(slot.node, slot.number);
  }
}

}  // namespace chainrule
