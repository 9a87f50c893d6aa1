#include <array>
#include <mutex>

#include "ops/op.h"

namespace chainrule {

std::span<const OpRow* const> op_table() {
  static const std::array table{
#define CHAINRULE_OP(Name) &row_of_##Name(),
#include "ops/op_list.def"
#undef CHAINRULE_OP
  };
  return table;
}

namespace {

/// Users' operations.
struct Registered {
  std::mutex mutex;
  std::vector<const OpRow*> rows;
};
Registered& registered() {
  static Registered instance;
  return instance;
}

const OpRow* find_in(std::span<const OpRow* const> rows, std::string_view name) {
  for (const OpRow* row : rows) {
    if (row->info.name == name) return row;
  }
  return nullptr;
}

}  // namespace

const OpRow* find_op(std::string_view name) {
  if (const OpRow* row = find_in(op_table(), name)) return row;
  const std::lock_guard lock(registered().mutex);
  return find_in(registered().rows, name);
}

void register_op(const OpRow& row) {
  const std::string_view name = row.info.name;
  if (name.empty() || row.info.doc.empty()) {
    throw ValueError(134, cat("[register_op] operation \"", name, "\" lacks ",
                              name.empty() ? "a name" : "a doc", " in its kInfo."));
  }
  const OpRow* other = find_op(name);
  if (other == &row) return;
  if (other) throw ValueError(134, cat("[register_op] there is an operation \"", name, "\" already."));
  const std::lock_guard lock(registered().mutex);
  registered().rows.push_back(&row);
}

}  // namespace chainrule
