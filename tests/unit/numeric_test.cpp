// Values are those of NumPy 1.24, named beside each.
#include "chainrule/numeric.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "chainrule/chainrule.h"

namespace chainrule::testing {
namespace {

using Numbers = std::vector<double>;
constexpr double kInf = std::numeric_limits<double>::infinity(),
                 kNaN = std::numeric_limits<double>::quiet_NaN();

TEST(Numeric, WhatNumbersAreLike) {
  const Tensor x = tensor({1, kInf, -kInf, kNaN});
  EXPECT_EQ(isnan(x).to_vector(), (Numbers{0, 0, 0, 1}));
  EXPECT_EQ(isinf(x).to_vector(), (Numbers{0, 1, 1, 0}));
  EXPECT_EQ(isfinite(x).to_vector(), (Numbers{1, 0, 0, 0}));
  EXPECT_EQ(isfinite(arange(2)).to_vector(), (Numbers{1, 1}));
  EXPECT_EQ(isinf(arange(2)).to_vector(), (Numbers{0, 0}));
}

TEST(Numeric, IsCloseAsNumPys) {
  const Tensor a = tensor({1, 1, kInf, kInf, 1, kNaN}, f64);
  const Tensor b = tensor({1.00000001, 1.1, kInf, -kInf, kInf, kNaN}, f64);
  EXPECT_EQ(isclose(a, b).to_vector(), (Numbers{1, 0, 1, 0, 0, 0}));  // np.isclose(a, b)
  EXPECT_EQ(isclose(a, b, 1e-5, 1e-8, true).to_vector(), (Numbers{1, 0, 1, 0, 0, 1}));
  EXPECT_FALSE(allclose(a, b));
  EXPECT_TRUE(allclose(tensor({1, 2}), tensor({1, 2}, f64) + 1e-9));
  EXPECT_TRUE(allclose(arange(3), arange(3)));
}

TEST(Numeric, LinspaceEndsWhereItIsTold) {
  EXPECT_EQ(linspace(0, 1, 5).to_vector(), (Numbers{0, 0.25, 0.5, 0.75, 1}));
  EXPECT_EQ(linspace(-1, 1, 4, i64).to_vector(),
            (Numbers{-1, -1, 0, 1}));  // np.linspace(-1, 1, 4, dtype=int)
  EXPECT_EQ(linspace(3, 1, 3, i64).to_vector(), (Numbers{3, 2, 1}));
  EXPECT_EQ(linspace(2, 9, 1, f64).to_vector(), Numbers{2});
  EXPECT_EQ(linspace(2, 9, 0).shape(), Shape{0});
  EXPECT_EQ(linspace(0.1, 0.7, 7, f64).to_vector().back(), 0.7);
}

TEST(Numeric, AlongAnAxis) {
  const Tensor x = tensor({1, 2, 4, 7, 11, 16}, {2, 3}, f64);
  EXPECT_EQ(repeat(x, 2, 0).shape(), Shape({4, 3}));
  EXPECT_EQ(repeat(tensor({1, 2}), 3, 0).to_vector(), (Numbers{1, 1, 1, 2, 2, 2}));
  EXPECT_EQ(repeat(x, 0, -1).shape(), Shape({2, 0}));
  EXPECT_EQ(diff(x).to_vector(), (Numbers{1, 2, 4, 5}));
  EXPECT_EQ(diff(x, 2).to_vector(), (Numbers{1, 1}));
  EXPECT_EQ(diff(x, 5).shape(), Shape({2, 0}));
  EXPECT_EQ(diff(x, 0).to_vector(), x.to_vector());
  EXPECT_EQ(diff(x > 2).to_vector(), (Numbers{0, 1, 0, 0}));  // np.diff(x > 2)
  EXPECT_EQ(cumprod(x, 1).to_vector(), (Numbers{1, 2, 8, 7, 77, 1232}));
  EXPECT_EQ(cumprod(arange(4) + 1, 0).dtype(), i64);
  EXPECT_EQ(cumprod(zeros({0, 2}), 0).shape(), Shape({0, 2}));
}

TEST(Numeric, QuantilesAndMedians) {
  const Tensor x = tensor({4, 1, 3, 9, 7, 8}, {2, 3}, f64);
  EXPECT_EQ(median(x).item(), 5.5);
  EXPECT_EQ(median(x, 1).to_vector(), (Numbers{3, 8}));
  EXPECT_EQ(median(x, {0, 1}, true).shape(), Shape({1, 1}));
  EXPECT_EQ(quantile(x, 0.25, 0).to_vector(), (Numbers{5.25, 2.5, 4.25}));  // np.quantile(x, 0.25, 0)
  EXPECT_EQ(quantile(x, 1).item(), 9);
  EXPECT_EQ(median(tensor({1, kInf, kInf})).item(), kInf);
  EXPECT_TRUE(std::isnan(median(tensor({1, kNaN, 2})).item()));
  EXPECT_EQ(median(tensor({1, 2}, i64)).item(), 1.5);
  EXPECT_EQ(median(zeros({0, 3}), 1).shape(), Shape{0});
  EXPECT_EQ(grad(median(x), x).to_vector(), (Numbers{0.5, 0, 0, 0, 0.5, 0}));
}

TEST(Numeric, DiagonalsOfVectorsAndMatrices) {
  const Tensor x = tensor({1, 2});
  EXPECT_EQ(diag(x).to_vector(), (Numbers{1, 0, 0, 2}));
  EXPECT_EQ(diag(x, 1).to_vector(), (Numbers{0, 1, 0, 0, 0, 2, 0, 0, 0}));
  EXPECT_EQ(diag(x, -1).to_vector(), (Numbers{0, 0, 0, 1, 0, 0, 0, 2, 0}));
  for (int k = -4; k <= 4; ++k) EXPECT_EQ(diag(diag(x, k), k).to_vector(), x.to_vector()) << k;
  EXPECT_EQ(diag(zeros({0}), 3).shape(), Shape({3, 3}));
  const Tensor a = reshape(arange(6), {2, 3});
  EXPECT_EQ(diag(a, 1).to_vector(), (Numbers{1, 5}));
  EXPECT_EQ(diag(a, -1).to_vector(), Numbers{3});
  EXPECT_EQ(diag(a, INT64_MIN).numel() + diag(a, INT64_MAX).numel(), 0);
}

TEST(Numeric, ProductsOfVectors) {
  const Tensor a = tensor({1, 2, 3}, f64), b = tensor({-2, 0.5, 4}, f64);
  EXPECT_EQ(cross(a, b).to_vector(), (Numbers{6.5, -10, 4.5}));  // np.cross(a, b)
  EXPECT_EQ(cross(reshape(a, {3, 1}), reshape(b, {3, 1}), 0).shape(), Shape({3, 1}));
  EXPECT_NEAR(cosine_similarity(tensor({3, 4}), tensor({4, 3})).item(), 0.96, 1e-7);
  EXPECT_NEAR(cosine_similarity(tensor({3, 4}) * 1e30, tensor({4, 3}) * 1e-30).item(), 0.96, 1e-7);
  const Tensor zero = zeros({2});
  EXPECT_EQ(cosine_similarity(zero, tensor({4, 3})).item(), 0);
  EXPECT_EQ(grad(cosine_similarity(zero, tensor({3, 4})), zero).to_vector(),
            (cast(tensor({0.6, 0.8}), f32)).to_vector());
  EXPECT_EQ(cosine_similarity(ones({2, 3, 4}), ones({3, 4}), 1).shape(), Shape({2, 4}));
}

TEST(Numeric, ProductsAlongAnAxisThatOneLacks) {
  const Tensor v = tensor({1, 2, 3}, f64), unit = eye(3, 3, f64);
  // np.cross(v, unit, axis=0)
  EXPECT_EQ(cross(v, unit, 0).to_vector(), (Numbers{0, -3, 2, 3, 0, -1, -2, 1, 0}));
  EXPECT_EQ(cross(v, ones({3, 4}, f64), 0).shape(), (Shape{3, 4}));
  // torch.cosine_similarity(unit, v, dim=0): each column against v repeated
  const Tensor c = cosine_similarity(unit, v, 0);
  EXPECT_EQ(c.shape(), Shape{3});
  EXPECT_NEAR(c.to_vector()[1], 1 / std::sqrt(3), 1e-15);
}

TEST(Numeric, BetweenNumbersInOrder) {
  const Tensor sorted = tensor({1, 2, 2, 5}, f64);
  const Tensor values = tensor({0, 2, 5, 7, kNaN, 1.5}, {2, 3}, f64);
  EXPECT_EQ(searchsorted(sorted, values).to_vector(), (Numbers{0, 1, 3, 4, 4, 1}));        // np.searchsorted
  EXPECT_EQ(searchsorted(sorted, values, true).to_vector(), (Numbers{0, 3, 4, 4, 4, 1}));  // side="right"
  EXPECT_EQ(searchsorted(zeros({0}), values).to_vector(), Numbers(6, 0.0));
  EXPECT_EQ(searchsorted(arange(4), scalar(2, i64)).item(), 2);

  const Tensor xp = tensor({1, 2, 4}, f64), fp = tensor({10, 20, 0}, f64);
  const Tensor x = tensor({0, 1, 1.5, 2, 3, 4, kInf, -kInf}, f64);
  EXPECT_EQ(interp(x, xp, fp).to_vector(), (Numbers{10, 10, 15, 20, 10, 0, 0, 10}));  // np.interp
  EXPECT_EQ(grad(sum(interp(x, xp, fp)), x).to_vector(), (Numbers{0, 10, 10, -10, -10, 0, 0, 0}));
  EXPECT_EQ(grad(sum(interp(x, xp, fp)), fp).to_vector(), (Numbers{3.5, 2, 2.5}));
  EXPECT_TRUE(std::isnan(interp(scalar(kNaN, f64), xp, fp).item()));
  EXPECT_EQ(interp(x, ones({1}), full({1}, 3)).to_vector()[7], 3);
}

template <class Exception, class F>
std::string numeric_message(F call) {
  try {
    call();
  } catch (const Exception& error) {
    const std::string text = error.what();
    return text.substr(0, text.find(" Called from")) + text.substr(text.rfind(" (E"));
  }
  return "nothing thrown";
}

// np.interp([0, 1, 1.5], [0, 1, 2], [0, inf, 1])
TEST(Numeric, BetweenNumbersOfWhichOneIsInfinite) {
  const Tensor y = interp(tensor({0, 1, 1.5}, f64), arange(3, f64), tensor({0, kInf, 1}, f64));
  EXPECT_EQ(y.to_vector()[0], 0);
  EXPECT_EQ(y.to_vector()[1], kInf);
}

TEST(Numeric, ErrorsSayWhatIsNeeded) {
  const Tensor x = zeros({2, 3});
  EXPECT_EQ(numeric_message<ValueError>([&] { quantile(x, 2); }),
            "[quantile] q is 2; it must be from 0 to 1. (E645)");
  EXPECT_EQ(numeric_message<ValueError>([&] { quantile(x, kNaN); }),
            "[quantile] q is nan; it must be from 0 to 1. (E645)");
  EXPECT_EQ(numeric_message<ValueError>([&] { diff(x, -1); }),
            "[diff] n is -1; it must not be negative. (E645)");
  EXPECT_EQ(numeric_message<ValueError>([&] { linspace(0, 1, -2); }),
            "[linspace] count is -2; it must not be negative. (E645)");
  EXPECT_EQ(numeric_message<ValueError>([&] { repeat(x, -1, 0); }),
            "[repeat] a tensor cannot be repeated -1 times; needs 0 or more. (E104)");
  EXPECT_EQ(numeric_message<ShapeError>([&] { median(zeros({0})); }),
            "[median] no element to choose from in shape (0,). (E024)");
  EXPECT_EQ(numeric_message<ShapeError>([&] { diag(scalar(1)); }),
            "[diag] x has shape (); need a vector or a matrix. (E646)");
  EXPECT_EQ(numeric_message<ShapeError>([&] { cross(x, x, 0); }),
            "[cross] a (2, 3) and b (2, 3) need 3 numbers along axis 0. (E646)");
  EXPECT_EQ(numeric_message<ShapeError>([&] { searchsorted(x, x); }),
            "[searchsorted] sorted has shape (2, 3); need a vector. (E646)");
  EXPECT_EQ(numeric_message<ShapeError>([&] { interp(x, zeros({2}), zeros({3})); }),
            "[interp] xp has shape (2,), fp (3,); need two vectors of one size above 0. (E646)");
}

}  // namespace
}  // namespace chainrule::testing
