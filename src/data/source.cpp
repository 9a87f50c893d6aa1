#include "chainrule/data/source.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <numeric>
#include <ostream>

#include "chainrule/error.h"
#include "core/reused.h"
#include "core/text.h"
#include "data/new_rows.h"

namespace chainrule::data {

void check_rows(std::span<const std::int64_t> rows, std::int64_t count) {
  for (const std::int64_t row : rows) {
    if (row >= 0 && row < count) continue;
    throw ValueError(72, cat("[gather] row ", row, " of a source of ", count, " rows",
                             count > 0 ? cat("; need 0 to ", count - 1, ".") : "; it has none."));
  }
}

Rows::Rows(std::int64_t rows, std::vector<Column> columns)
    : rows_(rows), columns_(checked(std::move(columns))) {
  if (rows < 0) throw ValueError(271, cat("[source] ", rows, " rows; need 0 or more."));
}

void Rows::take(std::span<const std::int64_t> rows, std::span<Tensor> out) const {
  NewRows memory(columns(), rows.size());
  gather(rows, memory.arrays());
  memory.give(out);
}

void Rows::gather_target(std::span<const std::int64_t> rows, const Array& out) const {
  const NewRows memory(columns(), rows.size());
  gather(rows, memory.arrays());
  const std::size_t bytes = rows.size() * row_bytes(columns().back());
  if (bytes > 0) std::memcpy(out.data, memory.arrays().back().data, bytes);
}

const Shared<const Rows>& Source::inside() const {
  if (!rows_) throw ValueError(271, "[source] an empty handle. Assign a source to it first.");
  return rows_;
}

const Column* Source::find(std::string_view name) const {
  const auto found =
      std::find_if(columns().begin(), columns().end(), [&](const Column& c) { return c.name == name; });
  return found == columns().end() ? nullptr : &*found;
}

const Column* Source::target() const { return columns().size() < 2 ? nullptr : &columns().back(); }

const std::vector<std::string>& Source::class_names() const {
  static const std::vector<std::string> none;
  return target() ? target()->classes : none;
}

void Source::gather(std::span<const std::int64_t> rows, std::span<const Array> out) const {
  check_rows(rows, this->rows());
  if (out.size() != columns().size()) {
    throw ValueError(270, cat("[gather] ", out.size(), " arrays for ", columns().size(),
                              " columns: ", names_of(columns()), ". Give one for each."));
  }
  for (std::size_t i = 0; i < out.size(); ++i) {
    const Column& column = columns()[i];
    const Shape wanted = with_rows(static_cast<std::int64_t>(rows.size()), column.shape);
    if (out[i].dtype == column.dtype && out[i].shape == wanted) continue;
    throw ValueError(270, cat("[gather] the array for '", column.name, "' is ", out[i].shape, " ",
                              out[i].dtype, "; need ", wanted, " ", column.dtype, "."));
  }
  rows_->gather(rows, out);
}

Batch Source::take(std::span<const std::int64_t> rows) const {
  check_rows(rows, this->rows());
  std::array<Tensor, Columns::kMost> tensors;
  const std::span<Tensor> out(tensors.data(), columns().size());
  rows_->take(rows, out);
  return {rows_->shared_columns(), out};
}

Batch Source::range(std::int64_t begin, std::int64_t end) const {
  if (begin < 0 || end > rows() || begin > end) {
    throw ValueError(72, cat("[gather] rows ", begin, " to ", end, " of a source of ", rows(),
                             " rows; need 0 <= begin <= end <= ", rows(), "."));
  }
  Reused<std::vector<std::int64_t>> numbers;
  numbers->resize(static_cast<std::size_t>(end - begin));
  std::iota(numbers->begin(), numbers->end(), begin);
  return take(*numbers);
}

Tensor Source::targets() const {
  if (target() == nullptr) {
    throw ValueError(272, cat("[source] no target: this source has only '", names_of(columns()),
                              "'. A target is the last of two or more columns."));
  }
  constexpr std::int64_t kBlock = 1000;
  NewRows memory({&columns().back(), 1}, static_cast<std::size_t>(rows()));
  Array out = memory.arrays()[0];
  std::vector<std::int64_t> numbers;
  for (std::int64_t begin = 0; begin < rows(); begin += kBlock) {
    numbers.resize(static_cast<std::size_t>(std::min(kBlock, rows() - begin)));
    std::iota(numbers.begin(), numbers.end(), begin);
    out.shape = with_rows(static_cast<std::int64_t>(numbers.size()), columns().back().shape);
    rows_->gather_target(numbers, out);
    out.data = static_cast<std::byte*>(out.data) + numbers.size() * row_bytes(columns().back());
  }
  Tensor made;
  memory.give({&made, 1});
  return made;
}

std::string Source::name_of_row(std::int64_t row) const {
  return cat("row ", inside()->origin(row), " of the source");
}

std::string Source::to_string() const {
  std::string text = cat(rows(), " rows");
  for (std::size_t i = 0; i < columns().size(); ++i) {
    const Column& column = columns()[i];
    text += cat(i == 0 ? ": " : ", ", column.name, " ", column.shape, " ", column.dtype);
    if (!column.classes.empty()) text += cat(" of ", column.classes.size(), " classes");
  }
  return text;
}

std::ostream& operator<<(std::ostream& out, const Source& source) { return out << source.to_string(); }

namespace {

class ArrayRows : public Rows {
 public:
  ArrayRows(std::int64_t rows, std::vector<Column> columns, const Batch& tensors)
      : Rows(rows, std::move(columns)) {
    for (int i = 0; i < tensors.size(); ++i) tensors_.push_back(detach(tensors[i]));
  }

