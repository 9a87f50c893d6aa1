#include "chainrule/linalg.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "chainrule/error.h"
#include "chainrule/grad.h"
#include "chainrule/ops.h"
#include "chainrule/random_tensor.h"
#include "core/thread_pool.h"

namespace chainrule {
namespace {

using Values = std::vector<double>;

void expect_near(const Tensor& got, const Tensor& expected, double tolerance = 1e-12) {
  ASSERT_EQ(got.shape(), expected.shape());
  const Values a = got.to_vector(), b = expected.to_vector();
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], tolerance) << i;
}

Tensor random_matrix(const Shape& shape, std::uint64_t seed, DType dtype = f64) {
  return normal(shape, {seed}, 0, 1, dtype);
}
Tensor mirrored(const Tensor& x) { return transpose(x, -1, -2); }

TEST(Dot, IsNumpys) {
  const Tensor v = tensor({1, 2, 3}, f64), m = tensor({1, 2, 3, 4, 5, 6}, {2, 3}, f64);
  EXPECT_EQ(dot(v, v).item(), 14);
  EXPECT_EQ(dot(m, v).to_vector(), (Values{14, 32}));
  EXPECT_EQ(dot(m, transpose(m)).to_vector(), (Values{14, 32, 32, 77}));
  EXPECT_EQ(dot(scalar(2, f64), v).to_vector(), (Values{2, 4, 6}));
  // dot(a, b)[i, j, k, m] = sum(a[i, j, :] * b[k, :, m]), the formula of NumPy's documentation.
  const Tensor a = random_matrix({2, 3, 4}, 1), b = random_matrix({5, 4, 6}, 2);
  expect_near(dot(a, b), einsum("ijl,klm->ijkm", {a, b}));
  EXPECT_EQ(dot(a, b).shape(), Shape({2, 3, 5, 6}));
  EXPECT_THROW(dot(v, tensor({1, 2}, f64)), ShapeError);
  EXPECT_THROW(dot(a, random_matrix({5, 3, 6}, 2)), ShapeError);
}

TEST(Outer, FlattensBothSides) {
  EXPECT_EQ(outer(tensor({1, 2}, {2, 1}, f64), tensor({3, 4, 5}, f64)).to_vector(),
            (Values{3, 4, 5, 6, 8, 10}));
}

TEST(Triangles, AndDiagonals) {
  const Tensor m = tensor({1, 2, 3, 4, 5, 6}, {2, 3}, f64);
  EXPECT_EQ(diagonal(m).to_vector(), (Values{1, 5}));
  EXPECT_EQ(diagonal(transpose(m)).to_vector(), (Values{1, 5}));
  EXPECT_EQ(trace(m).item(), 6);
  EXPECT_EQ(tril(m).to_vector(), (Values{1, 0, 0, 4, 5, 0}));
  EXPECT_EQ(tril(m, 1).to_vector(), (Values{1, 2, 0, 4, 5, 6}));
  EXPECT_EQ(triu(m).to_vector(), (Values{1, 2, 3, 0, 5, 6}));
  EXPECT_EQ(triu(m, 2).to_vector(), (Values{0, 0, 3, 0, 0, 0}));
  EXPECT_EQ(triu(tensor({1, 2, 3, 4}, {2, 2}, i64)).dtype(), i64);
  EXPECT_EQ(eye(2, 3).to_vector(), (Values{1, 0, 0, 0, 1, 0}));
  EXPECT_EQ(diagonal(zeros({0, 0})).shape(), Shape({0}));
  EXPECT_THROW(diagonal(zeros({3})), ShapeError);
}

// 2 x + y = 5, x + 3 y = 10: x = 1, y = 3.
TEST(Solve, OfNumbersByHand) {
  const Tensor a = tensor({2, 1, 1, 3}, {2, 2}, f64);
  expect_near(solve(a, tensor({5, 10}, f64)), tensor({1, 3}, f64));
  expect_near(inverse(a), tensor({0.6, -0.2, -0.2, 0.4}, {2, 2}, f64));
  EXPECT_NEAR(determinant(a).item(), 5, 1e-15);
  expect_near(solve(tensor({2, 1, 1, 3}, {2, 2}, i64), tensor({5, 10}, i64)), tensor({1, 3}, f64));
}

