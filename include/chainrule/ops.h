#pragma once

#include <climits>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <utility>
#include <vector>

#include "chainrule/tensor.h"

// Operations on tensors. Unless said otherwise they have NumPy's semantics, take f32 and f64, promote mixed
// dtypes as NumPy does and broadcast; numbers take the dtype of the tensor beside them (see Operand). Errors
// are thrown at the call and name the caller's line.
namespace chainrule {

/// Axes to reduce over: one, several, or (empty) all of them. Negative axes count from the end.
class Axes {
 public:
  Axes() = default;
  Axes(int axis) : count_(1) { axes_[0] = axis; }
  /// A bool here is a `keepdims` in the wrong place.
  template <std::same_as<bool> B>
  Axes(B) = delete;
  /// @throws ShapeError  for more than Shape::kMaxNdim axes (E013).
  Axes(std::initializer_list<int> axes) : Axes(std::span<const int>(axes.begin(), axes.size())) {}
  explicit Axes(std::span<const int> axes);
  Axes(const std::vector<int>& axes) : Axes(std::span<const int>(axes.data(), axes.size())) {}
  template <std::integral T>
  Axes(const std::vector<T>& axes) : Axes(std::vector<int>(as_ints(axes))) {}

  /// Numbers of axes as ints; one that is none becomes the largest, which no axis has.
  template <std::integral T>
  static std::vector<int> as_ints(const std::vector<T>& axes) {
    std::vector<int> ints;
    for (const T axis : axes) ints.push_back(std::in_range<int>(axis) ? static_cast<int>(axis) : INT_MAX);
    return ints;
  }

  std::span<const int> axes() const { return {axes_, static_cast<std::size_t>(count_)}; }

