#include <algorithm>

#include "chainrule/data/source.h"
#include "chainrule/error.h"
#include "chainrule/ops.h"
#include "core/nearest.h"
#include "core/text.h"
#include "data/columns.h"

namespace chainrule::data {

std::string names_of(std::span<const Column> columns) {
  std::string names;
  for (const Column& column : columns) names += cat(names.empty() ? "" : ", ", column.name);
  return names;
}

Shared<const Columns> checked(std::vector<Column> list) {
  if (list.empty() || list.size() > Columns::kMost) {
    throw ValueError(271, cat("[source] ", list.size(), " columns; need 1 to ", Columns::kMost,
                              ". Put numbers that belong together into one column."));
  }
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (list[i].name.empty()) throw ValueError(271, cat("[source] column ", i, " has no name. Give it one."));
    if (is_storage(list[i].dtype)) {
      throw ValueError(
          271, cat("[source] column '", list[i].name, "' is ", list[i].dtype,
                   ", which is not computed with. Give its rows as ", computed_as(list[i].dtype), "."));
    }
    for (std::size_t j = 0; j < i; ++j) {
      if (list[i].name == list[j].name) {
        throw ValueError(271, cat("[source] columns ", j, " and ", i, " are both called '", list[i].name,
                                  "'. Give each a name of its own."));
      }
    }
  }
  Shared<Columns> made(new Columns);
  made->list = std::move(list);
  return made;
}

Shape with_rows(std::int64_t rows, const Shape& row) {
  std::array<std::int64_t, Shape::kMaxNdim> sizes{rows};
  const auto ndim = static_cast<std::size_t>(row.ndim());
  if (ndim == Shape::kMaxNdim) return Shape({1, 1, 1, 1, 1, 1, 1, 1, 1});  // says what the most is
  std::copy(row.begin(), row.end(), sizes.begin() + 1);
  return Shape(std::span<const std::int64_t>(sizes.data(), ndim + 1));
}

Shape without_rows(const Shape& shape) { return Shape(shape.sizes().subspan(1)); }

namespace {

Shared<const Columns> columns_of(std::span<const NamedTensor> tensors) {
  std::vector<Column> list;
  for (const auto& [name, tensor] : tensors) {
    if (tensor.is_empty() || tensor.ndim() < 1 || tensor.shape()[0] != tensors[0].tensor.shape()[0]) {
      throw ValueError(
          271,
          cat("[source] '", name, "' is ", tensor.is_empty() ? "empty" : cat("of shape ", tensor.shape()),
              !tensor.is_empty() && tensor.ndim() > 0
                  ? cat(", but '", tensors[0].name, "' has ", tensors[0].tensor.shape()[0], " rows")
                  : "",
              ". Need tensors whose first axes, the rows, are equal."));
    }
    list.push_back(
        {.name = name, .dtype = computed_as(tensor.dtype()), .shape = without_rows(tensor.shape())});
  }
  return checked(std::move(list));
}

}  // namespace

Batch::Batch(std::initializer_list<NamedTensor> tensors)
    : Batch(std::span<const NamedTensor>(tensors.begin(), tensors.size())) {}

Batch::Batch(std::span<const NamedTensor> tensors)
    : columns_(columns_of(tensors)), count_(static_cast<int>(tensors.size())) {
  for (std::size_t i = 0; i < tensors.size(); ++i) tensors_[i] = cast(tensors[i].tensor, columns()[i].dtype);
}

Batch::Batch(Shared<const Columns> columns, std::span<Tensor> tensors)
    : columns_(std::move(columns)), count_(static_cast<int>(tensors.size())) {
  std::move(tensors.begin(), tensors.end(), tensors_);
}

const std::vector<Column>& Batch::columns() const {
  static const std::vector<Column> none;
  return columns_ ? columns_->list : none;
}

const Tensor& Batch::operator[](int column) const {
  if (column < 0 || column >= count_) {
    throw ValueError(272, cat("[batch] there is no column ", column, "; this batch has ", count_, ": ",
                              names_of(columns()), "."));
  }
  return tensors_[column];
}

Tensor& Batch::operator[](int column) { return const_cast<Tensor&>(std::as_const(*this)[column]); }

int Batch::find(std::string_view name) const {
  std::vector<std::string> names;
  for (int i = 0; i < count_; ++i) {
    if (columns()[static_cast<std::size_t>(i)].name == name) return i;
  }
  for (const Column& column : columns()) names.push_back(column.name);
  const std::string near = nearest(name, names);
  throw ValueError(
      272, cat("[batch] there is no column '", name, "'; this batch has ", count_, ": ", names_of(columns()),
               ".", near.empty() ? "" : cat(" Did you mean '", near, "'?")));
}

const Tensor& Batch::operator[](std::string_view name) const { return tensors_[find(name)]; }
Tensor& Batch::operator[](std::string_view name) { return tensors_[find(name)]; }

const Tensor& Batch::target() const {
  if (count_ < 2) {
    throw ValueError(272, cat("[batch] no target: this batch has only '", names_of(columns()),
                              "'. A target is the last of two or more columns."));
  }
  return tensors_[count_ - 1];
}

const Tensor& Batch::of_two(int column) const {
  if (count_ != 2) {
    throw ValueError(272, cat("[batch] cannot be unpacked into two: this batch has ", count_,
                              " columns: ", names_of(columns()), ". Take them by name: batch[\"",
                              columns()[0].name, "\"]."));
  }
  return tensors_[column];
}

}  // namespace chainrule::data
