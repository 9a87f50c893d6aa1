#pragma once

#include <string>
#include <vector>

namespace chainrule::explain {

/// Rows of words in aligned columns. A column whose head begins with ">" is aligned to the right.
class Table {
 public:
  explicit Table(std::vector<std::string> head);
  /// A row; cells that are left out at its end are empty.
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  /// Two blanks before each column, one line a row, the head first.
  std::string to_string() const;

 private:
  std::vector<bool> to_right_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace chainrule::explain
