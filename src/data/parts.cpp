// Sources made of the rows of others: subsets, concatenations, functions.
#include <algorithm>
#include <array>
#include <cstring>
#include <numeric>

#include "chainrule/data/source.h"
#include "chainrule/error.h"
#include "core/reused.h"
#include "core/text.h"
#include "data/new_rows.h"
#include "graph/node.h"

namespace chainrule::data {
namespace {

using RowNumbers = std::vector<std::int64_t>;

class Subset : public Rows {
 public:
  Subset(const Source& from, RowNumbers chosen)
      : Rows(static_cast<std::int64_t>(chosen.size()), from.inside()->shared_columns()),
        from_(from.inside()),
        chosen_(std::move(chosen)) {}

  void gather(std::span<const std::int64_t> rows, std::span<const Array> out) const override {
    Reused<RowNumbers> numbers;
    from_->gather(translated(rows, *numbers), out);
  }
  void take(std::span<const std::int64_t> rows, std::span<Tensor> out) const override {
    Reused<RowNumbers> numbers;
    from_->take(translated(rows, *numbers), out);
  }
  void gather_target(std::span<const std::int64_t> rows, const Array& out) const override {
    Reused<RowNumbers> numbers;
    from_->gather_target(translated(rows, *numbers), out);
  }
  std::int64_t origin(std::int64_t row) const override {
    return from_->origin(chosen_[static_cast<std::size_t>(row)]);
  }

 private:
  const RowNumbers& translated(std::span<const std::int64_t> rows, RowNumbers& numbers) const {
    numbers.clear();
    for (const std::int64_t row : rows) numbers.push_back(chosen_[static_cast<std::size_t>(row)]);
    return numbers;
  }

  Shared<const Rows> from_;
  RowNumbers chosen_;
};

class Concat : public Rows {
 public:
  Concat(std::int64_t rows, std::span<const Source> parts)
      : Rows(rows, parts[0].inside()->shared_columns()), parts_(parts.begin(), parts.end()) {
    for (const Source& part : parts_) ends_.push_back((ends_.empty() ? 0 : ends_.back()) + part.rows());
  }

  void gather(std::span<const std::int64_t> rows, std::span<const Array> out) const override {
    each_part(rows, columns(), out,
              [](const Rows& part, const RowNumbers& numbers, std::span<const Array> to) {
                part.gather(numbers, to);
              });
  }
  void gather_target(std::span<const std::int64_t> rows, const Array& out) const override {
    each_part(rows, {&columns().back(), 1}, {&out, 1},
              [](const Rows& part, const RowNumbers& numbers, std::span<const Array> to) {
                part.gather_target(numbers, to[0]);
              });
  }

 private:
  /// Each part gathers its rows together; from there they go to their places.
  template <class Gather>
  void each_part(std::span<const std::int64_t> rows, std::span<const Column> columns,
                 std::span<const Array> out, Gather gather) const {
    Reused<RowNumbers> numbers, places;
    for (std::size_t part = 0; part < parts_.size(); ++part) {
      const std::int64_t begin = part == 0 ? 0 : ends_[part - 1];
      numbers->clear(), places->clear();
      for (std::size_t i = 0; i < rows.size(); ++i) {
        if (rows[i] < begin || rows[i] >= ends_[part]) continue;
        numbers->push_back(rows[i] - begin);
        places->push_back(static_cast<std::int64_t>(i));
      }
      if (numbers->size() == rows.size()) return gather(*parts_[part].inside(), *numbers, out);
      if (numbers->empty()) continue;
      const NewRows memory(columns, numbers->size());
      gather(*parts_[part].inside(), *numbers, memory.arrays());
      for (std::size_t i = 0; i < out.size(); ++i)
        place(memory.arrays()[i], row_bytes(columns[i]), *places, out[i]);
    }
  }

  static void place(const Array& from, std::size_t bytes, const RowNumbers& places, const Array& out) {
    if (bytes == 0) return;
    const auto* row = static_cast<const std::byte*>(from.data);
    for (const std::int64_t at : places) {
      std::memcpy(static_cast<std::byte*>(out.data) + static_cast<std::size_t>(at) * bytes, row, bytes);
      row += bytes;
    }
  }

