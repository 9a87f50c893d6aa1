#include <algorithm>
#include <cmath>
#include <cstring>

#include "chainrule/data/npz.h"
#include "chainrule/data/on_disk.h"
#include "chainrule/error.h"
#include "chainrule/io.h"
#include "chainrule/ops.h"
#include "core/nearest.h"
#include "core/reused.h"
#include "core/text.h"
#include "data/columns.h"
#include "data/on_disk_rows.h"
#include "data/outline.h"
#include "graph/node.h"
#include "io/npy.h"
#include "io/npz_heads.h"
#include "io/stored_members.h"

namespace chainrule::data {
namespace {

constexpr std::size_t kMostClasses = 1 << 16;

/// An array of the file, and the column that it becomes.
struct Chosen {
  std::string column, array;
};

/// The columns that are asked for. @throws FileError  for one that the file has not (E465).
std::vector<Chosen> chosen(const std::string& path, const std::vector<std::string>& arrays,
                           const ReadNpzOptions& options) {
  std::vector<Chosen> columns;
  if (!options.x.empty()) columns.push_back({"x", options.x});
  for (const std::string& name : options.columns) columns.push_back({name, name});
  if (!options.t.empty()) columns.push_back({"t", options.t});
  if (columns.empty()) {
    for (const std::string& name : arrays) columns.push_back({name, name});
  }
  for (const auto& [column, name] : columns) {
    if (std::find(arrays.begin(), arrays.end(), name) != arrays.end()) continue;
    std::string list;
    for (const std::string& each : arrays) list += cat(list.empty() ? "" : ", ", each);
    const std::string near = nearest(name, arrays);
    throw FileError(
        465, cat("[read_npz] ", path, " has no array '", name, "'; it has ", list.empty() ? "none" : list,
                 ".", near.empty() ? "" : cat(" Did you mean '", near, "'?")));
  }
  return columns;
}

void check_dtype(const ReadNpzOptions& options) {
  if (is_floating(options.dtype)) return;
  throw ValueError(466, cat("[read_npz] dtype is ", name_of(options.dtype), "; need f32 or f64."));
}

/// That a column has as many rows as the first one.
void check_row_count(const std::string& path, const std::string& name, const Shape& shape,
                     const std::string& first_name, const Shape& first) {
  if (shape.ndim() >= 1 && first.ndim() >= 1 && shape[0] == first[0]) return;
  throw FileError(
      466, cat("[read_npz] ", path, ": '", name, "' has the shape ", shape, ", '", first_name, "' ", first,
               ". Need the same number of rows, the first axis. Name arrays that have it."));
}

struct Classes {
  Tensor numbers;
  std::vector<std::string> names;
};

/// The target's numbers as places among the different ones, sorted.
Classes classes_of(const std::string& path, const std::string& name, const Tensor& target) {
  const auto refuse = [&](const auto&... parts) -> FileError {
    return {466, cat("[read_npz] ", path, ": the target '", name, "' ", parts...)};
  };
  if (target.numel() != target.size(0)) {
    throw refuse("has the shape ", target.shape(), "; need one class number a row. Leave classes out.");
  }
  const auto values = target.to_vector<double>();
  std::vector<double> different;
  for (std::size_t row = 0; row < values.size(); ++row) {
    if (values[row] != std::floor(values[row]) || std::abs(values[row]) > 0x1p53) {
      throw refuse("has ", values[row], " in row ", row, "; need whole numbers. Leave classes out.");
    }
    const auto place = std::lower_bound(different.begin(), different.end(), values[row]);
    if (place != different.end() && *place == values[row]) continue;
    different.insert(place, values[row]);
    if (different.size() > kMostClasses) {
      throw refuse("has more than ", kMostClasses, " different numbers. Leave classes out.");
    }
  }
  std::vector<std::int64_t> numbers;
  for (const double value : values) {
    numbers.push_back(std::lower_bound(different.begin(), different.end(), value) - different.begin());
  }
  Classes classes{from_data(numbers, {target.size(0)}), {}};
  for (const double value : different) classes.names.push_back(cat(static_cast<std::int64_t>(value)));
  return classes;
}

}  // namespace

Source read_npz(const std::string& path, const ReadNpzOptions& options) {
  check_dtype(options);
  const NamedTensors arrays = io::read_npz(path);
  std::vector<NamedTensor> columns;
  for (const auto& [column, array] : chosen(path, arrays.names(), options))
    columns.push_back({column, *arrays.find(array)});
  for (const auto& [name, tensor] : columns)
    check_row_count(path, name, tensor.shape(), columns[0].name, columns[0].tensor.shape());
  std::vector<std::string> names;
  if (options.classes && columns.size() > 1) {
    Classes found = classes_of(path, columns.back().name, columns.back().tensor);
    columns.back().tensor = std::move(found.numbers), names = std::move(found.names);
  }
  for (NamedTensor& column : columns) {
    if (is_floating(column.tensor.dtype())) column.tensor = detach(cast(column.tensor, options.dtype));
  }
  return data::arrays(Batch(columns), std::move(names));
}

namespace {

/// An array that stays in its file.
struct StoredArray {
  Shared<io::Input> input;
  io::NpyHeader header;

