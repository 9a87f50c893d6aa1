#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "chainrule/data/table.h"

namespace chainrule::data {

/// A number of a row as a source gives it: that of a table's column, or whether that is this word.
struct TableFeature {
  std::size_t column = 0;
  bool is_word = false;
  double word = 0;

  double of(double number) const { return is_word ? (number == word ? 1 : 0) : number; }
};

/// How the columns of a table become those of a source.
struct TableLayout {
  std::vector<TableFeature> features;
  std::vector<Column> columns;
  std::ptrdiff_t target = -1;  // among the table's columns; -1: none
};
/// @throws ValueError  if there is no input (E288).
TableLayout layout_of(std::span<const Shared<const TableColumn>> table, const std::string& target,
                      DType dtype);

}  // namespace chainrule::data
