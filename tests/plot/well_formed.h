#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "core/utf8.h"

namespace chainrule::plot {

/// What is wrong with a text as XML, with an element that closes all others; empty: nothing. Knows what
/// figures are made of: elements, attributes in double quotes, text, the five entities and &#39;.
inline std::string problem_of(std::string_view xml) {
  if (!is_utf8(xml)) return "not UTF-8";
  const auto is_control = [](char c) {
    return static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t' && c != '\r';
  };
  if (std::any_of(xml.begin(), xml.end(), is_control)) return "a control character";
  const auto bad_text = [](std::string_view text) {
    for (std::size_t at = 0; (at = text.find('&', at)) != std::string_view::npos; ++at) {
      const std::string_view rest = text.substr(at);
      bool known = false;
      for (const char* entity : {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"})
        known = known || rest.starts_with(entity);
      if (!known) return true;
    }
    return false;
  };
  std::vector<std::string> open;
  std::size_t at = 0;
  bool has_ended = false;
  while (at < xml.size()) {
    const std::size_t begin = xml.find('<', at);
    const std::string_view text = xml.substr(at, begin - at);
    if (bad_text(text) || text.find('>') != std::string_view::npos) return "text: " + std::string(text);
    if (begin == std::string_view::npos) break;
    if (has_ended) return "something behind the end";
    std::size_t end = begin + 1;
    for (bool quoted = false; end < xml.size() && (quoted || xml[end] != '>'); ++end) {
      if (xml[end] == '"') quoted = !quoted;
      if (xml[end] == '<') return "< in an element";
    }
    if (end >= xml.size()) return "an element without end";
    std::string_view inside = xml.substr(begin + 1, end - begin - 1);
    at = end + 1;
    if (bad_text(inside)) return "attribute: " + std::string(inside);
    if (inside.starts_with('/')) {
      if (open.empty() || open.back() != inside.substr(1)) return "closes " + std::string(inside);
      open.pop_back();
      has_ended = open.empty();
      continue;
    }
    const bool is_whole = inside.ends_with('/');
    if (!is_whole) open.emplace_back(inside.substr(0, inside.find(' ')));
  }
  return has_ended ? "" : "not closed";
}

}  // namespace chainrule::plot
