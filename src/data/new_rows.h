#pragma once

#include <array>
#include <span>
#include <utility>

#include "data/columns.h"
#include "graph/node.h"

namespace chainrule::data {

/// New memory for so many rows of some columns, which become tensors when it is filled.
class NewRows {
 public:
  NewRows(std::span<const Column> columns, std::size_t rows) : count_(columns.size()) {
    for (std::size_t i = 0; i < count_; ++i) {
      buffers_[i] = Buffer::allocate(rows * row_bytes(columns[i]));
      arrays_[i] = {buffers_[i].data(), columns[i].dtype,
                    with_rows(static_cast<std::int64_t>(rows), columns[i].shape)};
    }
  }

  std::span<const Array> arrays() const { return {arrays_.data(), count_}; }

  void give(std::span<Tensor> out) {
    for (std::size_t i = 0; i < count_; ++i) {
      out[i] = make_leaf(std::move(buffers_[i]), arrays_[i].dtype, arrays_[i].shape);
    }
  }

 private:
  std::size_t count_;
  std::array<Array, Columns::kMost> arrays_;
  std::array<Buffer, Columns::kMost> buffers_;
};

}  // namespace chainrule::data
