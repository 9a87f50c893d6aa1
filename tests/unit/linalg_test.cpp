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
  expect_error(112, "matrix 1 is singular", [&] { inverse(singular).to_vector(); });
  expect_error(112, "matrix 0 is singular", [&] {
    const Tensor a = tensor({1, 2, 2, 4}, {2, 2}, f64);
    grad(determinant(a), a).to_vector();
  });
  expect_error(112, "not full rank", [&] {
    lstsq(tensor({1, 1, 2, 2, 3, 3}, {3, 2}, f64), ones({3}, f64)).to_vector();
  });
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

}  // namespace
}  // namespace chainrule
