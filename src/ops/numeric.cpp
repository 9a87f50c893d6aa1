// What programs with arrays expect beside the operations, made of those.
#include "chainrule/numeric.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "chainrule/linalg.h"
#include "core/memory.h"
#include "ops/axes.h"
#include "ops/composed.h"
#include "ops/meta.h"
#include "ops/op.h"
#include "ops/operands.h"

namespace chainrule {
namespace {

/// @throws ValueError E645
void require_not_negative(const char* what, std::int64_t number) {
  if (number >= 0) return;
  throw op_error<ValueError>(645, cat(what, " is ", number, "; it must not be negative."));
}

/// @throws ShapeError E646
void require_vector(const char* what, const Tensor& x) {
  if (x.ndim() == 1) return;
  throw op_error<ShapeError>(646, cat(what, " has shape ", x.shape(), "; need a vector."));
}

/// Of floating numbers, between two that are `part` of the way apart. Where their difference is none, as of
/// two infinite ones, of both.
Tensor between(const Tensor& a, const Tensor& b, double part) {
  if (part == 0) return a;
  const Tensor difference = b - a;
  return where(isfinite(difference), a + difference * part, a * (1 - part) + b * part);
}

/// The place of each element among all: 0 for the first of them in order.
Tensor ranks(const Tensor& x) { return argsort(argsort(x)); }

/// x / |x| along an axis; 0 stays.
Tensor direction(const Tensor& x, int axis) {
  const Tensor length = norm(x, 2, axis, true);
  return x / where(equal(length, 0), 1, length);
}

}  // namespace

Tensor isnan(const Tensor& x, Location where) {
  const OpScope scope("isnan", where);
  return not_equal(x, x);
}

Tensor isinf(const Tensor& x, Location where) {
  const OpScope scope("isinf", where);
  if (!has_gradient(x.dtype())) return not_equal(x, x);
  return equal(abs(x), std::numeric_limits<double>::infinity());
}

Tensor isfinite(const Tensor& x, Location where) {
  const OpScope scope("isfinite", where);
  if (!has_gradient(x.dtype())) return equal(x, x);
  return abs(x) < std::numeric_limits<double>::infinity();
}

Tensor isclose(const Tensor& a, const Tensor& b, double rtol, double atol, bool equal_nan, Location where) {
  const OpScope scope("isclose", where);
  const SameDtype same(a, b, "isclose", SameDtype::Unfit::widens);
  const Tensor x = as_floating(same.a()), y = as_floating(same.b());
  const Tensor is_near = logical_and(abs(x - y) <= atol + rtol * abs(y), isfinite(y));
  const Tensor close = logical_or(is_near, equal(same.a(), same.b()));
  return equal_nan ? logical_or(close, logical_and(isnan(x), isnan(y))) : close;
}

bool allclose(const Tensor& a, const Tensor& b, double rtol, double atol, bool equal_nan, Location where) {
  const OpScope scope("allclose", where);
  return all(isclose(a, b, rtol, atol, equal_nan)).item<bool>();
}

Tensor linspace(double start, double stop, std::int64_t count, DType dtype, Location where) {
  const OpScope scope("linspace", where);
  require_not_negative("count", count);
  auto numbers = vector_with_room<double>(count);
  const auto last = static_cast<double>(count - 1);
  for (std::int64_t i = 0; i < count; ++i) {
    const auto place = static_cast<double>(i);
    const double number = i == 0 ? start : i == count - 1 ? stop : start + (stop - start) / last * place;
    numbers.push_back(has_gradient(dtype) ? number : std::floor(number));
  }
  return cast(from_data(numbers, Shape{count}), dtype);
}

Tensor repeat(const Tensor& x, std::int64_t times, int axis, Location where) {
  const OpScope scope("repeat", where);
  const int along = checked_axis(axis, x.ndim());
  if (times < 0) {
    throw op_error<ValueError>(104, cat("a tensor cannot be repeated ", times, " times; needs 0 or more."));
  }
  const AxisBlock block = block_around(x.shape(), along);
  const std::int64_t rows = block.outer * block.size;
  const Shape result = with_size(x.shape(), along, checked(Checked(block.size) * times));
  return reshape(broadcast_to(reshape(x, Shape{rows, 1, block.inner}), Shape{rows, times, block.inner}),
                 result);
}

Tensor diff(const Tensor& x, std::int64_t n, int axis, Location where) {
  const OpScope scope("diff", where);
  const int along = checked_axis(axis, x.ndim());
  require_not_negative("n", n);
  Tensor result = x;
  for (std::int64_t i = 0; i < n && result.shape()[along] > 0; ++i) {
    const std::int64_t size = result.shape()[along];
    const Tensor behind = slice(result, along, 1, size), before = slice(result, along, 0, size - 1);
    result = x.dtype() == DType::boolean ? not_equal(behind, before) : behind - before;
  }
  return result;
}

Tensor cumprod(const Tensor& x, int axis, Location where) {
  const OpScope scope("cumprod", where);
  const int along = checked_axis(axis, x.ndim());
  Tensor product = has_gradient(x.dtype()) ? computing(x) : cast(x, DType::i64);
  const std::int64_t size = x.shape()[along];
  // Each is the product of twice as many elements after each step.
  for (std::int64_t step = 1; step < size; step *= 2) {
    const Tensor none = ones(with_size(x.shape(), along, step), product.dtype());
    product = product * concatenate({none, slice(product, along, 0, size - step)}, along);
  }
  return product;
}

Tensor quantile(const Tensor& x, double q, Axes axes, bool keepdims, Location where) {
  const OpScope scope("quantile", where);
  if (!(q >= 0 && q <= 1)) {
    throw op_error<ValueError>(645, cat("q is ", q, "; it must be from 0 to 1."));
  }
  const AxisSet set = axis_set(axes, x.ndim());
  require_elements(x.shape(), set);
  const Shape kept = kept_shape(x.shape(), set);
  const std::int64_t rows = kept.numel(), count = rows == 0 ? 1 : x.numel() / rows;
  const Tensor sorted =
      sort(reshape(permute(as_floating(x), set_last(set, x.ndim())), Shape{rows, count}), 1);
  const double place = q * static_cast<double>(count - 1);
  const auto low = static_cast<std::int64_t>(place);
  const Tensor a = select(sorted, low, 1), b = select(sorted, std::min(low + 1, count - 1), 1);
  const Tensor found = between(a, b, place - static_cast<double>(low));
  const Tensor last = select(sorted, count - 1, 1);  // NaN is sorted to the end
  return reshape(chainrule::where(isnan(last), last, found), keepdims ? kept : dropped_shape(x.shape(), set));
}

Tensor median(const Tensor& x, Axes axes, bool keepdims, Location where) {
  const OpScope scope("median", where);
  return quantile(x, 0.5, axes, keepdims);
}

Tensor diag(const Tensor& x, std::int64_t k, Location where) {
  const OpScope scope("diag", where);
  if (x.ndim() == 2) {
    const int axis = k < 0 ? 0 : 1;
    const std::int64_t size = x.shape()[axis];
    return diagonal(slice(x, axis, std::min(size, k < 0 ? -std::max(k, -size) : k), size));
  }
  if (x.ndim() != 1) {
    throw op_error<ShapeError>(646, cat("x has shape ", x.shape(), "; need a vector or a matrix."));
  }
  const std::int64_t n = x.shape()[0], offset = k < 0 ? -std::max(k, -INT64_MAX) : k;
  const std::int64_t size = checked(Checked(n) + offset);
  // Element i lies at (size + 1) i + a start in the flat matrix.
  const std::int64_t start = k < 0 ? checked(Checked(size) * offset) : k;
  const std::int64_t all = checked(Checked(size) * size);
  const Tensor rows = flatten(pad(reshape(x, Shape{n, 1}), 1, 0, size));
  const Tensor flat = pad(rows, 0, start, std::max<std::int64_t>(0, all - start - n * (size + 1)));
  return reshape(slice(flat, 0, 0, all), Shape{size, size});
}

namespace {

/// The axes in another order: one of them is moved, the others stay as they follow each other.
Tensor with_axis(const Tensor& x, int from, int to) {
  std::vector<int> order;
  for (int axis = 0; axis < x.ndim(); ++axis) {
    if (axis != from) order.push_back(axis);
  }
  order.insert(order.begin() + to, from);
  return permute(x, order);
}

}  // namespace

Tensor cross(const Tensor& a, const Tensor& b, int axis, Location where) {
  const OpScope scope("cross", where);
  const int of_a = checked_axis(axis, a.ndim()), of_b = checked_axis(axis, b.ndim());
  if (a.shape()[of_a] != 3 || b.shape()[of_b] != 3) {
    throw op_error<ShapeError>(
        646, cat("a ", a.shape(), " and b ", b.shape(), " need 3 numbers along axis ", axis, "."));
  }
  const Tensor x = with_axis(a, of_a, a.ndim() - 1), y = with_axis(b, of_b, b.ndim() - 1);
  const Tensor found = roll(x, -1, -1) * roll(y, -2, -1) - roll(x, -2, -1) * roll(y, -1, -1);
  return with_axis(found, found.ndim() - 1, checked_axis(axis, found.ndim()));
}

Tensor cosine_similarity(const Tensor& a, const Tensor& b, int axis, Location where) {
  const OpScope scope("cosine_similarity", where);
  const int ndim = std::max(a.ndim(), b.ndim());
  const int along = checked_axis(axis, ndim) - ndim;  // from the end, where the axes of both stand
  const auto whole = [&](const Tensor& x, const Tensor& other) {  // an axis it lacks is repeated
    return x.ndim() + along >= 0 ? as_floating(x) : as_floating(x) + zeros(other.shape(), x.dtype());
  };
  return sum(direction(whole(a, b), along) * direction(whole(b, a), along), along);
}

Tensor searchsorted(const Tensor& sorted, const Tensor& values, bool right, Location where) {
  const OpScope scope("searchsorted", where);
  require_vector("sorted", sorted);
  const Tensor wanted = flatten(values);
  const std::int64_t size = sorted.numel(), count = wanted.numel();
  // Of equal elements the first comes first: among all, then among the values alone.
  const Tensor among_all = right ? slice(ranks(concatenate({sorted, wanted})), 0, size, size + count)
                                 : slice(ranks(concatenate({wanted, sorted})), 0, 0, count);
  return reshape(among_all - ranks(wanted), values.shape());
}

Tensor interp(const Tensor& x, const Tensor& xp, const Tensor& fp, Location where) {
  const OpScope scope("interp", where);
  require_vector("xp", xp);
  if (fp.shape() != xp.shape() || xp.numel() == 0) {
    throw op_error<ShapeError>(646, cat("xp has shape ", xp.shape(), ", fp ", fp.shape(),
                                        "; need two vectors of one size above 0."));
  }
  const std::int64_t size = xp.numel();
  const Tensor at = as_floating(x), places = as_floating(xp), numbers = as_floating(fp);
  const Tensor is_before = at < select(places, 0), is_behind = at >= select(places, size - 1);
  Tensor inside = select(numbers, 0) + 0 * at;  // of one point
  if (size > 1) {
    const Tensor i = clip(searchsorted(places, at, true) - 1, 0, size - 2);
    const Tensor left = take(places, i), width = take(diff(places), i);
    const Tensor slope = take(diff(numbers), i) / chainrule::where(equal(width, 0), 1, width);
    // What lies outside is fed a harmless number; so is, at a point, the slope of a line to infinity.
    const Tensor held = chainrule::where(logical_or(is_before, is_behind), left, at);
    const Tensor is_point = equal(held, left), is_steep = logical_not(isfinite(slope));
    inside = take(numbers, i) + (held - left) * chainrule::where(logical_and(is_point, is_steep), 0, slope);
  }
  return chainrule::where(is_before, select(numbers, 0),
                          chainrule::where(is_behind, select(numbers, size - 1), inside));
}

// Grids keep elements and places apart, where derivatives are a choice.
std::vector<ComposedFunction> numeric_functions() {
  using In = std::span<const Tensor>;
  const char* const is_boolean = "its result is boolean";
  const SampleInput matrix{{3, 4}}, vector{{5}}, three{{2, 3}}, distinct{{3, 4}, DType::f64, {-40, 40}};
  const SampleInput places{{4}, DType::f64, {0.2, 0.7}, [](const Tensor& x) { return x + arange(4, f64); }};
  const SampleInput between_places{{2, 3}, DType::f64, {-1.125, 4.875, 0.75}};
  return {
      {"isnan", "x != x.", {{"isnan(x)", [](In in) { return isnan(in[0]); }, {matrix}, is_boolean}}},
      {"isinf", "|x| = infinity.", {{"isinf(x)", [](In in) { return isinf(in[0]); }, {matrix}, is_boolean}}},
      {"isfinite",
       "|x| < infinity.",
       {{"isfinite(x)", [](In in) { return isfinite(in[0]); }, {matrix}, is_boolean}}},
      {"isclose",
       "|a - b| <= atol + rtol |b|.",
       {{"isclose(a, b, 0.5)",
         [](In in) { return isclose(in[0], in[1], 0.5); },
         {matrix, matrix},
         is_boolean},
        {"isclose(a, b, 0, 1, true)",
         [](In in) { return isclose(in[0], in[1], 0, 1, true); },
         {matrix, matrix},
         is_boolean}}},
      {"repeat",
       "Each element several times.",
       {{"repeat(x, 3, 0)", [](In in) { return repeat(in[0], 3, 0); }, {matrix}}}},
      {"diff",
       "x[1:] - x[:-1], n times.",
       {{"diff(x)", [](In in) { return diff(in[0]); }, {matrix}},
        {"diff(x, 2, 0)", [](In in) { return diff(in[0], 2, 0); }, {matrix}}}},
      {"cumprod",
       "Products up to each element, in log2(n) steps.",
       {{"cumprod(x, 1)", [](In in) { return cumprod(in[0], 1); }, {matrix}}}},
      {"quantile",
       "A line between two neighbours of the sorted elements.",
       {{"quantile(x, 0.3)", [](In in) { return quantile(in[0], 0.3); }, {distinct}},
        {"quantile(x, 0.8, 0, true)", [](In in) { return quantile(in[0], 0.8, 0, true); }, {distinct}}}},
      {"median",
       "The middle of the sorted elements.",
       {{"median(x, 1)", [](In in) { return median(in[0], 1); }, {distinct}}}},
      {"diag",
       "The vector on a diagonal of zeros, or the diagonal of a matrix.",
       {{"diag(x, -1)", [](In in) { return diag(in[0], -1); }, {vector}},
        {"diag(a, 1)", [](In in) { return diag(in[0], 1); }, {matrix}}}},
      {"cross",
       "(a2 b3 - a3 b2, a3 b1 - a1 b3, a1 b2 - a2 b1).",
       {{"cross(a, b)", [](In in) { return cross(in[0], in[1]); }, {three, three}}}},
      {"cosine_similarity",
       "sum(a b) / (|a| |b|).",
       {{"cosine_similarity(a, b)",
         [](In in) { return cosine_similarity(in[0], in[1]); },
         {matrix, {{4}, DType::f64, {0.5, 2}}}}}},
      {"searchsorted",
       "How many elements lie below each value.",
       {{"searchsorted(places, x)",
         [](In in) { return searchsorted(in[0], in[1]); },
         {places, between_places},
         "its result is a place"}}},
      {"interp",
       "fp[i] + (x - xp[i]) (fp[i + 1] - fp[i]) / (xp[i + 1] - xp[i]), xp[i] <= x < xp[i + 1].",
       {{"interp(x, xp, fp)",
         [](In in) { return interp(in[0], in[1], in[2]); },
         {between_places, places, {{4}}}}}},
  };
}

}  // namespace chainrule