  std::vector<Source> parts_;
  std::vector<std::int64_t> ends_;
};

bool same_kind(const Column& a, const Column& b) {
  return a.name == b.name && a.dtype == b.dtype && a.shape == b.shape && a.classes == b.classes;
}

/// The columns of a mapped source: a batch's, with what is known of those that stayed.
Shared<const Columns> mapped_columns(const Source& from, const Batch& sample) {
  std::vector<Column> list = sample.columns();
  for (std::size_t i = 0; i < list.size(); ++i) {
    const Tensor& tensor = sample[static_cast<int>(i)];
    if (tensor.is_empty() || tensor.ndim() < 1 || tensor.shape()[0] != 1) {
      throw ValueError(275, cat("[map] of one row the function makes '", list[i].name, "' ",
                                tensor.is_empty() ? "empty" : cat("of shape ", tensor.shape()),
                                ". Need one row for each row: a first axis of 1."));
    }
    const Column* before = from.find(list[i].name);
    list[i].dtype = tensor.dtype();
    list[i].shape = without_rows(tensor.shape());
    const bool stayed = before != nullptr && before->shape == list[i].shape;
    list[i].classes = stayed && before->dtype == list[i].dtype ? before->classes : std::vector<std::string>();
    list[i].features = stayed ? before->features : std::vector<std::string>();
  }
  return checked(std::move(list));
}

}  // namespace

Source subset(const Source& source, std::vector<std::int64_t> rows) {
  check_rows(rows, source.rows());
  return Subset(source, std::move(rows));
}

Source subset(const Source& source, std::int64_t begin, std::int64_t end) {
  if (begin < 0 || end > source.rows() || begin > end) {
    throw ValueError(72, cat("[subset] rows ", begin, " to ", end, " of a source of ", source.rows(),
                             " rows; need 0 <= begin <= end <= ", source.rows(), "."));
  }
  RowNumbers rows(static_cast<std::size_t>(end - begin));
  std::iota(rows.begin(), rows.end(), begin);
  return Subset(source, std::move(rows));
}

Source concat(std::span<const Source> sources) {
  if (sources.empty()) throw ValueError(274, "[concat] no sources; need at least one.");
  std::int64_t rows = 0;
  for (const Source& source : sources) {
    const auto& a = sources[0].columns();
    const auto& b = source.columns();
    if (!std::equal(a.begin(), a.end(), b.begin(), b.end(), same_kind)) {
      throw ValueError(274, cat("[concat] other columns: ", sources[0], "; and ", source,
                                ". Need the same names, dtypes, shapes and classes in the same order."));
    }
    rows += source.rows();
  }
  return Concat(rows, sources);
}

Source concat(std::initializer_list<Source> sources) {
  return concat(std::span<const Source>(sources.begin(), sources.size()));
}

Mapped::Mapped(const Source& from, const Batch& sample)
    : Rows(from.rows(), mapped_columns(from, sample)), from_(from) {}

Batch Mapped::sample_of(const Source& source) {
  std::array<Tensor, Columns::kMost> tensors;
  for (std::size_t i = 0; i < source.columns().size(); ++i) {
    tensors[i] = zeros(with_rows(1, source.columns()[i].shape), source.columns()[i].dtype);
  }
  return {source.inside()->shared_columns(), {tensors.data(), source.columns().size()}};
}

void Mapped::take(std::span<const std::int64_t> rows, std::span<Tensor> out) const {
  const Batch made = apply(from_.take(rows));
  for (std::size_t i = 0; i < out.size(); ++i) {
    const Column& column = columns()[i];
    const Shape wanted = with_rows(static_cast<std::int64_t>(rows.size()), column.shape);
    const bool there = made.size() == static_cast<int>(out.size()) && made.columns()[i].name == column.name;
    if (!there || made[static_cast<int>(i)].shape() != wanted ||
        made[static_cast<int>(i)].dtype() != column.dtype) {
      throw ValueError(275, cat("[map] of ", rows.size(), " rows the function makes ",
                                there ? cat("'", column.name, "' ", made[static_cast<int>(i)].shape(), " ",
                                            made[static_cast<int>(i)].dtype())
                                      : cat("the columns ", names_of(made.columns())),
                                "; need '", column.name, "' ", wanted, " ", column.dtype,
                                ", as of one row. A row must not depend on the others."));
    }
    out[i] = made[static_cast<int>(i)];
  }
  evaluate(out);
  for (Tensor& tensor : out) tensor = detach(tensor);
}

void Mapped::gather(std::span<const std::int64_t> rows, std::span<const Array> out) const {
  std::array<Tensor, Columns::kMost> tensors;
  take(rows, {tensors.data(), out.size()});
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::size_t bytes = rows.size() * row_bytes(columns()[i]);
    if (bytes > 0) std::memcpy(out[i].data, tensors[i].node()->value.data(), bytes);
  }
}

}  // namespace chainrule::data
