// Singular values, and least squares of any rank.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "chainrule/error.h"
#include "chainrule/grad.h"
#include "chainrule/linalg.h"
#include "chainrule/ops.h"
#include "chainrule/random_tensor.h"
#include "core/thread_pool.h"

namespace chainrule {
namespace {

using Values = std::vector<double>;

void expect_near(const Tensor& got, const Tensor& expected, double tolerance = 1e-13) {
  ASSERT_EQ(got.shape(), expected.shape());
  const Values a = cast(got, f64).to_vector(), b = cast(expected, f64).to_vector();
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], tolerance) << i;
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

Tensor random_matrix(const Shape& shape, std::uint64_t seed) { return normal(shape, {seed}, 0, 1, f64); }
Tensor mirrored(const Tensor& x) { return transpose(x, -1, -2); }
Tensor product(const SVD& x) { return matmul(x.u * expand_dims(x.s, -2), x.vt); }

/// Of rank 3, and of rank 2: its second row is twice the first, its third column the sum of the others.
Tensor of_rank_3() { return tensor({1, 2, 3, 4, 5, 6, 7, 8, 10, 1, 0, 1}, {4, 3}, f64); }
Tensor of_rank_2() { return tensor({1, 2, 3, 2, 4, 6, 1, 0, 1, 0, 2, 2}, {4, 3}, f64); }
Tensor right() { return tensor({1, 2, 3, 4}, f64); }

// numpy.linalg.svd(a, full_matrices=False) of NumPy 1.24, columns turned round by the rule for signs.
TEST(Svd, IsNumpys) {
  const SVD parts = svd(of_rank_3());
  expect_near(parts.s, tensor({17.450895584636637, 0.9869391657365879, 0.7015656613921291}, f64), 1e-14);
  expect_near(parts.u, tensor({0.20882939756518393, 0.723187842845512, 0.6531005371338512,  //
                               0.5027074321838487, 0.13767965376374275, -0.20832197127836105,
                               0.8362242314927113, -0.21236852664821138, -0.09514883650333783,
                               0.06636682156098844, -0.6426066182270611, 0.7218090769658092},
                              {4, 3}, f64));
  expect_near(parts.vt, tensor({0.4664285296323963, 0.551317825571164, 0.6917319437126237, -0.866598344210742,
                                0.44159331846839217, 0.23238470452091606, -0.17734637452217972,
                                -0.7078446130977875, 0.6837428370025402},
                               {3, 3}, f64));
}

TEST(Svd, MultipliesToWhatItWasMadeFrom) {
  for (const Shape& shape : {Shape{1, 1}, Shape{6, 3}, Shape{3, 6}, Shape{2, 5, 4}, Shape{60, 40},
                             Shape{40, 60}, Shape{2, 0}, Shape{0, 3}, Shape{0, 4, 4}}) {
    const Tensor a = random_matrix(shape, 6);
    const SVD parts = svd(a);
    const std::int64_t k = std::min(a.size(-1), a.size(-2));
    expect_near(product(parts), a);
    const Tensor unit = eye(k, k, f64), in_u = matmul(mirrored(parts.u), parts.u);
    expect_near(in_u, broadcast_to(unit, in_u.shape()));
    expect_near(matmul(parts.vt, mirrored(parts.vt)), broadcast_to(unit, in_u.shape()));
    expect_near(sort(parts.s, -1, true), parts.s, 0);
  }
  EXPECT_EQ(svd(tensor({3, 0, 0, 4}, {2, 2}, i64)).s.to_vector(), (Values{4, 3}));
  EXPECT_TRUE(std::isnan(svd(tensor({NAN, 1, 1, 1}, {2, 2}, f64)).s.to_vector()[0]));
}

// [[3, 1], [4, 2]]: s1 s2 = 2 is the determinant, s1^2 + s2^2 = 30 the sum of squares.
TEST(Svd, OfNumbersOfAnySize) {
  const double both = std::sqrt(34), apart = std::sqrt(26);
  const struct {
    DType dtype;
    double by, tolerance;
  } sizes[] = {{f64, 1e-305, 1e-14}, {f64, 1e-155, 1e-14}, {f64, 1, 1e-14}, {f64, 1e200, 1e-14},
               {f64, 1e307, 1e-14},  {f32, 1e-36, 1e-6},   {f32, 1, 1e-6},  {f32, 1e37, 1e-6}};
  for (const auto& size : sizes) {
    SCOPED_TRACE(size.by);
    const Tensor a = cast(size.by * tensor({3, 1, 4, 2}, {2, 2}, f64), size.dtype);
    const SVD parts = svd(a);
    expect_near(cast(parts.s, f64) / size.by, tensor({(both + apart) / 2, (both - apart) / 2}, f64),
                8 * size.tolerance);
    // a^-1 = [[2, -1], [-4, 3]] / 2.
    expect_near(cast(pseudo_inverse(a), f64) * size.by, tensor({1, -0.5, -2, 1.5}, {2, 2}, f64),
                100 * size.tolerance);
    // Of the sum of squares of all elements, 2 a.
    const Tensor slope = grad(sum(square(parts.s / size.by)), a);
    expect_near(cast(slope, f64) * size.by, tensor({6, 2, 8, 4}, {2, 2}, f64), 100 * size.tolerance);
    const Tensor of_vectors = grad(sum(parts.u) + sum(parts.vt), a);
    for (const double x : (cast(of_vectors, f64) * size.by).to_vector()) EXPECT_LT(std::abs(x), 10);
  }
}

// The sum of squared singular values is that of the elements: its second derivatives are 2 on the diagonal.
// They go through the derivatives of the vectors.
TEST(Svd, HasSecondDerivatives) {
  for (const Shape& shape : {Shape{3, 3}, Shape{4, 2}, Shape{2, 4}}) {
    const Tensor a = random_matrix(shape, 4);
    const std::int64_t n = a.numel();
    expect_near(reshape(hessian(sum(square(svd(a).s)), a), {n, n}), 2 * eye(n, n, f64), 1e-11);
  }
}

TEST(Svd, HasDerivativesWhereTheyExist) {
  const Tensor unit = eye(3, 3, f64), singular = tensor({1, 2, 2, 4}, {2, 2}, f64);
  // The sum of equal singular values has the slope u vt.
  expect_near(grad(sum(svd(unit).s), unit), unit);
  for (const DType dtype : {f32, f64}) {
    for (const Tensor& a : {cast(unit, dtype), cast(singular, dtype), chainrule::full({4, 3}, 0.3, dtype)}) {
      const SVD parts = svd(a);
      const char* why =
          "[svd] matrix 0 has singular values that are equal, or 0: its vectors have no derivative";
      expect_error(112, why, [&] { grad(sum(parts.u), a).to_vector(); });
      expect_error(112, why, [&] { grad(sum(parts.vt), a).to_vector(); });
    }
  }
  expect_error(111, "[svd] a (3,) is no matrix", [] { svd(zeros({3})); });
}

// numpy.linalg.matrix_rank, pinv and lstsq(rcond=None) of NumPy 1.24.
TEST(LeastSquares, OfAnyRankAreNumpys) {
  EXPECT_EQ(matrix_rank(stack({of_rank_3(), of_rank_2()})).to_vector(), (Values{3, 2}));
  EXPECT_EQ(matrix_rank(of_rank_3(), 0.1).item(), 1);
  EXPECT_EQ(matrix_rank(zeros({3, 2})).item(), 0);
  EXPECT_EQ(matrix_rank(zeros({0, 2})).item(), 0);
  expect_near(pseudo_inverse(of_rank_2()), tensor({1.0 / 22, 1.0 / 11, 29.0 / 66, -13.0 / 33, 0, 0, -1.0 / 3,
                                                   1.0 / 3, 1.0 / 22, 1.0 / 11, 7.0 / 66, -2.0 / 33},
                                                  {3, 4}, f64));
  expect_near(lstsq(of_rank_2(), right(), -1), tensor({-1.0 / 33, 1.0 / 3, 10.0 / 33}, f64));
  expect_near(lstsq(of_rank_3(), right(), -1),
              tensor({1.3287671232876679, -3.7260273972602747, 2.404109589041099}, f64), 1e-12);
  // rcond=0.1: the first singular value alone counts.
  expect_near(lstsq(of_rank_3(), right(), 0.1),
              tensor({0.10660176086024697, 0.12600312216289133, 0.15809462448869305}, f64));
  EXPECT_EQ(lstsq(zeros({3, 2}), ones({3}), -1).to_vector(), (Values{0, 0}));
  EXPECT_EQ(pseudo_inverse(zeros({2, 0})).shape(), Shape({0, 2}));
  EXPECT_EQ(lstsq(zeros({3, 0}), ones({3, 2}), -1).shape(), Shape({0, 2}));
  expect_error(111, "need 4 rows", [] { lstsq(of_rank_3(), ones({3}), -1); });
  expect_error(111, "[pseudo_inverse] a (3,) is no matrix", [] { pseudo_inverse(zeros({3})); });
}

// The four conditions of Penrose 1955, in batches too.
TEST(PseudoInverse, HoldsWhatMooreAndPenroseAsk) {
  for (const Tensor& a : {of_rank_2(), mirrored(of_rank_2()), random_matrix({2, 5, 3}, 1)}) {
    const Tensor p = pseudo_inverse(a), ap = matmul(a, p), pa = matmul(p, a);
    expect_near(matmul(ap, a), a);
    expect_near(matmul(pa, p), p);
    expect_near(mirrored(ap), ap);
    expect_near(mirrored(pa), pa);
  }
}

// The pseudo-inverse of x y^T is y x^T / (|x|^2 |y|^2): of rank 1 whatever x and y are.
TEST(PseudoInverse, HasTheDerivativesAmongMatricesOfOneRank) {
  const Tensor x = tensor({1, -2, 3, 0.5}, f64), y = tensor({0.7, 2, -1}, f64);
  const Tensor weights = random_matrix({3, 4}, 3);
  const auto loss = [&](const Tensor& p) { return sum(weights * sin(p)); };
  const Tensor by_svd = loss(pseudo_inverse(outer(x, y)));
  const Tensor by_hand = loss(outer(y, x) / (sum(square(x)) * sum(square(y))));
  for (const Tensor& v : {x, y}) {
    expect_near(grad(by_svd, v), grad(by_hand, v));
    expect_near(hessian(by_svd, v), hessian(by_hand, v), 1e-12);
  }
}

TEST(Svd, HasTheSameBitsOnAnyNumberOfThreads) {
  const Tensor a = random_matrix({40, 20, 30}, 12);
  const int threads = num_threads();
  set_num_threads(1);
  const Values one = svd(a).u.to_vector();
  set_num_threads(3);
  EXPECT_EQ(svd(a).u.to_vector(), one);
  set_num_threads(threads);
}

}  // namespace
}  // namespace chainrule
