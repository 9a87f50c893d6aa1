#pragma once

#include <algorithm>
#include <atomic>
#include <limits>
#include <vector>

#include "chainrule/array.h"
#include "chainrule/linalg.h"
#include "chainrule/ops.h"
#include "core/thread_pool.h"
#include "ops/op.h"

// What operations on batches of matrices share.
namespace chainrule {

inline Tensor mirrored(const Tensor& x) { return transpose(x, -1, -2); }

/// @throws ShapeError E111  unless the last two axes are equal.
inline void require_square(const Shape& shape) {
  if (shape.ndim() >= 2 && shape.back(1) == shape.back(2)) return;
  throw op_error<ShapeError>(111, cat("a ", shape, " is not square; need (..., N, N)."));
}

inline std::int64_t matrices_in(const Shape& shape, std::int64_t size) {
  return size == 0 ? 0 : shape.numel() / size;
}

/// Below this part of what a number was made of it may be rounding alone, for matrices of this size.
inline double rank_tolerance(std::int64_t rows, std::int64_t columns, DType dtype) {
  const double epsilon = dtype == DType::f32 ? 0x1p-23 : 0x1p-52;
  return static_cast<double>(std::max(rows, columns)) * epsilon;
}

inline std::vector<double> as_f64(const ConstArray& array, std::int64_t from, std::int64_t count) {
  std::vector<double> numbers(static_cast<std::size_t>(count));
  with_floating(array.dtype, [&]<class T>(std::type_identity<T>) {
    std::copy_n(array.as<T>() + from, count, numbers.begin());
  });
  return numbers;
}

inline void store(const std::vector<double>& numbers, const Array& array, std::int64_t at) {
  with_floating(array.dtype, [&]<class T>(std::type_identity<T>) {
    std::transform(numbers.begin(), numbers.end(), array.as<T>() + at,
                   [](double x) { return static_cast<T>(x); });
  });
}

/// Calls `body(matrix number)` for a batch, on several threads if there are many.
/// @return  the first number for which it returned false, or -1. Errors are for the caller to throw: messages
///          know what they speak of on the calling thread alone.
template <class F>
std::int64_t first_failing(std::int64_t count, std::int64_t work_each, F body) {
  constexpr std::int64_t kWorkAThread = 1 << 16;
  std::atomic<std::int64_t> first = count;
  parallel_for(count, std::max<std::int64_t>(1, kWorkAThread / std::max<std::int64_t>(1, work_each)),
               [&](std::int64_t begin, std::int64_t end) {
                 std::int64_t i = begin;
                 while (i < end && body(i)) ++i;
                 std::int64_t before = first;
                 while (i < end && i < before && !first.compare_exchange_weak(before, i)) {
                 }
               });
  return first == count ? -1 : first.load();
}

/// For tests: numbers whose matrices are far from singular.
inline Tensor dominant(const Tensor& x) { return x + 12 * eye(x.size(-2), x.size(-1), x.dtype()); }
/// For tests: numbers whose matrices have singular values that are apart from each other and from 0.
inline Tensor spread(const Tensor& x) {
  const Tensor sizes = 4.0 + 5.0 * cast(arange(x.size(-1)), x.dtype());
  return 0.5 * x + sizes * eye(x.size(-2), x.size(-1), x.dtype());
}

}  // namespace chainrule
