// Elements by number and by order, against NumPy 1.24: the call stands beside each number, with
// z = np.array([[1., -2, 3], [4, 5, -6]]).
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "chainrule/error.h"
#include "chainrule/grad.h"
#include "chainrule/ops.h"
#include "ops/op.h"

namespace chainrule {
namespace {

using Values = std::vector<double>;
const double kNan = std::numeric_limits<double>::quiet_NaN();

Tensor z() { return tensor({1, -2, 3, 4, 5, -6}, {2, 3}, f64); }

TEST(Take, IsNumPys) {
  const Tensor places = tensor({2, 0, -1, 1}, {2, 2}, i64);
  const Tensor taken = take(z(), places, 1);  // np.take(z, [[2, 0], [-1, 1]], axis=1)
  EXPECT_EQ(taken.shape(), Shape({2, 2, 2}));
  EXPECT_EQ(taken.to_vector(), (Values{3, 1, 3, -2, -6, 4, -6, 5}));
  EXPECT_EQ(take(z(), scalar(1, u8)).to_vector(), (Values{4, 5, -6}));  // np.take(z, 1, axis=0)
  EXPECT_EQ(take(z(), scalar(1, i64)).shape(), Shape({3}));
  EXPECT_EQ(take(z(), zeros({0}, i64)).shape(), Shape({0, 3}));
}

TEST(Take, CountsEveryUseInTheGradient) {
  const Tensor t = z();
  const Tensor g = grad(sum(take(t, tensor({1, 1, -1}, i64)) * tensor({1, 10, 100}, {3, 1}, f64)), t);
  EXPECT_EQ(g.to_vector(), (Values{0, 0, 0, 111, 111, 111}));
}

TEST(TakeAlongAxis, IsNumPys) {
  // np.take_along_axis(z, np.array([[2], [0]]), axis=1)
  EXPECT_EQ(take_along_axis(z(), tensor({2, 0}, {2, 1}, i64), 1).to_vector(), (Values{3, 4}));
  // np.take_along_axis(z, np.array([[0, 1, 0]]), axis=0)
  EXPECT_EQ(take_along_axis(z(), tensor({0, 1, 0}, {1, 3}, i64), 0).to_vector(), (Values{1, 5, 3}));
  EXPECT_EQ(take_along_axis(z(), tensor({0, 1}, {1, 2}, i64), 1).to_vector(), (Values{1, -2, 4, 5}));
  EXPECT_THROW(take_along_axis(z(), tensor({0}, i64), 1), ShapeError);
}

TEST(ScatterAdd, AddsToWhatIsThere) {
  const Tensor places = tensor({2, 2, 0, 1}, {2, 2}, i64);
  const Tensor updates = tensor({1, 10, 100, 1000}, {2, 2}, f64);
  EXPECT_EQ(scatter_add(z(), places, updates, 1).to_vector(), (Values{1, -2, 14, 104, 1005, -6}));
  EXPECT_THROW(scatter_add(z(), places, z(), 1), ShapeError);
}

TEST(IndexAdd, IsNumPysAddAt) {
  // a = np.zeros((3, 2)); np.add.at(a, [0, 2, 0, -1], np.arange(8.).reshape(4, 2))
  const Tensor places = tensor({0, 2, 0, -1}, i64);
  const Tensor updates = reshape(arange(8, f64), {4, 2});
  EXPECT_EQ(index_add(zeros({3, 2}, f64), places, updates).to_vector(), (Values{4, 6, 0, 0, 8, 10}));
  EXPECT_EQ(index_add(full({3}, 250, u8), tensor({1, 1}, i64), full({2}, 5, u8)).to_vector(),
            (Values{250, 4, 250}));
  EXPECT_THROW(index_add(zeros({3, 2}, f64), places, z()), ShapeError);
}

// <scatter_add(u), x> = <u, take(x)> for any u and x: each is the other's adjoint.
TEST(IndexAdd, IsTheAdjointOfTake) {
  const Tensor places = tensor({1, -3, 1, 0}, i64);
  const Tensor x = tensor({1, 2, 3, 4, 5, 6}, {3, 2}, f64);
  const Tensor u = reshape(arange(8, f64), {4, 2});
  EXPECT_EQ(sum(index_add(zeros({3, 2}, f64), places, u) * x).item(), sum(u * take(x, places)).item());
}

TEST(Indices, OutOfRangeAreNamedWhenEvaluated) {
  if (mode() == Mode::eager) GTEST_SKIP() << "in this mode operations run at their call";
  const Tensor bad = take(z(), tensor({0, 5, 9}, i64));  // checked only when the numbers are there
  EXPECT_THROW(bad.to_vector(), ValueError);
  EXPECT_THROW(take(z(), tensor({-3}, i64)).to_vector(), ValueError);
  EXPECT_THROW(index_add(zeros({2}), tensor({2}, i64), ones({1})).to_vector(), ValueError);
  EXPECT_THROW(take(zeros({0}), tensor({0}, i64)).to_vector(), ValueError);
  EXPECT_THROW(take(z(), tensor({0.5})), DTypeError);
}

TEST(Sort, IsNumPys) {
  const Values sorted = sort(tensor({3, kNan, -1, 2, -0.0, 0}, f64)).to_vector();  // np.sort of the same
  EXPECT_EQ(Values(sorted.begin(), sorted.end() - 1), (Values{-1, 0, 0, 2, 3}));
  EXPECT_TRUE(std::signbit(sorted[1]) && !std::signbit(sorted[2])) << "equal elements keep their order";
  EXPECT_TRUE(std::isnan(sorted.back()));
  EXPECT_EQ(sort(z(), 0).to_vector(), (Values{1, -2, -6, 4, 5, 3}));  // np.sort(z, axis=0)
  // np.argsort([3, nan, -1, 2, nan], kind="stable"), and of [2, 1, 2, 1]
  EXPECT_EQ(argsort(tensor({3, kNan, -1, 2, kNan})).to_vector(), (Values{2, 3, 0, 1, 4}));
  EXPECT_EQ(argsort(tensor({2, 1, 2, 1}, u8)).to_vector(), (Values{1, 3, 0, 2}));
  EXPECT_EQ(argsort(tensor({2, 1, 2, 1}, i64), 0, true).to_vector(), (Values{0, 2, 1, 3}));
  EXPECT_EQ(argsort(tensor({1, kNan, 5}), 0, true).to_vector(), (Values{1, 2, 0})) << "NaN is the largest";
}

TEST(Sort, SortsNumbersOfEverySize) {
  const double infinity = std::numeric_limits<double>::infinity();
  const double tiny = std::numeric_limits<double>::denorm_min();
  const Tensor t = tensor({infinity, -1, -tiny, 1e300, 0, -infinity, tiny, -1e300}, f64);
  EXPECT_EQ(sort(t).to_vector(), (Values{-infinity, -1e300, -1, -tiny, 0, tiny, 1e300, infinity}));
}

TEST(Sort, HandsGradientsBackToTheirPlaces) {
  const Tensor t = tensor({3, 1, 2}, f64);
  EXPECT_EQ(grad(sum(sort(t) * tensor({1, 10, 100}, f64)), t).to_vector(), (Values{100, 1, 10}));
  const Tensor cubes = sum(sort(t * t * t) * tensor({1, 10, 100}, f64));
  EXPECT_EQ(grad(sum(grad(cubes, t)), t).to_vector(), (Values{1800, 6, 120}));
}

TEST(Topk, GivesValuesAndPlaces) {
  const TopK top = topk(z(), 2, 1);
  EXPECT_EQ(top.values.to_vector(), (Values{3, 1, 5, 4}));
  EXPECT_EQ(top.indices.to_vector(), (Values{2, 0, 1, 0}));
  EXPECT_EQ(topk(z(), 1, 0, false).values.to_vector(), (Values{1, -2, -6}));
  EXPECT_EQ(topk(z(), 0).values.shape(), Shape({2, 0}));
  const Tensor t = z();
  EXPECT_EQ(grad(sum(topk(t, 2, 1).values), t).to_vector(), (Values{1, 0, 1, 1, 1, 0}));
}

}  // namespace
}  // namespace chainrule