  std::size_t row_bytes() const {
    return static_cast<std::size_t>(without_rows(header.shape).numel()) * header.stored->bytes;
  }
  /// Some of its rows, of whatever dtype the file's elements become.
  Tensor take(std::span<const std::int64_t> rows) const {
    const Shape shape = with_rows(static_cast<std::int64_t>(rows.size()), without_rows(header.shape));
    const Reused<std::vector<std::byte>> bytes;
    bytes->resize(rows.size() * row_bytes());
    read_rows(*input, header.data_offset, row_bytes(), rows, bytes->data());
    const Shared<io::Input> memory =
        io::in_memory({reinterpret_cast<const char*>(bytes->data()), bytes->size()});
    return make_leaf(io::read_elements(*memory, 0, *header.stored, header.big_endian, shape.numel()),
                     header.stored->dtype, shape);
  }
};

StoredArray open_array(const std::string& path, const Shared<io::Input>& file,
                       const io::ArchiveMember& member, const std::string& name) {
  if (!member.is_stored) {
    throw not_by_rows(cat(path, ": the array '", name, "'"), "is packed",
                      "Write it with numpy.savez, not savez_compressed");
  }
  StoredArray array{io::part_of(file, cat(path, ", member '", member.name, "'"), member.offset, member.size),
                    {}};
  array.header = io::read_npy_header(*array.input);
  const std::uint64_t bytes = io::bytes_of(*array.header.stored, array.header.shape.numel());
  if (bytes != member.size - array.header.data_offset) io::read_npy(*array.input);  // throws E204
  if (array.header.fortran_order && array.header.shape.ndim() > 1) {
    throw not_by_rows(cat(path, ": the array '", name, "'"), "is in Fortran order",
                      "Write numpy.ascontiguousarray of it");
  }
  return array;
}

/// What a column is, from the head of its array.
void describe(Column& column, const io::NpyHeader& header, const ReadNpzOptions& options) {
  column.dtype = is_floating(header.stored->dtype) ? options.dtype : computed_as(header.stored->dtype);
  column.shape = without_rows(header.shape);
}

/// Makes the target one of classes.
Tensor learn_classes(Column& target, Classes found) {
  target.dtype = i64, target.shape = {}, target.classes = std::move(found.names);
  return std::move(found.numbers);
}

class NpzRows : public Rows {
 public:
  /// @param classes  the last column, if it holds class numbers; else empty.
  NpzRows(std::int64_t rows, std::vector<Column> columns, std::vector<StoredArray> arrays,
          const Tensor& classes)
      : Rows(rows, std::move(columns)),
        arrays_(std::move(arrays)),
        classes_(classes.is_empty() ? std::vector<std::int64_t>() : classes.to_vector<std::int64_t>()) {}

  void gather(std::span<const std::int64_t> rows, std::span<const Array> out) const override {
    for (std::size_t i = 0; i < out.size(); ++i) gather(i, rows, out[i]);
  }
  void gather_target(std::span<const std::int64_t> rows, const Array& out) const override {
    gather(arrays_.size() - 1, rows, out);
  }

 private:
  void gather(std::size_t column, std::span<const std::int64_t> rows, const Array& out) const {
    if (column + 1 == arrays_.size() && !classes_.empty()) {
      std::int64_t* at = out.as<std::int64_t>();
      for (const std::int64_t row : rows) *at++ = classes_[static_cast<std::size_t>(row)];
      return;
    }
    const Tensor numbers = detach(cast(arrays_[column].take(rows), out.dtype));
    const std::size_t bytes = numbers.node()->bytes();
    if (bytes > 0) std::memcpy(out.data, numbers.node()->value.data(), bytes);
  }

  std::vector<StoredArray> arrays_;
  std::vector<std::int64_t> classes_;
};

}  // namespace

Source open_npz(const std::string& path, const ReadNpzOptions& options) {
  check_dtype(options);
  const Shared<io::Input> file = io::open_file(path);
  const std::vector<io::ArchiveMember> members = io::archive_members(*file);
  std::vector<std::string> names;
  for (const io::ArchiveMember& member : members) {
    const std::string_view name = member.name;
    names.emplace_back(name.ends_with(".npy") ? name.substr(0, name.size() - 4) : name);
  }
  std::vector<Column> columns;
  std::vector<StoredArray> arrays;
  for (const auto& [column, name] : chosen(path, names, options)) {
    const auto place = std::find(names.begin(), names.end(), name) - names.begin();
    arrays.push_back(open_array(path, file, members[static_cast<std::size_t>(place)], name));
    const io::NpyHeader& header = arrays.back().header;
    columns.push_back({.name = column});
    check_row_count(path, column, header.shape, columns[0].name, arrays[0].header.shape);
    describe(columns.back(), header, options);
  }
  Tensor classes;
  if (options.classes && columns.size() > 1) {
    const Tensor target = io::read_npy(*arrays.back().input);
    classes = learn_classes(columns.back(), classes_of(path, columns.back().name, target));
  }
  const std::int64_t rows = arrays.empty() ? 0 : arrays[0].header.shape[0];
  return NpzRows(rows, std::move(columns), std::move(arrays), classes);
}

Source outline_npz(const std::string& path, const ReadNpzOptions& options) {
  check_dtype(options);
  const std::vector<io::NpzHead> heads = io::npz_heads(path);
  std::vector<std::string> names;
  for (const io::NpzHead& head : heads) names.push_back(head.name);
  std::vector<Column> columns;
  std::size_t place = 0;  // of the last column's array
  const std::vector<Chosen> all = chosen(path, names, options);
  const Shape* first = nullptr;
  for (const auto& [column, name] : all) {
    place = static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
    const io::NpyHeader& header = heads[place].header;
    if (first == nullptr) first = &header.shape;
    columns.push_back({.name = column});
    check_row_count(path, column, header.shape, columns[0].name, *first);
    describe(columns.back(), header, options);
  }
  Tensor target;
  if (columns.size() > 1 && (options.classes || !is_floating(columns.back().dtype))) {
    target = io::read_npz_array(path, place);
    if (options.classes)
      target = learn_classes(columns.back(), classes_of(path, columns.back().name, target));
  }
  return outline(first != nullptr ? (*first)[0] : 0, std::move(columns), target);
}

}  // namespace chainrule::data
