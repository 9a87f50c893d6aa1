#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chainrule/array.h"
#include "chainrule/dtype.h"
#include "chainrule/fields.h"
#include "chainrule/named_tensors.h"
#include "chainrule/shape.h"
#include "chainrule/shared.h"
#include "chainrule/tensor.h"

// What nets learn from: rows, some of which are asked for at a time.
//
//     const data::Source source = data::arrays(x, t);          // two tensors with as many rows
//     const auto [train, test] = data::split(source, 0.8, {.seed = 1});
//     const auto [first_x, first_t] = train.take({0, 1, 2});
namespace chainrule::data {

/// One column of a source.
struct Column {
  std::string name;
  DType dtype = f32;
  Shape shape = {};                        ///< of one row: () for a number, (1, 28, 28) for a grey image
  std::vector<std::string> classes = {};   ///< of class numbers: names of the classes, if they are known
  std::vector<std::string> features = {};  ///< names of the numbers of a row, if they are known
};

/// The columns of a source, in their order. The rule of supervised learning here: inputs come first, what is
/// to be learnt, the target, comes last. By habit they are called x and t.
struct Columns : Counted {
  static constexpr int kMost = 16;
  std::vector<Column> list;
};

/// Some rows of a source: one tensor a column, each (rows, ...).
///
///     const auto [x, t] = loader.at(step);    // of the common two columns
///     batch["x"], batch[0], batch.target()    // of any
class Batch {
 public:
  Batch() = default;
  /// @throws ValueError  for no or too many tensors, a name that stands twice or is empty, or tensors that
  ///     have not the same number of rows (E271).
  Batch(std::initializer_list<NamedTensor> tensors);
  explicit Batch(std::span<const NamedTensor> tensors);
  /// Rows of a source's columns.
  Batch(Shared<const Columns> columns, std::span<Tensor> tensors);

  int size() const { return count_; }  ///< how many columns
  std::int64_t rows() const { return count_ > 0 ? tensors_[0].shape()[0] : 0; }
  const std::vector<Column>& columns() const;
  /// @throws ValueError  if there is no such column (E272).
  const Tensor& operator[](int column) const;
  const Tensor& operator[](std::string_view name) const;
  Tensor& operator[](int column);
  Tensor& operator[](std::string_view name);
  /// The last of two or more columns. @throws ValueError  if there is none (E272).
  const Tensor& target() const;

  /// For `auto [x, t] = batch`. @throws ValueError  for other than two columns (E272).
  template <std::size_t I>
  Tensor get() const {
    return of_two(static_cast<int>(I));
  }

 private:
  const Tensor& of_two(int column) const;
  int find(std::string_view name) const;

  Shared<const Columns> columns_;
  int count_ = 0;
  Tensor tensors_[Columns::kMost];
};

/// What a source is inside. A program's own source is a struct with one function:
///
///     struct Squares : data::Rows {
///       Squares() : Rows(1000, {{"x", f32, {1}}, {"t", f32, {1}}}) {}
///       void gather(std::span<const std::int64_t> rows, std::span<const Array> out) const override {
///         for (std::size_t i = 0; i < rows.size(); ++i) {
///           const auto x = static_cast<float>(rows[i]) / 1000;
///           out[0].as<float>()[i] = x;
///           out[1].as<float>()[i] = x * x;
///         }
///       }
///     };
///     data::Loader loader(Squares(), {.batch_size = 20});
class Rows : public Counted {
 public:
  /// @throws ValueError  for a negative number of rows, no or too many columns, or a name that is empty or
  ///     stands twice (E271).
  Rows(std::int64_t rows, std::vector<Column> columns);
  Rows(std::int64_t rows, Shared<const Columns> columns) : rows_(rows), columns_(std::move(columns)) {}

  std::int64_t rows() const { return rows_; }
  const std::vector<Column>& columns() const { return columns_->list; }
  const Shared<const Columns>& shared_columns() const { return columns_; }

