#include <algorithm>

#include "chainrule/boxed.h"
#include "chainrule/error.h"
#include "chainrule/fields.h"
#include "config/words.h"
#include "core/text.h"

namespace chainrule {

Field& Fields::add(std::string_view name, std::string_view doc, Field::Kind kind, void* target, Range range) {
  Field& field = fields_.emplace_back();
  field.name = name, field.doc = doc, field.kind = kind, field.target = target, field.range = range;
  return field;
}

std::vector<std::string> Registry::names() const {
  std::vector<std::string> names;
  for (const Row& row : rows_) names.emplace_back(row.info->name);
  return names;
}

const Registry::Row* Registry::find(std::string_view name) const {
  const auto found = std::ranges::find(rows_, name, [](const Row& row) { return row.info->name; });
  return found == rows_.end() ? nullptr : &*found;
}

void Registry::add(const Row& row) {
  const auto refused = [&](const auto&... why) {
    return ValueError(220, cat("[registry] the ", kind_, " '", row.info->name, "' ", why...));
  };
  if (row.info == nullptr || row.make == nullptr)
    throw ValueError(220, cat("[registry] a ", kind_,
                              " without Info, or without a function that makes it. Use add<T>()."));
  if (!config::is_setting_name(row.info->name))
    throw refused("cannot be named so. Need a lower-case word as in \"max_pool2d\", and none of ",
                  config::listed(config::kTakenWords), ".");
  if (row.info->doc.empty()) throw refused("has no doc. Say in a sentence what it does: Info::doc.");
  if (find(row.info->name)) throw refused("is there already. Give it another name.");
  rows_.push_back(row);
}

void throw_none(const Registry& kind) {
  throw ValueError(
      239,
      cat("[", kind.kind(), "] there is none: the handle is empty. Give it one, such as ",
          kind.rows().empty() ? std::string_view("a struct of yours") : kind.rows().front().info->name, "."));
}

}  // namespace chainrule
