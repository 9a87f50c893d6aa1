#include <algorithm>

#include "chainrule/fields.h"

namespace chainrule {

std::vector<std::string> Registry::names() const {
  std::vector<std::string> names;
  for (const Row& row : rows_) names.emplace_back(row.info->name);
  return names;
}

const Registry::Row* Registry::find(std::string_view name) const {
  const auto found =
      std::find_if(rows_.begin(), rows_.end(), [&](const Row& r) { return r.info->name == name; });
  return found == rows_.end() ? nullptr : &*found;
}

void Registry::add(const Row& row) { rows_.push_back(row); }

}  // namespace chainrule