  /// Writes chosen rows, in the order given. Called by several threads at once. A row must not depend on
  /// which others are asked for with it.
  /// @param rows  each from 0 to rows() - 1; may repeat.
  /// @param out  one a column, in their order: shape (rows.size(), ...) and dtype are right.
  virtual void gather(std::span<const std::int64_t> rows, std::span<const Array> out) const = 0;
  /// The same as tensors, one a column. Gathers into new memory; a source that has tensors anyway gives
  /// those.
  virtual void take(std::span<const std::int64_t> rows, std::span<Tensor> out) const;
  /// The last column alone, as gather writes it. Gathers all columns; a source whose inputs cost time, such
  /// as pictures in files, overrides it.
  virtual void gather_target(std::span<const std::int64_t> rows, const Array& out) const;
  /// Which row of what this was made of it is, for messages: of a split or a subset, the number before it.
  virtual std::int64_t origin(std::int64_t row) const { return row; }

 private:
  std::int64_t rows_;
  Shared<const Columns> columns_;
};

/// Rows and columns to learn from. A handle: copies share what is inside, which never changes. May be used by
/// several threads at once.
class Source {
 public:
  /// An empty handle, to be assigned to. Using it is a ValueError (E271).
  Source() = default;
  Source(Shared<const Rows> rows) : rows_(std::move(rows)) {}
  template <std::derived_from<Rows> R>
  Source(R rows) : rows_(static_cast<const Rows*>(new R(std::move(rows)))) {}

  explicit operator bool() const { return static_cast<bool>(rows_); }
  std::int64_t rows() const { return inside()->rows(); }
  const std::vector<Column>& columns() const { return inside()->columns(); }
  /// Null if there is none.
  const Column* find(std::string_view name) const;
  /// The last of two or more columns, or null: what is to be learnt.
  const Column* target() const;
  /// How many classes the target has, 0 if it has none or they are not known; and their names.
  std::int64_t classes() const { return static_cast<std::int64_t>(class_names().size()); }
  const std::vector<std::string>& class_names() const;

  /// Writes chosen rows into the caller's memory.
  /// @param out  one array a column, of the column's dtype and shape (rows.size(), ...).
  /// @throws ValueError  for a row outside the source (E072), or arrays that do not fit the columns (E270).
  void gather(std::span<const std::int64_t> rows, std::span<const Array> out) const;
  /// Chosen rows as tensors. @throws ValueError  for a row outside the source (E072).
  Batch take(std::span<const std::int64_t> rows) const;
  Batch take(std::initializer_list<std::int64_t> rows) const {
    return take(std::span<const std::int64_t>(rows.begin(), rows.size()));
  }
  /// The rows from begin on, before end.
  Batch range(std::int64_t begin, std::int64_t end) const;
  /// All rows: for sources that fit into memory as tensors.
  Batch all() const { return range(0, rows()); }
  /// The target of all rows, without the inputs where the source can do that: for class numbers.
  /// @throws ValueError  if there is none (E272).
  Tensor targets() const;

  /// "60000 rows: x (1, 28, 28) f32, t () i64 of 10 classes".
  std::string to_string() const;

  /// "row 37 of the source": by its number in what this was split or chosen from.
  std::string name_of_row(std::int64_t row) const;

  const Shared<const Rows>& inside() const;

 private:
  Shared<const Rows> rows_;
};

std::ostream& operator<<(std::ostream& out, const Source& source);

/// @name Makers
/// @{
/// Tensors with equal first axes, the rows, as a source that shares their memory.
/// @param class_names  of the last column, if it holds class numbers.
/// @throws ValueError  if they have no first axis, or not the same (E271).
Source arrays(const Batch& tensors, std::vector<std::string> class_names = {});
Source arrays(const Tensor& x, const Tensor& t, std::vector<std::string> class_names = {});

/// Chosen rows, in the order given; may repeat. @throws ValueError  for a row outside the source (E072).
Source subset(const Source& source, std::vector<std::int64_t> rows);
/// The rows from begin on, before end.
Source subset(const Source& source, std::int64_t begin, std::int64_t end);

/// The rows of one source after those of another. @throws ValueError  for no sources, or other columns
/// (E274).
Source concat(std::span<const Source> sources);
Source concat(std::initializer_list<Source> sources);
/// @}

/// @name Parts
/// @{
struct SplitOptions {
  std::uint64_t seed = 0;
  bool stratify = false;  ///< each class in the same proportion in each part; needs a target of class numbers
  bool shuffle = true;    ///< false: the first rows go to the first part, for rows in the order of time

