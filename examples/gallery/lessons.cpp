#include "gallery/lessons.h"

#include <fstream>
#include <sstream>
#include <stdexcept>

namespace gallery {

std::string Lesson::heading(std::size_t language) const {
  if (!has_program() || is_how_to()) return title[language];
  return std::to_string(std::stoi(name)) + ". " + title[language];
}

std::string read_text(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw std::runtime_error(file + ": cannot be read");
  std::ostringstream all;
  all << in.rdbuf();
  return all.str();
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

std::vector<std::string> parts_of(std::string_view line) {
  std::vector<std::string> parts;
  while (true) {
    const std::size_t bar = line.find('|');
    parts.emplace_back(trimmed(line.substr(0, bar)));
    if (bar == std::string_view::npos) return parts;
    line.remove_prefix(bar + 1);
  }
}

std::vector<Lesson> read_lessons(const std::string& file) {
  std::vector<Lesson> lessons;
  for (const std::string& line : lines_of(read_text(file))) {
    if (trimmed(line).empty() || line[0] == '#') continue;
    const std::vector<std::string> parts = parts_of(line);
    if (parts.size() != 3) throw std::runtime_error(file + ": \"" + line + "\" is not name | title | title");
    lessons.push_back({parts[0], {parts[1], parts[2]}});
  }
  return lessons;
}

}  // namespace gallery
