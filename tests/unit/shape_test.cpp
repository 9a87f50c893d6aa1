#include "chainrule/shape.h"

#include <gtest/gtest.h>

#include <vector>

#include "chainrule/error.h"

namespace chainrule {
namespace {

TEST(Shape, CountsElementsAndPrintsAsNumPy) {
  EXPECT_EQ(Shape({}).numel(), 1);
  EXPECT_EQ(Shape({}).to_string(), "()");
  EXPECT_EQ(Shape({3}).to_string(), "(3,)");
  EXPECT_EQ(Shape({32, 784}).to_string(), "(32, 784)");
  EXPECT_EQ(Shape({32, 784}).numel(), 25088);
  EXPECT_EQ(Shape({5, 0, 7}).numel(), 0);
}

TEST(Shape, EqualityLooksAtEveryAxis) {
  EXPECT_EQ(Shape({2, 3}), Shape({2, 3}));
  EXPECT_NE(Shape({2, 3}), Shape({3, 2}));
  EXPECT_NE(Shape({1}), Shape({}));
}

TEST(Shape, RefusesWhatCannotBeHeld) {
  EXPECT_THROW(Shape({-1}), ShapeError);
  EXPECT_THROW(Shape(std::vector<std::int64_t>(9, 1)), ShapeError);
  EXPECT_THROW(Shape({std::int64_t{1} << 40, std::int64_t{1} << 40}), ShapeError);
  EXPECT_THROW(Shape({std::int64_t{1} << 40, std::int64_t{1} << 40, 0}), ShapeError) << "as NumPy has it";
  EXPECT_EQ(Shape({std::int64_t{1} << 40, std::int64_t{1} << 19, 0}).numel(), 0);
}

TEST(Shape, IsMadeOfVectorsToo) {
  EXPECT_EQ(Shape(std::vector<std::int64_t>{2, 3}), Shape({2, 3}));
  EXPECT_EQ(Shape(std::vector<int>{2, 3}), Shape({2, 3}));
  EXPECT_EQ(Shape(std::vector<std::size_t>{}), Shape());
  EXPECT_THROW(Shape(std::vector<int>{2, -3}), ShapeError);
}

}  // namespace
}  // namespace chainrule