  void fields(Fields& f);
};
struct TwoParts {
  Source train, test;
};
struct ThreeParts {
  Source train, validation, test;
};
/// Each row goes to one part by chance; within a part rows keep their order. The same rows for any number of
/// threads and any machine.
/// @param train  the share of the rows that goes there, rounded to whole rows; above 0, below 1.
/// @throws ValueError  for shares that leave a part empty, or stratify with shuffle = false or without a
/// target
///     of whole numbers (E273).
TwoParts split(const Source& source, double train, const SplitOptions& options = {});
ThreeParts split(const Source& source, double train, double validation, const SplitOptions& options = {});
/// @}

/// What map makes of a function.
class Mapped : public Rows {
 public:
  void gather(std::span<const std::int64_t> rows, std::span<const Array> out) const override;
  void take(std::span<const std::int64_t> rows, std::span<Tensor> out) const override;
  std::int64_t origin(std::int64_t row) const override { return from_.inside()->origin(row); }

 protected:
  /// Its columns are known from a batch of one row.
  Mapped(const Source& from, const Batch& sample);
  static Batch sample_of(const Source& source);
  virtual Batch apply(const Batch& batch) const = 0;

 private:
  Source from_;
};

/// A source whose rows are a function of another's, computed when they are asked for.
///
///     data::map(source, [](data::Batch b) { b["x"] = b["x"] * 2 - 1; return b; });
///
/// @param f  takes a batch and returns one with as many rows: the same with other tensors, or a new one,
///     Batch{{"x", ...}, {"t", ...}}. A row of the result depends on the same row only. Called by several
///     threads at once, and once now with a batch of one row of zeros.
/// @throws ValueError  if the result has other rows (E275).
template <class F>
Source map(const Source& source, F f) {
  class With : public Mapped {
   public:
    With(const Source& from, F function)
        : Mapped(from, function(sample_of(from))), function_(std::move(function)) {}
    Batch apply(const Batch& batch) const override { return function_(batch); }

   private:
    F function_;
  };
  return Source(Shared<const Rows>(new With(source, std::move(f))));
}

/// The whole source in its order, in blocks of rows: for evaluation.
///
///     for (const auto& [x, t] : data::blocks(test)) ...
class Blocks {
 public:
  class Iterator {
   public:
    Iterator(const Blocks* blocks, std::int64_t begin) : blocks_(blocks), begin_(begin) {}
    Batch operator*() const;
    Iterator& operator++();
    bool operator==(const Iterator& other) const { return begin_ == other.begin_; }

   private:
    const Blocks* blocks_;
    std::int64_t begin_;
  };

  /// @throws ValueError  if the size is below 1 (E071).
  Blocks(Source source, std::int64_t size);
  Iterator begin() const { return {this, 0}; }
  Iterator end() const { return {this, source_.rows()}; }
  /// How many blocks there are.
  std::int64_t size() const { return source_.rows() / size_ + (source_.rows() % size_ != 0); }

 private:
  Source source_;
  std::int64_t size_;
};
/// @param size  rows of a block; the last one may have fewer. @throws ValueError  if it is below 1 (E071).
Blocks blocks(const Source& source, std::int64_t size = 1000);

}  // namespace chainrule::data

template <>
struct std::tuple_size<chainrule::data::Batch> : std::integral_constant<std::size_t, 2> {};
template <std::size_t I>
struct std::tuple_element<I, chainrule::data::Batch> {
  using type = chainrule::Tensor;
};
