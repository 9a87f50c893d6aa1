#pragma once

#include <string>

namespace learn {

/// A message in lines of at most 100 characters, with the names of files alone instead of their paths.
inline std::string said(std::string text) {
  const std::string folder = "examples/learn/";
  for (std::size_t at; (at = text.find(folder)) != std::string::npos;) {
    const std::size_t begin = text.rfind(' ', at) + 1;
    text.erase(begin, at + folder.size() - begin);
  }
  for (std::size_t begin = 0; text.size() - begin > 100;) {
    const std::size_t end = text.find('\n', begin);
    if (end != std::string::npos && end - begin <= 100) {
      begin = end + 1;
      continue;
    }
    const std::size_t blank = text.rfind(' ', begin + 100);
    if (blank == std::string::npos || blank <= begin) break;
    text[blank] = '\n';
    begin = blank + 1;
  }
  return text;
}

}  // namespace learn
