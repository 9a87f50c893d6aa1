// Which C functions a net needs.
#include "c_export/library.h"

#include <cctype>

#include "c_export/functions.h"

namespace chainrule::c_export {
namespace {

void add_needed(const CFunction& function, std::set<std::string_view>& names) {
  for (const std::string_view needed : function.needs) {
    if (needed.empty()) break;
    names.insert(needed);
  }
}

}  // namespace

std::string functions_text(const std::set<std::string_view>& names) {
  std::set<std::string_view> all = names;
  for (const auto list : {window_functions(), product_functions(), layer_functions(), math_functions()}) {
    for (std::size_t i = list.size(); i-- > 0;) {  // what a function calls stands before it
      if (all.contains(list[i].name)) add_needed(list[i], all);
    }
  }
  std::string text;
  for (const auto list : {math_functions(), layer_functions(), product_functions(), window_functions()}) {
    for (const CFunction& function : list) {
      if (all.contains(function.name)) text += function.text;
    }
  }
  return text;
}

std::string with_name(std::string_view text, std::string_view name) {
  std::string made;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '$') {
      made += text[i];
    } else if (i + 1 < text.size() && text[i + 1] == '$') {
      for (const char c : name) made += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
      ++i;
    } else {
      made += name;
    }
  }
  return made;
}

}  // namespace chainrule::c_export
