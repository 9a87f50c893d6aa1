#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "chainrule/data/table.h"

namespace chainrule::data {

/// Where the rows of a CSV file are, and what their cells mean.
struct CsvIndex {
  struct Cells {
    std::size_t cell = 0;                                    // its place in a row
    std::map<std::string, double, std::less<>> places = {};  // of words; empty for numbers
    double fill = 0;                                         // what a missing value becomes
  };
  std::vector<Cells> cells;  // of each column
  std::vector<Shared<const TableColumn>> columns;
  std::int64_t rows = 0;
  std::vector<std::uint64_t> begins;   // of each row
  std::vector<std::uint32_t> lengths;  // in bytes
  char separator = ',', decimal = '.';
  std::size_t row_cells = 0;

  void add_row(std::uint64_t begin, std::uint64_t end) {
    begins.push_back(begin);
    lengths.push_back(static_cast<std::uint32_t>(end - begin));
  }
};

/// The rows as a source, which reads them from the file when they are asked for.
Source csv_rows(const std::string& path, CsvIndex index, const CsvOptions& options);

}  // namespace chainrule::data