TEST(Solve, BatchesBroadcast) {
  const Tensor a = random_matrix({3, 1, 4, 4}, 3) + 3 * eye(4, 4, f64), b = random_matrix({2, 4, 5}, 4);
  const Tensor x = solve(a, b);
  EXPECT_EQ(x.shape(), Shape({3, 2, 4, 5}));
  expect_near(matmul(a, x), broadcast_to(b, {3, 2, 4, 5}));
  expect_near(matmul(a, expand_dims(solve(a, tensor({1, 2, 3, 4}, f64)), -1)),
              broadcast_to(tensor({1, 2, 3, 4}, {4, 1}, f64), {3, 1, 4, 1}));
}

TEST(Decompositions, MultiplyToWhatTheyWereMadeFrom) {
  for (const std::int64_t n : {1, 2, 7, 50, 200}) {
    const double rounding = 1e-14 * static_cast<double>(n * n);
    const Tensor a = random_matrix({n, n}, 5) + 2 * std::sqrt(static_cast<double>(n)) * eye(n, n, f64);
    expect_near(matmul(a, inverse(a)), eye(n, n, f64), rounding);
    const Tensor s = matmul(a, mirrored(a)), l = cholesky(s);
    expect_near(matmul(l, mirrored(l)), s, rounding * static_cast<double>(n));
    expect_near(l, tril(l), 0);
    const QR parts = qr(a);
    expect_near(matmul(parts.q, parts.r), a, rounding);
    expect_near(matmul(mirrored(parts.q), parts.q), eye(n, n, f64), rounding);
    expect_near(parts.r, triu(parts.r), 0);
    for (const double value : diagonal(parts.r).to_vector()) EXPECT_GE(value, 0);
  }
}

TEST(Qr, OfTallAndWideMatrices) {
  for (const Shape& shape : {Shape{6, 3}, Shape{3, 6}, Shape{2, 5, 4}, Shape{2, 0}, Shape{0, 3}}) {
    const Tensor a = random_matrix(shape, 6);
    const QR parts = qr(a);
    const std::int64_t k = std::min(a.size(-1), a.size(-2));
    EXPECT_EQ(parts.q.size(-1), k);
    EXPECT_EQ(parts.r.size(-2), k);
    expect_near(matmul(parts.q, parts.r), a);
  }
}

TEST(Determinant, OfManyKinds) {
  EXPECT_EQ(determinant(zeros({0, 0}, f64)).item(), 1);
  EXPECT_EQ(determinant(zeros({2, 3, 3}, f64)).to_vector(), (Values{0, 0}));
  EXPECT_EQ(determinant(tensor({0, 1, 1, 0}, {2, 2}, f64)).item(), -1);
  const Tensor a = random_matrix({4, 4}, 7), b = random_matrix({4, 4}, 8);
  EXPECT_NEAR(determinant(matmul(a, b)).item(), determinant(a).item() * determinant(b).item(), 1e-12);
  const SignAndLog log = log_determinant(stack({a, b}));
  expect_near(log.sign * exp(log.logarithm), determinant(stack({a, b})));
  // 10^400 does not fit into an f64.
  EXPECT_NEAR(log_determinant(1e4 * eye(100, 100, f64)).logarithm.item(), 400 * std::log(10), 1e-10);
}

/// Largest |a - b| as a part of the largest |b|.
double apart(const Tensor& a, const Tensor& b) {
  EXPECT_EQ(a.shape(), b.shape());
  const Values x = cast(a, f64).to_vector(), y = cast(b, f64).to_vector();
  double difference = 0, size = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (!std::isfinite(x[i])) return HUGE_VAL;
    difference = std::max(difference, std::abs(x[i] - y[i]));
    size = std::max(size, std::abs(y[i]));
  }
  return difference / size;
}

struct Scale {
  DType dtype;
  double by, tolerance;
};

