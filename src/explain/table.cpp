#include "explain/table.h"

#include <algorithm>

namespace chainrule::explain {

Table::Table(std::vector<std::string> head) {
  for (std::string& word : head) {
    to_right_.push_back(!word.empty() && word[0] == '>');
    if (to_right_.back()) word.erase(0, 1);
  }
  rows_.push_back(std::move(head));
}

std::string Table::to_string() const {
  std::vector<std::size_t> widths(to_right_.size());
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const auto& row : rows_) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string blank(widths[i] - row[i].size(), ' ');
      line += "  " + (to_right_[i] ? blank + row[i] : row[i] + blank);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

}  // namespace chainrule::explain
