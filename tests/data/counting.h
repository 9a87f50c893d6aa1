#pragma once

#include <cstdint>
#include <vector>

#include "chainrule/data/source.h"
#include "chainrule/ops.h"

namespace chainrule::data {

using RowNumbers = std::vector<std::int64_t>;

/// x (n, 2) with x[i] = (i, i + 1/2), t (n) with t[i] = i mod classes.
inline Source counting(std::int64_t rows, std::int64_t classes = 3) {
  std::vector<float> x;
  std::vector<std::int64_t> t;
  for (std::int64_t i = 0; i < rows; ++i) {
    x.push_back(static_cast<float>(i));
    x.push_back(x.back() + 0.5f);
    t.push_back(i % classes);
  }
  return arrays(from_data(x, {rows, 2}), from_data(t, {rows}), {"a", "b", "c"});
}

/// The first number of each row: the row's own, in counting().
inline RowNumbers rows_of(const Source& source) {
  return cast(slice(source.all()[0], 1, 0, 1), i64).to_vector<std::int64_t>();
}

}  // namespace chainrule::data
