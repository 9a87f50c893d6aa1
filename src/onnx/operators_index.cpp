// Elements by number, order, choices that depend on numbers.
#include <algorithm>
#include <numeric>

#include "core/text.h"
#include "onnx/numbers.h"

namespace chainrule::onnx {
namespace {

Tensors gather(const Call& c) { return {take(c[0], cast(c[1], i64), c.axis("axis", 0, c[0].ndim()))}; }

Tensors gather_elements(const Call& c) {
  const Tensor& x = c[0];
  const int axis = c.axis("axis", 0, x.ndim());
  Tensor from = x;  // the indices may be of fewer places along other axes
  if (c[1].ndim() != x.ndim()) throw c.error("indices of another number of axes.");
  for (int i = 0; i < x.ndim(); ++i) {
    if (i != axis && c[1].shape()[i] < x.shape()[i]) from = slice(from, i, 0, c[1].shape()[i]);
  }
  return {take_along_axis(from, cast(c[1], i64), axis)};
}

/// Numbers of rows of x, its axes from `first` on to `first + depth` as one, for tuples of places.
Tensor row_numbers(const Call& c, const Tensor& tuples, const Shape& x, int first, int depth) {
  Tensor rows;
  for (int i = 0; i < depth; ++i) {
    const std::int64_t size = x[first + i];
    const Tensor place = select(tuples, i, tuples.ndim() - 1);
    const Tensor counted = where(place < 0, place + size, place);
    rows = i == 0 ? counted : rows * size + counted;
  }
  if (depth == 0) throw c.error("tuples of no places.");
  return rows;
}

/// How deep tuples reach into x behind `first` axes.
int depth_of(const Call& c, const Tensor& tuples, const Shape& x, int first) {
  if (tuples.ndim() == 0) throw c.error("indices without an axis.");
  const std::int64_t depth = tuples.shape().back();
  if (first < 0 || first >= tuples.ndim() || first > x.ndim() || depth < 1 || depth > x.ndim() - first)
    throw c.error(cat("indices ", tuples.shape(), " do not fit ", x, "."));
  return static_cast<int>(depth);
}

std::int64_t product(const Shape& shape, int from, int to) {
  return std::accumulate(shape.begin() + from, shape.begin() + to, std::int64_t{1}, std::multiplies<>());
}

Tensors gather_nd(const Call& c) {
  const Tensor &x = c[0], tuples = cast(c[1], i64);
  const Shape& shape = x.shape();
  const int batch = static_cast<int>(std::clamp<std::int64_t>(c.integer("batch_dims", 0), -1, 99));
  const int depth = depth_of(c, tuples, shape, batch);
  const std::int64_t batches = product(shape, 0, batch), rows = product(shape, batch, batch + depth);
  const std::int64_t rest = product(shape, batch + depth, shape.ndim());
  Tensor numbers = row_numbers(c, tuples, shape, batch, depth);
  std::vector<std::int64_t> sizes = sizes_of(numbers.shape());
  if (batches == 0) throw c.error("an empty batch.");
  numbers = reshape(numbers, {batches, numbers.numel() / batches}) + expand_dims(arange(batches) * rows, 1);
  const Tensor found = take(reshape(x, {batches * rows, rest}), flatten(numbers));
  for (int i = batch + depth; i < shape.ndim(); ++i) sizes.push_back(shape[i]);
  return {reshape(found, sizes)};
}

/// x with updates at places along an axis: instead of what was there, or joined with it.
Tensor scattered(const Call& c, const Tensor& x, const Tensor& places, const Tensor& updates, int axis) {
  const std::string how = c.text("reduction", "none");
  const bool is_bool = x.dtype() == DType::boolean;
  const Tensor base = is_bool ? cast(x, i64) : x, change = is_bool ? cast(updates, i64) : updates;
  if (how == "add") return as(scatter_add(base, places, change, axis), x);
  const Tensor none = base * 0;
  if (how == "mul") {  // one after the other: places may repeat
    Tensor y = base;
    for (std::int64_t i = 0; i < places.shape()[axis]; ++i) {
      const Tensor place = slice(places, axis, i, i + 1), factor = slice(change, axis, i, i + 1);
      const Tensor hit = scatter_add(none, place, factor * 0 + 1, axis);
      y = where(equal(hit, 1), y * scatter_add(none, place, factor, axis), y);
    }
    return as(y, x);
  }
  if (how != "none") throw c.error("reduction \"" + how + "\"; need none, add or mul.");
  const Tensor hit = scatter_add(none, places, change * 0 + 1, axis);
  return as(where(equal(hit, 0), base, scatter_add(none, places, change, axis)), x);
}

Tensors scatter_elements(const Call& c) {
  const Tensor& x = c[0];
  const int axis = c.axis("axis", 0, x.ndim());
  Tensor places = cast(c[1], i64), updates = c[2];
  if (places.ndim() != x.ndim() || updates.shape() != places.shape())
    throw c.error("indices and updates must have one shape, and x's axes.");
  if (places.numel() == 0) return {x};
  // Along other axes they may be shorter than x: what is not there stays.
  Tensor inside = x;
  for (int i = 0; i < x.ndim(); ++i) {
    if (i != axis) inside = slice(inside, i, 0, places.shape()[i]);
  }
  Tensor y = scattered(c, inside, places, updates, axis);
  Shape done = y.shape();
  for (int i = x.ndim() - 1; i >= 0; --i) {
    if (i == axis || done[i] == x.shape()[i]) continue;
    Tensor rest = slice(x, i, done[i], x.shape()[i]);
    for (int j = 0; j < i; ++j) {
      if (j != axis) rest = slice(rest, j, 0, places.shape()[j]);
    }
    y = concatenate({y, rest}, i);
    done = y.shape();
  }
  return {y};
}

Tensors scatter_nd(const Call& c) {
  const Tensor& x = c[0];
  const Tensor tuples = cast(c[1], i64);
  const int depth = depth_of(c, tuples, x.shape(), 0);
  const std::int64_t rows = product(x.shape(), 0, depth), rest = product(x.shape(), depth, x.ndim());
  const Tensor numbers = flatten(row_numbers(c, tuples, x.shape(), 0, depth));
  const std::int64_t count = numbers.numel();
  if (c[2].numel() != count * rest) throw c.error(cat("updates ", c[2].shape(), " do not fit."));
  const Tensor updates = reshape(c[2], {count, rest});
  const Tensor places = broadcast_to(expand_dims(numbers, 1), Shape{count, rest});
  return {reshape(scattered(c, reshape(x, {rows, rest}), places, updates, 0), x.shape())};
}

Tensors one_hot_of(const Call& c) {
  const std::int64_t depth = c.integer_at(1);
  if (depth < 1 || c[2].numel() != 2) throw c.error("needs a depth of 1 or more, and two values.");
  Tensor places = cast(c[0], i64);
  std::vector<std::int64_t> sizes = sizes_of(places.shape());
  sizes.push_back(depth);
  shape_of(c, sizes);
  places = where(places < 0, places + depth, places);
  const std::int64_t axis = c.integer("axis", -1);
  const Tensor hot = one_hot(places, depth, DType::boolean, c.axis_of(axis, places.ndim() + 1));
  return {where(hot, select(c[2], 1), select(c[2], 0))};
}

Tensors top(const Call& c) {
  const int axis = c.axis("axis", -1, c[0].ndim());
  const std::int64_t count = c.has(1) ? c.integer_at(1) : c.integer("k");
  const TopK found = topk(c[0], count, axis, c.flag("largest", true));
  return {found.values, found.indices};
}

Tensors non_zero(const Call& c) {
  const Shape shape = c[0].shape();
  const std::vector<bool> is_set = [&] {
    const std::vector<double> values = cast(not_equal(c[0], 0), f64).to_vector<double>();
    return std::vector<bool>(values.begin(), values.end());
  }();
  std::vector<std::vector<std::int64_t>> places(static_cast<std::size_t>(shape.ndim()));
  for (std::size_t i = 0; i < is_set.size(); ++i) {
    if (!is_set[i]) continue;
    auto rest = static_cast<std::int64_t>(i);
    for (int axis = shape.ndim() - 1; axis >= 0; --axis) {
      places[static_cast<std::size_t>(axis)].push_back(rest % shape[axis]);
      rest /= shape[axis];
    }
  }
  std::vector<std::int64_t> all;
  for (const auto& axis : places) all.insert(all.end(), axis.begin(), axis.end());
  const std::int64_t found = shape.ndim() == 0 ? 0 : static_cast<std::int64_t>(places[0].size());
  return {from_data(all, Shape{shape.ndim(), found})};
}

Tensors compressed(const Call& c) {
  const std::vector<bool> keep = [&] {
    const std::vector<std::int64_t> values = cast(c[1], i64).to_vector<std::int64_t>();
    return std::vector<bool>(values.begin(), values.end());
  }();
  std::vector<std::int64_t> places;
  for (std::size_t i = 0; i < keep.size(); ++i) {
    if (keep[i]) places.push_back(static_cast<std::int64_t>(i));
  }
  if (c.find("axis") == nullptr) return {take(flatten(c[0]), vector_of(places))};
  return {take(c[0], vector_of(places), c.axis("axis", 0, c[0].ndim()))};
}

Tensors reverse_sequence(const Call& c) {
  const Tensor& x = c[0];
  const int time = c.axis("time_axis", 0, x.ndim()), batch = c.axis("batch_axis", 1, x.ndim());
  if (time + batch != 1) throw c.error("time and batch must be axes 0 and 1.");
  const std::int64_t steps = x.shape()[time];
  std::vector<std::int64_t> sizes(static_cast<std::size_t>(x.ndim()), 1);
  sizes[static_cast<std::size_t>(time)] = steps;
  const Tensor step = reshape(arange(steps), sizes);
  sizes[static_cast<std::size_t>(time)] = 1;
  sizes[static_cast<std::size_t>(batch)] = x.shape()[batch];
  const Tensor length = reshape(c[1], sizes);
  return {take_along_axis(x, where(step < length, length - 1 - step, step), time)};
}

Tensors unique(const Call& c) {
  const bool whole = c.find("axis") == nullptr;
  const int axis = whole ? 0 : c.axis("axis", 0, c[0].ndim());
  const Tensor x = whole ? flatten(c[0]) : c[0];
  const std::int64_t count = x.shape()[axis];
  std::vector<int> order{axis};
  for (int i = 0; i < x.ndim(); ++i) {
    if (i != axis) order.push_back(i);
  }
  const std::vector<double> values = cast(permute(x, order), f64).to_vector<double>();
  const std::size_t width = count == 0 ? 0 : values.size() / static_cast<std::size_t>(count);
  const auto row = [&](std::int64_t i) {
    return values.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(i) * width);
  };
  const auto less = [&](std::int64_t a, std::int64_t b) {
    return std::lexicographical_compare(row(a), row(a) + static_cast<std::ptrdiff_t>(width), row(b),
                                        row(b) + static_cast<std::ptrdiff_t>(width));
  };
  std::vector<std::int64_t> sorted(static_cast<std::size_t>(count));
  std::iota(sorted.begin(), sorted.end(), 0);
  std::stable_sort(sorted.begin(), sorted.end(), less);
  std::vector<std::vector<std::int64_t>> groups;
  for (const std::int64_t i : sorted) {
    if (groups.empty() || less(groups.back()[0], i)) groups.emplace_back();
    groups.back().push_back(i);
  }
  if (!c.flag("sorted", true))
    std::sort(groups.begin(), groups.end(), [](const auto& a, const auto& b) { return a[0] < b[0]; });
  std::vector<std::int64_t> first, counts, inverse(static_cast<std::size_t>(count));
  for (std::size_t g = 0; g < groups.size(); ++g) {
    first.push_back(groups[g][0]);
    counts.push_back(static_cast<std::int64_t>(groups[g].size()));
    for (const std::int64_t i : groups[g])
      inverse[static_cast<std::size_t>(i)] = static_cast<std::int64_t>(g);
  }
  return {take(x, vector_of(first), axis), vector_of(first), vector_of(inverse), vector_of(counts)};
}

constexpr Operator kRows[] = {
    {"Compress", 2, 2, compressed, 0b10},
    {"Gather", 2, 2, gather, 0b10},
    {"GatherElements", 2, 2, gather_elements, 0b10},
    {"GatherND", 2, 2, gather_nd, 0b10},
    {"NonZero", 1, 1, non_zero},
    {"OneHot", 3, 3, one_hot_of, 0b110},
    {"ReverseSequence", 2, 2, reverse_sequence, 0b10},
    {"Scatter", 3, 3, scatter_elements, 0b10},
    {"ScatterElements", 3, 3, scatter_elements, 0b10},
    {"ScatterND", 3, 3, scatter_nd, 0b10},
    {"TopK", 1, 2, top, 0b10},
    {"Unique", 1, 1, unique},
};

}  // namespace

std::span<const Operator> index_operators() { return kRows; }

}  // namespace chainrule::onnx
