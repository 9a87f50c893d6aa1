#include <algorithm>
#include <cmath>

#include "chainrule/data/npz.h"
#include "chainrule/error.h"
#include "chainrule/io.h"
#include "chainrule/ops.h"
#include "core/nearest.h"
#include "core/text.h"

namespace chainrule::data {
namespace {

constexpr std::size_t kMostClasses = 1 << 16;

const Tensor& array_of(const std::string& path, const NamedTensors& arrays, const std::string& name) {
  if (const Tensor* found = arrays.find(name)) return *found;
  std::string list;
  for (const std::string& each : arrays.names()) list += cat(list.empty() ? "" : ", ", each);
  const std::string near = nearest(name, arrays.names());
  throw FileError(
      465, cat("[read_npz] ", path, " has no array '", name, "'; it has ", list.empty() ? "none" : list, ".",
               near.empty() ? "" : cat(" Did you mean '", near, "'?")));
}

/// The columns that are asked for, by the names that they have in the source.
std::vector<NamedTensor> chosen(const std::string& path, const NamedTensors& arrays,
                                const ReadNpzOptions& options) {
  std::vector<NamedTensor> columns;
  const auto add = [&](const std::string& name, const std::string& array) {
    columns.push_back({name, array_of(path, arrays, array)});
  };
  if (!options.x.empty()) add("x", options.x);
  for (const std::string& name : options.columns) add(name, name);
  if (!options.t.empty()) add("t", options.t);
  if (columns.empty()) columns.assign(arrays.begin(), arrays.end());
  return columns;
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
  if (!is_floating(options.dtype)) {
    throw ValueError(466, cat("[read_npz] dtype is ", name_of(options.dtype), "; need f32 or f64."));
  }
  const NamedTensors arrays = io::read_npz(path);
  std::vector<NamedTensor> columns = chosen(path, arrays, options);
  for (const auto& [name, tensor] : columns) {
    if (tensor.ndim() >= 1 && tensor.size(0) == columns[0].tensor.size(0)) continue;
    throw FileError(466, cat("[read_npz] ", path, ": '", name, "' has the shape ", tensor.shape(), ", '",
                             columns[0].name, "' ", columns[0].tensor.shape(),
                             ". Need the same number of rows, the first axis. Name arrays that have it."));
  }
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

}  // namespace chainrule::data
