#include <set>

#include "chainrule/error.h"
#include "config/objects.h"
#include "config/words.h"
#include "core/text.h"

namespace chainrule::config {
namespace {

/// A bar would end the table's cell.
std::string cell(std::string_view text) {
  std::string escaped;
  for (const char c : text) escaped += c == '|' ? "\\|" : std::string(1, c);
  return escaped;
}

/// A paragraph in lines of at most 120 characters.
std::string paragraph(std::string_view text) {
  constexpr std::size_t kWidth = 120;
  std::string made;
  while (text.size() > kWidth) {
    std::size_t end = text.rfind(' ', kWidth);
    if (end == text.npos) end = text.find(' ');
    if (end == text.npos) break;
    made.append(text.substr(0, end)) += '\n';
    text.remove_prefix(end + 1);
  }
  return made.append(text);
}

void check_fields(const Fields& fields, std::string_view owner) {
  std::set<std::string_view> seen;
  for (const Field& field : fields.all()) {
    const auto refused = [&](const auto&... why) {
      return ValueError(237, cat("[config] the setting '", field.name, "' of ", owner, " ", why...));
    };
    if (!is_setting_name(field.name) || field.name == kType)
      throw refused("cannot be named so. Need a lower-case word, not ", listed(kTakenWords), " or ", kType,
                    ".");
    if (!seen.insert(field.name).second) throw refused("is listed twice. Give one of them another name.");
    if (field.doc.empty()) throw refused("has no doc. Say in a line what it is, in fields().");
    if (field.kind == Field::Kind::group) check_fields(fields_of(field), field.name);
    if (field.kind == Field::Kind::groups) {
      const Shared<Counted> one = field.copy(field.target, 1);
      check_fields(fields_of(field, field.inside(*one), 0), field.name);
    }
  }
}

}  // namespace

std::string markdown(const Registry& registry, int level) {
  std::string made;
  for (const Registry::Row& row : registry.rows()) {
    const Shared<Configurable> object(row.make());
    check_fields(fields_of(*object), row.info->name);
    made += cat(made.empty() ? "" : "\n", std::string(static_cast<std::size_t>(level), '#'), " ",
                row.info->name, "\n\n", paragraph(row.info->doc), "\n");
    const std::vector<Leaf> settings = leaves(*object, Objects::skip);
    if (!settings.empty())
      made += "\n| setting | kind | default | range | what it is |\n|---|---|---|---|---|\n";
    for (const Leaf& leaf : settings)
      made += cat("| `", leaf.name, "` | ", cell(leaf.kind), " | `",
                  leaf.value.empty() ? "\"\"" : cell(leaf.value), "` | ", cell(leaf.range), " | ",
                  cell(leaf.doc), " |\n");
  }
  return made;
}

}  // namespace chainrule::config