/// Numbers whose squares leave the range of their dtype, or that are near its ends.
const Scale kScales[] = {{f64, 1e-305, 1e-14}, {f64, 1e-200, 1e-14}, {f64, 1e-155, 1e-14}, {f64, 1, 1e-14},
                         {f64, 1e154, 1e-14},  {f64, 1e200, 1e-14},  {f64, 1e307, 1e-14},  {f32, 1e-36, 1e-6},
                         {f32, 1e-20, 1e-6},   {f32, 1, 1e-6},       {f32, 1e19, 1e-6},    {f32, 1e37, 1e-6}};

// s a for a of small whole numbers: what is known of a is known of s a.
TEST(LinearAlgebra, OfNumbersOfAnySize) {
  const Tensor whole = tensor({3, 1, 4, 2}, {2, 2}, f64), b = tensor({1, 1}, f64);  // determinant 2
  for (const Scale& s : kScales) {
    SCOPED_TRACE(s.by);
    const Tensor a = cast(s.by * whole, s.dtype);
    // q = [[3, -4], [4, 3]] / 5, r = [[25, 11], [0, 2]] / 5.
    const QR parts = qr(a);
    EXPECT_LT(apart(parts.q, tensor({0.6, -0.8, 0.8, 0.6}, {2, 2}, f64)), s.tolerance);
    EXPECT_LT(apart(cast(parts.r, f64) / s.by, tensor({5, 2.2, 0, 0.4}, {2, 2}, f64)), s.tolerance);
    // 3 x + y = 1, 4 x + 2 y = 1: x = 1/2, y = -1/2.
    const Tensor right = cast(s.by * b, s.dtype), x = tensor({0.5, -0.5}, f64);
    EXPECT_LT(apart(lstsq(a, right), x), 4 * s.tolerance);
    EXPECT_LT(apart(solve(a, right), x), 4 * s.tolerance);
    const Tensor tall = concatenate({a, a}), longer = concatenate({right, right});
    EXPECT_LT(apart(lstsq(tall, longer), x), 4 * s.tolerance);
    // The shortest solution of 3 x + 4 y = 5 is (3, 4) / 5.
    const Tensor wide = cast(s.by * tensor({3, 4}, {1, 2}, f64), s.dtype);
    EXPECT_LT(apart(lstsq(wide, cast(s.by * tensor({5}, f64), s.dtype)), tensor({0.6, 0.8}, f64)),
              s.tolerance);
    const SignAndLog log = log_determinant(a);
    EXPECT_EQ(log.sign.item(), 1);
    EXPECT_NEAR(log.logarithm.item(), std::log(2) + 2 * std::log(s.by), s.tolerance * 1500);
    // a^-1 = [[2, -1], [-4, 3]] / 2, the gradient of log|det a| is its transpose.
    const Tensor inverted = tensor({1, -0.5, -2, 1.5}, {2, 2}, f64);
    EXPECT_LT(apart(cast(inverse(a), f64) * s.by, inverted), s.tolerance * 4);
    const Tensor of_log = grad(log_determinant(a).logarithm, a);
    EXPECT_LT(apart(cast(of_log, f64) * s.by, mirrored(inverted)), s.tolerance * 4);
    // The determinant itself may be out of range, what it changes by is not.
    const Tensor cofactors = grad(determinant(a), a);
    EXPECT_LT(apart(cast(cofactors, f64) / s.by, 2 * mirrored(inverted)), s.tolerance * 4);
    // Its second derivatives are 1, -1 and 0.
    const Tensor second = hessian(determinant(a), a);
    EXPECT_LT(apart(reshape(second, {4, 4}),
                    tensor({0, 0, 0, 1, 0, 0, -1, 0, 0, -1, 0, 0, 1, 0, 0, 0}, {4, 4}, f64)),
              s.tolerance * 8);
    // [[4, 2], [2, 5]] = l l^T with l = [[2, 0], [1, 2]].
    const Tensor positive = cast(s.by * tensor({4, 2, 2, 5}, {2, 2}, f64), s.dtype);
    EXPECT_LT(apart(cast(cholesky(positive), f64) / std::sqrt(s.by), tensor({2, 0, 1, 2}, {2, 2}, f64)),
              s.tolerance);
  }
}

