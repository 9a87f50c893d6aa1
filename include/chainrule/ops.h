#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>

#include "chainrule/tensor.h"

// Operations on tensors. Unless said otherwise they have NumPy's semantics, take f32 and f64, promote mixed
// dtypes as NumPy does and broadcast. Errors are thrown at the call and name the caller's line.
namespace chainrule {

/// Axes to reduce over: one, several, or (empty) all of them. Negative axes count from the end.
class Axes {
 public:
  Axes() = default;
  Axes(int axis) : count_(1) { axes_[0] = axis; }
  /// @throws ShapeError  for more than Shape::kMaxNdim axes (E013).
  Axes(std::initializer_list<int> axes) : Axes(std::span(axes.begin(), axes.size())) {}
  explicit Axes(std::span<const int> axes);

  std::span<const int> axes() const { return {axes_, static_cast<std::size_t>(count_)}; }

 private:
  int axes_[Shape::kMaxNdim] = {};
  int count_ = 0;
};

/// @name Arithmetic. Integer division gives f64.
/// @throws ShapeError  if the shapes do not broadcast (E011).
/// @throws DTypeError  for boolean operands (E015).
/// @{
Tensor operator+(Operand a, Operand b);
Tensor operator-(Operand a, Operand b);
Tensor operator*(Operand a, Operand b);
Tensor operator/(Operand a, Operand b);
Tensor operator-(Operand x);
/// a to the power b; integers become f64. The derivative by b needs a > 0; at a = 0 and b >= 0 it is taken as
/// 0.
Tensor pow(Operand a, Operand b);
/// What is left of a after taking off whole b's, with a's sign, as C's fmod. Integers modulo 0 give 0.
Tensor fmod(Operand a, Operand b);
/// The larger or the smaller of two, NaN if either is. Where they are equal, each gets half the gradient.
Tensor maximum(Operand a, Operand b);
Tensor minimum(Operand a, Operand b);
/// The angle of the point (b, a) in radians, from -pi to pi. At (0, 0) its derivatives are NaN.
Tensor atan2(Operand a, Operand b);
/// @}

/// @name Comparisons. Results are boolean; any dtype, any comparison with NaN but not_equal is false.
/// @{
Tensor operator<(Operand a, Operand b);
Tensor operator<=(Operand a, Operand b);
Tensor operator>(Operand a, Operand b);
Tensor operator>=(Operand a, Operand b);
Tensor equal(Operand a, Operand b);
Tensor not_equal(Operand a, Operand b);
/// a where the condition holds, else b.
/// @param condition  boolean.
Tensor where(Operand condition, Operand a, Operand b);
/// Boolean results; of other dtypes, whatever is not 0 counts as true, NaN too.
Tensor logical_and(Operand a, Operand b);
Tensor logical_or(Operand a, Operand b);
Tensor logical_xor(Operand a, Operand b);
Tensor logical_not(Operand x);
/// @}

/// @name Elementwise functions. Integers become f64.
/// @{
Tensor exp(const Tensor& x, Location where = Location::current());
/// exp(x) - 1 and log(1 + x), exact near zero.
Tensor expm1(const Tensor& x, Location where = Location::current());
Tensor log1p(const Tensor& x, Location where = Location::current());
/// Natural logarithm.
Tensor log(const Tensor& x, Location where = Location::current());
Tensor sqrt(const Tensor& x, Location where = Location::current());
/// 1 / sqrt(x).
Tensor rsqrt(const Tensor& x, Location where = Location::current());
/// x * x; integers stay integers.
Tensor square(const Tensor& x, Location where = Location::current());
/// 1 / x.
Tensor reciprocal(const Tensor& x, Location where = Location::current());
/// |x|, also of integers; its slope at 0 is 0.
Tensor abs(const Tensor& x, Location where = Location::current());
/// -1, 0 or 1, also of integers; NaN stays. This and the next three are constant between their jumps: to
/// differentiate them is an error (E032).
Tensor sign(const Tensor& x, Location where = Location::current());
Tensor floor(const Tensor& x, Location where = Location::current());
Tensor ceil(const Tensor& x, Location where = Location::current());
/// To the nearest whole number, halves to the even one.
Tensor round(const Tensor& x, Location where = Location::current());
/// Angles are in radians.
Tensor sin(const Tensor& x, Location where = Location::current());
Tensor cos(const Tensor& x, Location where = Location::current());
Tensor tan(const Tensor& x, Location where = Location::current());
Tensor asin(const Tensor& x, Location where = Location::current());
Tensor acos(const Tensor& x, Location where = Location::current());
Tensor atan(const Tensor& x, Location where = Location::current());
Tensor sinh(const Tensor& x, Location where = Location::current());
Tensor cosh(const Tensor& x, Location where = Location::current());
Tensor tanh(const Tensor& x, Location where = Location::current());
Tensor asinh(const Tensor& x, Location where = Location::current());
Tensor acosh(const Tensor& x, Location where = Location::current());
Tensor atanh(const Tensor& x, Location where = Location::current());
/// Error function: 2/sqrt(pi) times the integral of exp(-t^2) from 0 to x.
Tensor erf(const Tensor& x, Location where = Location::current());
/// @}

/// Held between two bounds; where they are crossed, the upper one. NaN stays. The slope at the bounds is 1.
Tensor clip(Operand x, Operand low, Operand high);

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

/// The same numbers in another dtype; towards zero from floating to integer, nonzero is true.
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
/// The first place of the largest element along one axis, i64.
/// @throws ShapeError  if the axis has no element (E024).
Tensor argmax(const Tensor& x, int axis = -1, Location where = Location::current());
/// log(sum(exp(x))) along the last axis, without overflow.
Tensor logsumexp(const Tensor& x, bool keepdims = false, Location where = Location::current());
/// @}

/// @name Shapes. Any dtype.
/// @{
/// The same elements in row-major order; one size may be -1 and is worked out.
/// @throws ShapeError  if the number of elements differs (E014).
Tensor reshape(const Tensor& x, std::span<const std::int64_t> sizes, Location where = Location::current());
Tensor reshape(const Tensor& x, std::initializer_list<std::int64_t> sizes,
               Location where = Location::current());
Tensor reshape(const Tensor& x, const Shape& shape, Location where = Location::current());
/// @throws ShapeError  if x does not broadcast to the shape (E026).
Tensor broadcast_to(const Tensor& x, const Shape& shape, Location where = Location::current());
/// Axis i of the result is axis `axes[i]` of x.
/// @throws ShapeError  if `axes` is not a permutation of x's axes (E017).
Tensor permute(const Tensor& x, std::initializer_list<int> axes, Location where = Location::current());
/// The axes in reverse order, as NumPy's .T.
Tensor transpose(const Tensor& x, Location where = Location::current());
/// A new axis of size 1.
Tensor expand_dims(const Tensor& x, int axis, Location where = Location::current());
/// Elements start, start + step, ... before stop along one axis; negative places count from the end, as in
/// NumPy.
/// @throws ShapeError  for an axis that is not there (E013).
/// @throws ValueError  for a step below 1 (E016).
Tensor slice(const Tensor& x, int axis, std::int64_t start, std::int64_t stop, std::int64_t step = 1,
             Location where = Location::current());
/// x[i] along the first axis, which goes away.
/// @throws ShapeError  if there is no such place (E027).
Tensor select(const Tensor& x, std::int64_t i, Location where = Location::current());
/// Zeros around and between the elements of one axis: `low` before, `high` after, `interior` between
/// neighbours.
/// @throws ValueError  for a negative amount (E018).
Tensor pad(const Tensor& x, int axis, std::int64_t low, std::int64_t high, std::int64_t interior = 0,
           Location where = Location::current());
/// @}

/// Matrix product over the last two axes; axes before them broadcast. A vector counts as a row on the left,
/// as a column on the right, as in NumPy.
/// @param a  shape (..., M, K) or (K).
/// @param b  shape (..., K, N) or (K).
/// @throws ShapeError  if the inner sizes differ (E012) or the other axes do not broadcast (E025).
Tensor matmul(const Tensor& a, const Tensor& b, Location where = Location::current());

/// exp(x) / sum(exp(x)) along the last axis, without overflow.
Tensor softmax(const Tensor& x, Location where = Location::current());
/// x - logsumexp(x) along the last axis: the logarithm of softmax without the rounding of softmax.
Tensor log_softmax(const Tensor& x, Location where = Location::current());
/// 1 at each class number, else 0.
/// @param classes  i64 or u8, any shape S.
/// @return  shape S + (count).
Tensor one_hot(const Tensor& classes, std::int64_t count, DType dtype = f32,
               Location where = Location::current());

/// Mean softmax cross-entropy over a batch, in nats.
///
/// loss = (1/N) sum_n [ logsumexp(z_n) - z_{n, t_n} ]   (Goodfellow et al. 2016, eq. 6.30; shifted by the
/// maximum)
/// @param logits   z, shape (N, C), f32 or f64, before softmax.
/// @param targets  t, shape (N), i64 or u8 class numbers in [0, C), or probabilities (N, C) such as one-hot
/// rows.
/// @return  Scalar. Its gradient to logits is (softmax(z) - one_hot(t)) / N.
/// @throws ShapeError  if the batch sizes differ (E021).
/// @throws ValueError  when evaluated, if a target is outside [0, C): names the first bad row (E022).
Tensor softmax_cross_entropy(const Tensor& logits, const Tensor& targets,
                             Location where = Location::current());

}  // namespace chainrule
