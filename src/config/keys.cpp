#include "config/keys.h"

#include <algorithm>

#include "config/words.h"

namespace chainrule::config {

void check_keys(const std::vector<Entry>& table) {
  std::vector<const Entry*> sorted;
  for (const Entry& entry : table) sorted.push_back(&entry);
  std::ranges::stable_sort(sorted, {}, [](const Entry* entry) -> std::string_view { return entry->key; });
  const auto twice =
      std::ranges::adjacent_find(sorted, {}, [](const Entry* e) -> std::string_view { return e->key; });
  if (twice == sorted.end()) return;
  const std::string first = (*twice)->place.text();
  throw mistake(225, twice[1]->place, "'", (*twice)->key, "' is given twice",
                first.empty() ? "" : cat(", first at ", first), ". Need it once.");
}

}  // namespace chainrule::config
