#pragma once

#include <span>
#include <string>
#include <vector>

#include "chainrule/data/source.h"

namespace chainrule::data {

/// The columns as what sources share. @throws ValueError  if they cannot be those of a source (E271).
Shared<const Columns> checked(std::vector<Column> list);

/// "x, t".
std::string names_of(std::span<const Column> columns);

/// The shape of so many rows. @throws ShapeError  if a row has as many axes as a shape can have (E001).
Shape with_rows(std::int64_t rows, const Shape& row);
/// The shape of one of the rows.
Shape without_rows(const Shape& shape);

/// Bytes of one row.
inline std::size_t row_bytes(const Column& column) {
  return static_cast<std::size_t>(column.shape.numel()) * size_of(column.dtype);
}

/// @throws ValueError  for a row outside (E072).
void check_rows(std::span<const std::int64_t> rows, std::int64_t count);

}  // namespace chainrule::data