// Two columns of different size, and numbers whose product is in range though parts of it are not.
TEST(LinearAlgebra, OfNumbersOfDifferentSizes) {
  const Tensor columns = tensor({3e-200, 1e180, 4e-200, 2e180}, {2, 2}, f64);
  EXPECT_LT(apart(qr(columns).q, tensor({0.6, -0.8, 0.8, 0.6}, {2, 2}, f64)), 1e-14);
  expect_near(lstsq(columns, tensor({4, 6}, f64)) * tensor({1e-200, 1e180}, f64), tensor({1, 1}, f64), 1e-13);
  const Tensor product = tensor({1e200, 1e200, 1e-200, 1e-200}, f64) * eye(4, 4, f64);
  EXPECT_NEAR(determinant(product).item(), 1, 1e-15);
  EXPECT_NEAR(log_determinant(product).logarithm.item(), 0, 1e-12);
  // The smallest numbers have no reciprocal.
  const Tensor tiny = tensor({5e-320, 1}, f64) * eye(2, 2, f64);
  EXPECT_EQ(solve(tiny, tensor({5e-320, 2}, f64)).to_vector(), (Values{1, 2}));
  EXPECT_EQ(solve(1e308 * eye(2, 2, f64), tensor({1e308, 5e307}, f64)).to_vector(), (Values{1, 0.5}));
}

TEST(LogDeterminant, OfSingularMatrices) {
  // slogdet of NumPy gives 0 and -inf.
  for (const Tensor& a : {tensor({1, 2, 2, 4}, {2, 2}, f64), zeros({3, 3}, f64), zeros({1, 1}, f32)}) {
    const SignAndLog log = log_determinant(a);
    EXPECT_EQ(log.sign.item(), 0);
    EXPECT_FALSE(std::signbit(log.sign.item()));
    EXPECT_EQ(log.logarithm.item(), -HUGE_VAL);
  }
  const SignAndLog none = log_determinant(zeros({0, 0}, f64));
  EXPECT_EQ(none.sign.item(), 1);
  EXPECT_EQ(none.logarithm.item(), 0);
  const SignAndLog nan = log_determinant(tensor({NAN, 1, 1, 1}, {2, 2}, f64));
  EXPECT_TRUE(std::isnan(nan.sign.item()) && std::isnan(nan.logarithm.item()));
  // Near 1 no digits are lost: log(1 + 1e-10).
  EXPECT_NEAR(log_determinant(tensor({1 + 1e-10}, {1, 1}, f64)).logarithm.item(), std::log1p(1e-10), 1e-17);
  EXPECT_NEAR(log_determinant(tensor({1 - 1e-10}, {1, 1}, f64)).logarithm.item(), std::log1p(-1e-10), 1e-17);
}

TEST(Cholesky, GradientIsSymmetric) {
  const Tensor x = random_matrix({3, 3}, 9), a = matmul(x, mirrored(x)) + eye(3, 3, f64);
  const Tensor g = grad(sum(cholesky(a)), a);
  expect_near(g, mirrored(g), 1e-15);
}

// The normal equations a^T (a x - b) = 0 hold for the least squares; the shortest solution lies in the space
// of a's rows, where x = a^T (a a^T)^-1 b.
TEST(Lstsq, SolvesBothShapes) {
  const Tensor a = random_matrix({20, 4}, 10), b = random_matrix({20, 3}, 11);
  expect_near(matmul(mirrored(a), matmul(a, lstsq(a, b)) - b), zeros({4, 3}, f64));
  const Tensor wide = mirrored(a), c = tensor({1, 2, 3, 4}, f64);
  expect_near(lstsq(wide, c), matmul(a, solve(matmul(wide, a), c)));
  // y = 1 + 2 t through (0, 1), (1, 3), (2, 5).
  expect_near(lstsq(tensor({1, 0, 1, 1, 1, 2}, {3, 2}, f64), tensor({1, 3, 5}, f64)), tensor({1, 2}, f64));
}

TEST(LinearAlgebra, HasTheSameBitsOnAnyNumberOfThreads) {
  const Tensor a = random_matrix({40, 30, 30}, 12, f32);
  const int threads = num_threads();
  set_num_threads(1);
  const Values one = inverse(a).to_vector();
  set_num_threads(3);
  EXPECT_EQ(inverse(a).to_vector(), one);
  set_num_threads(threads);
}

