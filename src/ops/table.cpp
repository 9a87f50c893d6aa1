#include <array>

#include "ops/op.h"

namespace chainrule {

#define CHAINRULE_OP(Name) const OpRow& row_of_##Name();
#include "ops/op_list.def"
#undef CHAINRULE_OP

std::span<const OpRow* const> op_table() {
  static const std::array table{
#define CHAINRULE_OP(Name) &row_of_##Name(),
#include "ops/op_list.def"
#undef CHAINRULE_OP
  };
  return table;
}

const OpRow* find_op(std::string_view name) {
  for (const OpRow* row : op_table()) {
    if (row->info.name == name) return row;
  }
  return nullptr;
}

}  // namespace chainrule