  void gather(std::span<const std::int64_t> rows, std::span<const Array> out) const override {
    for (std::size_t i = 0; i < out.size(); ++i) gather(i, rows, out[i]);
  }
  void gather_target(std::span<const std::int64_t> rows, const Array& out) const override {
    gather(tensors_.size() - 1, rows, out);
  }

 private:
  void gather(std::size_t column, std::span<const std::int64_t> rows, const Array& out) const {
    const std::size_t bytes = row_bytes(columns()[column]);
    const auto* from = static_cast<const std::byte*>(tensors_[column].node()->value.data());
    auto* to = static_cast<std::byte*>(out.data);
    if (bytes == 0) return;
    for (const std::int64_t row : rows) {
      std::memcpy(to, from + static_cast<std::size_t>(row) * bytes, bytes);
      to += bytes;
    }
  }

  std::vector<Tensor> tensors_;
};

}  // namespace

Source arrays(const Batch& tensors, std::vector<std::string> class_names) {
  if (tensors.size() == 0) throw ValueError(271, "[source] no tensors; need at least one.");
  std::vector<Column> columns = tensors.columns();
  if (!class_names.empty()) columns.back().classes = std::move(class_names);
  return ArrayRows(tensors.rows(), std::move(columns), tensors);
}

Source arrays(const Tensor& x, const Tensor& t, std::vector<std::string> class_names) {
  return arrays(Batch{{"x", x}, {"t", t}}, std::move(class_names));
}

Batch Blocks::Iterator::operator*() const {
  return blocks_->source_.range(begin_, (++Iterator(*this)).begin_);
}

Blocks::Iterator& Blocks::Iterator::operator++() {
  begin_ += std::min(blocks_->size_, blocks_->source_.rows() - begin_);
  return *this;
}

Blocks::Blocks(Source source, std::int64_t size) : source_(std::move(source)), size_(size) {
  if (size < 1) throw ValueError(71, cat("[blocks] blocks of ", size, " rows; need at least 1."));
}

Blocks blocks(const Source& source, std::int64_t size) { return {source, size}; }

}  // namespace chainrule::data