void expect_error(int code, const std::string& part, const std::function<void()>& f) {
  try {
    f();
    ADD_FAILURE() << "no error " << code;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
  }
}

TEST(LinearAlgebra, NamesWhatIsWrong) {
  const Tensor singular = stack({eye(2, 2, f64), tensor({1, 2, 2, 4}, {2, 2}, f64)});
  expect_error(112, "[inverse] matrix 1 is singular", [&] { inverse(singular).to_vector(); });
  expect_error(112, "[solve] matrix 1 is singular", [&] { solve(singular, ones({2}, f64)).to_vector(); });
  expect_error(112, "[determinant] matrix 1 is singular",
               [&] { grad(sum(determinant(singular)), singular).to_vector(); });
  expect_error(112, "[log_determinant] matrix 1 is singular",
               [&] { grad(sum(log_determinant(singular).logarithm), singular).to_vector(); });
  expect_error(112, "[lstsq] matrix 0 has not full rank", [&] {
    lstsq(tensor({1, 1, 2, 2, 3, 3}, {3, 2}, f64), ones({3}, f64)).to_vector();
  });
  expect_error(32, "[determinant_sign] has no derivative",
               [&] { grad(sum(log_determinant(singular).sign), singular); });
  expect_error(113, "its first 2 x 2 elements", [&] {
    cholesky(tensor({1, 2, 2, 1}, {2, 2}, f64)).to_vector();
  });
  expect_error(113, "its first 1 x 1 elements", [&] { cholesky(tensor({NAN}, {1, 1}, f64)).to_vector(); });
  expect_error(111, "is not square", [] { inverse(zeros({2, 3})); });
  expect_error(111, "is not square", [] { cholesky(zeros({2, 3})); });
  expect_error(111, "need 2 rows", [] { solve(zeros({2, 2}), zeros({3})); });
  expect_error(111, "is a scalar", [] { solve(zeros({2, 2}), scalar(1)); });
  expect_error(111, "is no matrix", [] { qr(zeros({3})); });
}

// The second column is a multiple of the first: by rounding alone it has a part of its own.
TEST(Qr, HasNoGradientWhereColumnsDependOnEachOther) {
  for (const DType dtype : {f32, f64}) {
    for (const double size : {1e-30, 1.0, 1e30}) {
      const Tensor a = cast(size * tensor({0.1, 0.3, 0.7, 2.1, 0.9, 2.7}, {3, 2}, f64), dtype);
      expect_error(112, "[qr] matrix 0 has not full rank", [&] { grad(sum(qr(a).q), a).to_vector(); });
      expect_error(112, "[qr] matrix 0 has not full rank", [&] { grad(sum(qr(a).r), a).to_vector(); });
      expect_error(112, "[lstsq] matrix 0 has not full rank",
                   [&] { lstsq(a, ones({3}, dtype)).to_vector(); });
    }
  }
  // Columns of different size do not depend on each other for that.
  const Tensor a = tensor({1, 1e-20, 2, 0}, {2, 2}, f64);
  for (const double slope : grad(sum(qr(a).q), a).to_vector()) EXPECT_TRUE(std::isfinite(slope));
}

// On other threads too, and the first of several.
TEST(LinearAlgebra, NamesTheFirstOfManyMatrices) {
  const int threads = num_threads();
  set_num_threads(3);
  const Tensor number = arange(400, f64), good = eye(20, 20, f64) + 0.01 * random_matrix({400, 20, 20}, 13);
  const Tensor a = where(expand_dims(expand_dims(number < 137, -1), -1), good, 0.0);
  for (int i = 0; i < 20; ++i) {
    expect_error(112, "[inverse] matrix 137 is singular. Called from linalg_test.cpp",
                 [&] { inverse(a).to_vector(); });
    expect_error(113, "[cholesky] matrix 137 is not positive definite: its first 1 x 1", [&] {
      cholesky(where(expand_dims(expand_dims(number < 137, -1), -1), eye(20, 20, f64), 0.0)).to_vector();
    });
  }
  set_num_threads(threads);
}

}  // namespace
}  // namespace chainrule