 private:
  int axes_[Shape::kMaxNdim] = {};
  int count_ = 0;
};

/// @name Arithmetic. Integer division gives f64.
/// @throws ShapeError  if the shapes do not broadcast (E011).
/// @throws DTypeError  for boolean operands (E015).
/// @{
Tensor operator+(const Operand& a, const Operand& b);
Tensor operator-(const Operand& a, const Operand& b);
Tensor operator*(const Operand& a, const Operand& b);
Tensor operator/(const Operand& a, const Operand& b);
Tensor operator-(const Operand& x);
/// a to the power b; integers become f64. The derivative by b needs a > 0; at a = 0 and b >= 0 it is taken as
/// 0.
Tensor pow(const Operand& a, const Operand& b);
/// What is left of a after taking off whole b's, with a's sign, as C's fmod. Integers modulo 0 give 0.
Tensor fmod(const Operand& a, const Operand& b);
/// The same with b's sign, as NumPy's mod and Python's %. Integers modulo 0 give 0.
Tensor remainder(const Operand& a, const Operand& b);
/// The largest whole number not above a / b. Integers stay integers, exact: divided by 0 they give 0, and the
/// smallest i64 divided by -1 wraps around. Numbers divided by 0 give what a / b gives. It lets no gradient
/// through, as floor.
Tensor floor_divide(const Operand& a, const Operand& b);
/// The larger or the smaller of two, NaN if either is. Where they are equal, each gets half the gradient.
Tensor maximum(const Operand& a, const Operand& b);
Tensor minimum(const Operand& a, const Operand& b);
/// The angle of the point (b, a) in radians, from -pi to pi. At (0, 0) its derivatives are NaN.
Tensor atan2(const Operand& a, const Operand& b);
/// @}

/// @name Comparisons. Results are boolean; any dtype, any comparison with NaN but not_equal is false.
/// @{
Tensor operator<(const Operand& a, const Operand& b);
Tensor operator<=(const Operand& a, const Operand& b);
Tensor operator>(const Operand& a, const Operand& b);
Tensor operator>=(const Operand& a, const Operand& b);
Tensor equal(const Operand& a, const Operand& b);
Tensor not_equal(const Operand& a, const Operand& b);
/// a where the condition holds, else b.
/// @param condition  boolean.
Tensor where(const Operand& condition, const Operand& a, const Operand& b);
/// Boolean results; of other dtypes, whatever is not 0 counts as true, NaN too.
Tensor logical_and(const Operand& a, const Operand& b);
Tensor logical_or(const Operand& a, const Operand& b);
Tensor logical_xor(const Operand& a, const Operand& b);
Tensor logical_not(const Operand& x);
/// @}

/// @name Elementwise functions. Integers become f64.
/// @{
/// e to the power x.
Tensor exp(const Tensor& x, Location where = Location::current());
/// exp(x) - 1 and log(1 + x), exact near zero.
Tensor expm1(const Tensor& x, Location where = Location::current());
Tensor log1p(const Tensor& x, Location where = Location::current());
/// Natural logarithm.
Tensor log(const Tensor& x, Location where = Location::current());
/// Square root; its slope at 0 is infinite, where that of norm is 0.
Tensor sqrt(const Tensor& x, Location where = Location::current());
/// 1 / sqrt(x).
Tensor rsqrt(const Tensor& x, Location where = Location::current());
/// x * x; integers stay integers.
Tensor square(const Tensor& x, Location where = Location::current());
/// 1 / x.
Tensor reciprocal(const Tensor& x, Location where = Location::current());
/// |x|, also of integers; its slope at 0 is 0, and square(abs(x)) has all derivatives of square(x).
Tensor abs(const Tensor& x, Location where = Location::current());
/// -1, 0 or 1, also of integers; NaN stays. This, floor, ceil and round are constant between their jumps:
/// they let no gradient through, and where all ways to a variable go through such, grad throws (E032).
Tensor sign(const Tensor& x, Location where = Location::current());
/// The largest whole number not above x. No gradient goes through, as of sign.
Tensor floor(const Tensor& x, Location where = Location::current());
/// The smallest whole number not below x. No gradient goes through, as of sign.
Tensor ceil(const Tensor& x, Location where = Location::current());
/// To the nearest whole number, halves to the even one. No gradient goes through, as of sign.
Tensor round(const Tensor& x, Location where = Location::current());
/// Sine of an angle in radians.
Tensor sin(const Tensor& x, Location where = Location::current());
/// Cosine of an angle in radians.
Tensor cos(const Tensor& x, Location where = Location::current());
/// Tangent of an angle in radians.
Tensor tan(const Tensor& x, Location where = Location::current());
/// The angle in radians, from -pi/2 to pi/2, whose sine is x; NaN for |x| > 1.
Tensor asin(const Tensor& x, Location where = Location::current());
/// The angle in radians, from 0 to pi, whose cosine is x; NaN for |x| > 1.
Tensor acos(const Tensor& x, Location where = Location::current());
/// The angle in radians, from -pi/2 to pi/2, whose tangent is x.
Tensor atan(const Tensor& x, Location where = Location::current());
/// Hyperbolic sine.
Tensor sinh(const Tensor& x, Location where = Location::current());
/// Hyperbolic cosine.
Tensor cosh(const Tensor& x, Location where = Location::current());
/// Hyperbolic tangent.
Tensor tanh(const Tensor& x, Location where = Location::current());
/// What has x as its hyperbolic sine.
Tensor asinh(const Tensor& x, Location where = Location::current());
/// What, from 0 on, has x as its hyperbolic cosine; NaN for x < 1.
Tensor acosh(const Tensor& x, Location where = Location::current());
/// What has x as its hyperbolic tangent; NaN for |x| > 1.
Tensor atanh(const Tensor& x, Location where = Location::current());
/// Error function: 2/sqrt(pi) times the integral of exp(-t^2) from 0 to x.
Tensor erf(const Tensor& x, Location where = Location::current());
/// @}

/// Held between two bounds; where they are crossed, the upper one. NaN stays. The slope at the bounds is 1.
Tensor clip(const Operand& x, const Operand& low, const Operand& high);

/// @name Activations. Integers become f64 where the formula needs it. NaN stays NaN, and infinities give the
/// limit.
/// @{
/// 1 / (1 + exp(-x)), exact at both ends.
Tensor sigmoid(const Tensor& x, Location where = Location::current());
/// log(sigmoid(x)), without underflow.
Tensor log_sigmoid(const Tensor& x, Location where = Location::current());
/// x where x > 0, else 0; its slope at 0 is 0.
Tensor relu(const Tensor& x, Location where = Location::current());
/// x where x > 0, else slope * x; its slope at 0 is `slope`.
Tensor leaky_relu(const Tensor& x, double slope = 0.01, Location where = Location::current());
/// x where x > 0, else alpha * (exp(x) - 1); its slope at 0 is alpha.
Tensor elu(const Tensor& x, double alpha = 1, Location where = Location::current());
/// elu scaled so that it keeps mean 0 and variance 1 (Klambauer et al. 2017); its slope at 0 is 1.7581.
Tensor selu(const Tensor& x, Location where = Location::current());
/// x times the normal distribution function: x (1 + erf(x / sqrt(2))) / 2 (Hendrycks and Gimpel 2016).
Tensor gelu(const Tensor& x, Location where = Location::current());
/// x * sigmoid(x), also called swish.
Tensor silu(const Tensor& x, Location where = Location::current());
/// log(1 + exp(x)), without overflow or underflow.
Tensor softplus(const Tensor& x, Location where = Location::current());
/// x / (1 + |x|).
Tensor softsign(const Tensor& x, Location where = Location::current());
/// alpha * x + beta held between 0 and 1, as in ONNX; its slope at both kinks is alpha.
Tensor hard_sigmoid(const Tensor& x, double alpha = 0.2, double beta = 0.5,
                    Location where = Location::current());
/// x * (x / 6 + 1/2 held between 0 and 1); its slope is 0 at -3 and 1.5 at 3.
Tensor hard_swish(const Tensor& x, Location where = Location::current());
/// x * tanh(softplus(x)) (Misra 2019).
Tensor mish(const Tensor& x, Location where = Location::current());
/// @}

/// The same numbers in another dtype, by the rule that stands at Number: what is out of range becomes the
/// nearest number that there is. Between floating dtypes, f16 and bf16 too, the gradient goes through it.
Tensor cast(const Tensor& x, DType dtype, Location where = Location::current());

/// @name Reductions. With `keepdims` the reduced axes stay with size 1.
/// @throws ShapeError  for an axis that is not there or stands twice (E013).
/// @{
/// Integers and booleans sum to i64.
Tensor sum(const Tensor& x, Axes axes = {}, bool keepdims = false, Location where = Location::current());
/// Integers and booleans give f64.
Tensor mean(const Tensor& x, Axes axes = {}, bool keepdims = false, Location where = Location::current());
/// Where several elements are the largest, each gets an equal share of the gradient.
/// @throws ShapeError  if there is no element to choose from (E024).
Tensor max(const Tensor& x, Axes axes = {}, bool keepdims = false, Location where = Location::current());
/// As max, for the smallest.
Tensor min(const Tensor& x, Axes axes = {}, bool keepdims = false, Location where = Location::current());
/// Integers and booleans give i64. Its derivatives are right with zeros among the factors, to any order: it
/// is a tree of products, in which nothing is divided.
Tensor prod(const Tensor& x, Axes axes = {}, bool keepdims = false, Location where = Location::current());
/// Mean squared distance from the mean, in two passes: mean first, so that a large mean costs no digits.
/// @param ddof  the sum of squares is divided by the number of elements less this (1: the unbiased estimate).
///              NaN or infinite where that leaves nothing to divide by.
Tensor var(const Tensor& x, Axes axes = {}, bool keepdims = false, int ddof = 0,
           Location where = Location::current());
/// The square root of var: standard deviation. Where it is 0 its derivative is taken as 0, and that of its
/// square is var's.
Tensor stddev(const Tensor& x, Axes axes = {}, bool keepdims = false, int ddof = 0,
              Location where = Location::current());
/// log(sum(exp(x))), without overflow.
Tensor logsumexp(const Tensor& x, Axes axes = {}, bool keepdims = false,
                 Location where = Location::current());
/// The length of the elements as one vector: the sum of magnitudes (order 1), the root of the sum of squares
/// (2), the largest magnitude (INFINITY). Over two axes as well: matrix norms are others.
///
/// At corners it takes a subgradient: 0 for elements that are 0 (order 1), 0 where all are (order 2), equal
/// shares of the largest (INFINITY). What is smooth nevertheless, square(norm(x)), has all derivatives there,
/// those of sum(square(x)): wherever the gradient by norm(x) is made as a multiple of norm(x), by products,
/// quotients and sums (not through matmul or other functions: there it stays flat). Neither values nor
/// gradients overflow on the way, whatever the size of x.
/// @throws ValueError  for another order (E100).
Tensor norm(const Tensor& x, double order = 2, Axes axes = {}, bool keepdims = false,
            Location where = Location::current());
/// Whether some element is not 0, or all are: boolean. NaN is not 0. Of nothing: false, and true.
Tensor any(const Tensor& x, Axes axes = {}, bool keepdims = false, Location where = Location::current());
Tensor all(const Tensor& x, Axes axes = {}, bool keepdims = false, Location where = Location::current());
/// The first place of the largest or smallest element along one axis, i64; that of the first NaN if there is
/// one.
/// @throws ShapeError  if the axis has no element (E024).
Tensor argmax(const Tensor& x, int axis = -1, bool keepdims = false, Location where = Location::current());
Tensor argmin(const Tensor& x, int axis = -1, bool keepdims = false, Location where = Location::current());
struct CumsumOptions {
  bool reverse = false;    ///< from the last element on
  bool exclusive = false;  ///< without the element itself: the first sum is 0
};
/// Sums of the elements up to each one along an axis, that one included. Integers and booleans sum to i64.
Tensor cumsum(const Tensor& x, int axis, CumsumOptions options = {}, Location where = Location::current());
/// @}

/// x as it is; computing it fails if an element is infinite or NaN, and names the first.
/// @throws ValueError  when evaluated, if an element is not finite (E147).
Tensor check_finite(const Tensor& x, Location where = Location::current());

/// @name Shapes. Any dtype.
/// @{
/// The same elements in row-major order; one size may be -1 and is worked out.
/// @throws ShapeError  if the number of elements differs, or nothing fits for -1 (E014).
Tensor reshape(const Tensor& x, std::span<const std::int64_t> sizes, Location where = Location::current());
Tensor reshape(const Tensor& x, std::initializer_list<std::int64_t> sizes,
               Location where = Location::current());
Tensor reshape(const Tensor& x, const Shape& shape, Location where = Location::current());
template <std::integral T>
Tensor reshape(const Tensor& x, const std::vector<T>& sizes, Location where = Location::current()) {
  return reshape(x, std::span<const std::int64_t>(std::vector<std::int64_t>(sizes.begin(), sizes.end())),
                 where);
}
/// @throws ShapeError  if x does not broadcast to the shape (E026).
Tensor broadcast_to(const Tensor& x, const Shape& shape, Location where = Location::current());
/// Axis i of the result is axis `axes[i]` of x.
/// @throws ShapeError  if `axes` is not a permutation of x's axes (E017).
Tensor permute(const Tensor& x, std::span<const int> axes, Location where = Location::current());
Tensor permute(const Tensor& x, std::initializer_list<int> axes, Location where = Location::current());
template <std::integral T>
Tensor permute(const Tensor& x, const std::vector<T>& axes, Location where = Location::current()) {
  return permute(x, std::span<const int>(Axes::as_ints(axes)), where);
}
/// The axes in reverse order, as NumPy's .T.
Tensor transpose(const Tensor& x, Location where = Location::current());
/// Two axes in each other's place, as NumPy's swapaxes.
Tensor transpose(const Tensor& x, int axis_a, int axis_b, Location where = Location::current());
/// New axes of size 1, at the given places in the result; of none, x itself.
Tensor expand_dims(const Tensor& x, Axes axes, Location where = Location::current());
/// Without the given axes, which have size 1, or without all axes of size 1.
/// @throws ShapeError  if the size of a given axis is another (E101).
Tensor squeeze(const Tensor& x, Axes axes = {}, Location where = Location::current());
/// The axes from `from_axis` on as one; a scalar becomes a vector of one element.
Tensor flatten(const Tensor& x, int from_axis = 0, Location where = Location::current());
/// The stop of a slice that goes backwards through the first element.
inline constexpr std::int64_t kBeforeFirst = INT64_MIN;
/// Elements start, start + step, ... before stop along one axis; negative places count from the end, as in
/// NumPy. With a negative step it goes backwards, and a stop below -size means through the first element:
/// slice(x, axis, -1, kBeforeFirst, -1) is NumPy's x[::-1].
/// @throws ShapeError  for an axis that is not there (E013).
/// @throws ValueError  for a step of 0 (E016).
Tensor slice(const Tensor& x, int axis, std::int64_t start, std::int64_t stop, std::int64_t step = 1,
             Location where = Location::current());
/// x[i] along an axis, which goes away.
/// @throws ShapeError  if there is no such place (E027).
Tensor select(const Tensor& x, std::int64_t i, int axis = 0, Location where = Location::current());
/// Zeros around and between the elements of one axis: `low` before, `high` after, `interior` between
/// neighbours.
/// @throws ValueError  for a negative amount (E018).
Tensor pad(const Tensor& x, int axis, std::int64_t low, std::int64_t high, std::int64_t interior = 0,
           Location where = Location::current());
/// How much to add before and after the elements of an axis.
struct PadWidth {
  std::int64_t low = 0, high = 0;
};
/// What to add: a number, the last element again, or what a mirror on the last element shows (again and
/// again where the width is larger than the axis).
enum class PadMode : std::uint8_t { constant, edge, reflect };
/// NumPy's pad: one width an axis, or one for all.
/// @param value  for PadMode::constant; a number or a scalar tensor, which then gets its gradient.
/// @throws ShapeError  if the number of widths is another (E102), or for edge and reflect of no element
/// (E103).
/// @throws ValueError  for a negative width (E018).
Tensor pad(const Tensor& x, std::span<const PadWidth> widths, PadMode mode = PadMode::constant,
           const Operand& value = 0, Location where = Location::current());
Tensor pad(const Tensor& x, std::initializer_list<PadWidth> widths, PadMode mode = PadMode::constant,
           const Operand& value = 0, Location where = Location::current());
/// The elements along the axes in reverse order.
Tensor flip(const Tensor& x, Axes axes = {}, Location where = Location::current());
/// Moved on by `shift` places along an axis; what leaves at the end enters at the start.
Tensor roll(const Tensor& x, std::int64_t shift, int axis, Location where = Location::current());
/// The tensor repeated `repeats[i]` times along axis i; the shorter of shape and repeats is filled up with 1
/// in front.
/// @throws ValueError  for a negative number (E104).
Tensor tile(const Tensor& x, std::span<const std::int64_t> repeats, Location where = Location::current());
Tensor tile(const Tensor& x, std::initializer_list<std::int64_t> repeats,
            Location where = Location::current());
template <std::integral T>
Tensor tile(const Tensor& x, const std::vector<T>& repeats, Location where = Location::current()) {
  return tile(x, std::span<const std::int64_t>(std::vector<std::int64_t>(repeats.begin(), repeats.end())),
              where);
}
/// The tensors one after another along an axis that they have; dtypes are promoted.
/// @throws ValueError  for no tensors (E105).
/// @throws ShapeError  if they differ along another axis (E106).
Tensor concatenate(std::span<const Tensor> tensors, int axis = 0, Location where = Location::current());
Tensor concatenate(std::initializer_list<Tensor> tensors, int axis = 0, Location where = Location::current());
/// The tensors one after another along a new axis; dtypes are promoted. Errors: see concatenate.
Tensor stack(std::span<const Tensor> tensors, int axis = 0, Location where = Location::current());
Tensor stack(std::initializer_list<Tensor> tensors, int axis = 0, Location where = Location::current());
/// Equal parts along an axis.
/// @throws ValueError  if the axis does not divide into so many (E107).
std::vector<Tensor> split(const Tensor& x, std::int64_t parts, int axis = 0,
                          Location where = Location::current());
/// The parts before, between and after the given places, as NumPy's split: {2, 5} gives [0, 2), [2, 5), [5,
/// end).
std::vector<Tensor> split(const Tensor& x, std::span<const std::int64_t> places, int axis = 0,
                          Location where = Location::current());
std::vector<Tensor> split(const Tensor& x, std::initializer_list<std::int64_t> places, int axis = 0,
                          Location where = Location::current());
template <std::integral T>
std::vector<Tensor> split(const Tensor& x, const std::vector<T>& places, int axis = 0,
                          Location where = Location::current()) {
  return split(x, std::span<const std::int64_t>(std::vector<std::int64_t>(places.begin(), places.end())),
               axis, where);
}
/// @}

/// @name Elements by number. Indices are i64, i32 or u8; negative ones count from the end.
/// @throws DTypeError  for other indices (E015).
/// @throws ShapeError  for shapes that do not fit (E108).
/// @throws ValueError  when evaluated, if an index is out of range: names the first (E109).
/// @{
/// Slices of x along an axis.
/// @param indices  any shape I; it takes the axis's place: x's shape before the axis + I + x's shape after
/// it.
Tensor take(const Tensor& x, const Tensor& indices, int axis = 0, Location where = Location::current());
/// y[i, j, k] = x[i, indices[i, j, k], k] for axis 1, and so on; the other axes broadcast.
/// @param indices  as many axes as x.
Tensor take_along_axis(const Tensor& x, const Tensor& indices, int axis,
                       Location where = Location::current());
/// x with updates added where take_along_axis would read: x[i, indices[i, j, k], k] += updates[i, j, k].
/// Indices may repeat: each update counts. They are added in row-major order.
/// @param updates  the shape of the indices.
Tensor scatter_add(const Tensor& x, const Tensor& indices, const Tensor& updates, int axis,
                   Location where = Location::current());
/// x with slices added where take would read, as np.add.at. Indices may repeat.
/// @param updates  the shape of take(x, indices, axis).
Tensor index_add(const Tensor& x, const Tensor& indices, const Tensor& updates, int axis = 0,
                 Location where = Location::current());
/// @}

/// @name Order along an axis. NaN counts as the largest number; equal elements keep their order.
/// @{
Tensor sort(const Tensor& x, int axis = -1, bool descending = false, Location where = Location::current());
/// The places, i64, from which sort takes its elements.
Tensor argsort(const Tensor& x, int axis = -1, bool descending = false, Location where = Location::current());
struct TopK {
  Tensor values, indices;
};
/// The first `count` of the sorted elements and their places: the largest ones, largest first, or the
/// smallest.
/// @throws ValueError  for a negative count or one above the axis's size (E110).
TopK topk(const Tensor& x, std::int64_t count, int axis = -1, bool largest = true,
          Location where = Location::current());
/// @}

/// Matrix product over the last two axes; axes before them broadcast. A vector counts as a row on the left,
/// as a column on the right, as in NumPy.
/// Of integers it is exact, as NumPy's: i64, which wraps around.
/// @param a  shape (..., M, K) or (K).
/// @param b  shape (..., K, N) or (K).
/// @throws ShapeError  if the inner sizes differ (E012) or the other axes do not broadcast (E025).
Tensor matmul(const Tensor& a, const Tensor& b, Location where = Location::current());

/// exp(x) / sum(exp(x)) along an axis, without overflow. The last axis costs least: others are turned there.
Tensor softmax(const Tensor& x, int axis = -1, Location where = Location::current());
/// x - logsumexp(x) along an axis: the logarithm of softmax without the rounding of softmax.
Tensor log_softmax(const Tensor& x, int axis = -1, Location where = Location::current());
/// 1 at each class number, else 0; a number that is no class has no 1.
/// @param classes  i64, i32 or u8, any shape S.
/// @param axis     the place of the new axis in the result.
/// @return  shape S with `count` inserted at the axis: S + (count) unless it is given.
/// @throws DTypeError  for other classes (E015).
Tensor one_hot(const Tensor& classes, std::int64_t count, DType dtype = f32, int axis = -1,
               Location where = Location::current());

}  // namespace chainrule
