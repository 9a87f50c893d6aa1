#include "tables_json.h"

namespace chainrule::cli {

using Json = nlohmann::ordered_json;

Json leaves_json(const std::vector<config::Leaf>& leaves) {
  Json all = Json::array();
  for (const config::Leaf& leaf : leaves) {
    all.push_back({{"name", leaf.name},
                   {"default", leaf.value},
                   {"kind", leaf.kind},
                   {"range", leaf.range},
                   {"doc", leaf.doc},
                   {"choices", leaf.choices}});
  }
  return all;
}

Json rows_json(std::span<const Registry::Row> rows) {
  Json all = Json::array();
  for (const Registry::Row& row : rows) {
    const Shared<Configurable> made(row.make());
    all.push_back(
        {{"name", row.info->name},
         {"doc", row.info->doc},
         {"settings", made ? leaves_json(config::leaves(*made, config::Objects::skip)) : Json::array()}});
  }
  return all;
}

}  // namespace chainrule::cli
