#pragma once

#include <cstdint>
#include <vector>

#include "chainrule/ops.h"

// What programs with arrays expect beside the operations of ops.h, by NumPy's names and with its results; all
// of it is made of those, so that it has their derivatives. Integers become f64 where the formula needs it.
namespace chainrule {

/// @name What numbers are like. Results are boolean.
/// @{
Tensor isnan(const Tensor& x, Location where = Location::current());
Tensor isinf(const Tensor& x, Location where = Location::current());
/// Neither infinite nor NaN.
Tensor isfinite(const Tensor& x, Location where = Location::current());
/// |a - b| <= atol + rtol |b|, or both infinite and equal; with `equal_nan`, or both NaN. Of integers in f64.
Tensor isclose(const Tensor& a, const Tensor& b, double rtol = 1e-5, double atol = 1e-8,
               bool equal_nan = false, Location where = Location::current());
/// Whether isclose everywhere: computes it.
bool allclose(const Tensor& a, const Tensor& b, double rtol = 1e-5, double atol = 1e-8,
              bool equal_nan = false, Location where = Location::current());
/// @}

/// `count` numbers at equal distances from start to stop, both included.
/// @throws ValueError  for a negative count (E645).
Tensor linspace(double start, double stop, std::int64_t count = 50, DType dtype = f32,
                Location where = Location::current());

/// @name Along an axis
/// @throws ShapeError  for an axis that is not there (E013).
/// @{
/// Each element so many times in a row.
/// @throws ValueError  for a negative number (E104).
Tensor repeat(const Tensor& x, std::int64_t times, int axis, Location where = Location::current());
/// Differences of neighbours, n times: each makes the axis shorter by one. Of booleans: whether they differ.
/// @throws ValueError  for a negative n (E645).
Tensor diff(const Tensor& x, std::int64_t n = 1, int axis = -1, Location where = Location::current());
/// Products of the elements up to each; of integers and booleans i64. In log2(n) steps: where the product of
/// some neighbours is too large or too small for the dtype, those that hold it are infinite, 0 or NaN.
Tensor cumprod(const Tensor& x, int axis, Location where = Location::current());
/// The number below which a share q of the elements lies, between two of them by a straight line; NaN if one
/// of them is. Its gradient goes to the one or two elements that it is made of.
/// @param q  from 0 to 1 (E645).
/// @throws ShapeError  of no elements (E024).
Tensor quantile(const Tensor& x, double q, Axes axes = {}, bool keepdims = false,
                Location where = Location::current());
/// quantile(x, 1/2): the middle of the sorted elements, or the mean of two.
Tensor median(const Tensor& x, Axes axes = {}, bool keepdims = false, Location where = Location::current());
/// @}

/// Of vectors, the matrix that has x on its k-th diagonal, else 0; of a matrix, its k-th diagonal.
/// @throws ShapeError  for more or fewer axes (E646).
Tensor diag(const Tensor& x, std::int64_t k = 0, Location where = Location::current());
/// The product of vectors in space, which lie along an axis of each, and of the result; the other axes
/// broadcast.
/// @throws ShapeError  unless they have 3 numbers (E646).
Tensor cross(const Tensor& a, const Tensor& b, int axis = -1, Location where = Location::current());
/// a . b / (|a| |b|) of vectors along an axis; 0 where one is 0. The other axes broadcast.
Tensor cosine_similarity(const Tensor& a, const Tensor& b, int axis = -1,
                         Location where = Location::current());

/// @name Between numbers in ascending order
/// @{
/// How many elements of a vector lie below each value; those that are equal to it, too, if `right`: where it
/// would stand. NaN counts as the largest number. i64.
/// @throws ShapeError  if `sorted` is no vector (E646).
Tensor searchsorted(const Tensor& sorted, const Tensor& values, bool right = false,
                    Location where = Location::current());
/// The straight lines through the points (xp, fp) at x; before the first point and behind the last one their
/// f. Has gradients by all three.
/// @param xp  a vector in ascending order, with at least one element.
/// @param fp  a vector of that size.
/// @throws ShapeError  for others (E646).
Tensor interp(const Tensor& x, const Tensor& xp, const Tensor& fp, Location where = Location::current());
/// @}

}  // namespace chainrule
