// Functions drawn as lines, and as lines of equal height.
#include "chainrule/plot/functions.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "chainrule/error.h"
#include "chainrule/ops.h"
#include "message_of.h"

namespace chainrule::plot {
namespace {

const Axis kAxis{.low = -2, .high = 2};

/// Points of a line, without the gaps; how many lines there are.
std::size_t lines_of(const Series& series) {
  return static_cast<std::size_t>(
      std::count_if(series.x.begin(), series.x.end(), [](double x) { return std::isnan(x); }));
}

TEST(PlotFunctions, ACurveGoesThroughTheFunction) {
  const Series line = curve([](const Tensor& x) { return square(x); }, -1, 3, "x^2", 5);
  EXPECT_EQ(line.name, "x^2");
  EXPECT_EQ(line.x, (std::vector<double>{-1, 0, 1, 2, 3}));
  EXPECT_EQ(line.y, (std::vector<double>{1, 0, 1, 4, 9}));
}

TEST(PlotFunctions, PlacesGoAlongXFirst) {
  const Places at = places({.low = 0, .high = 1}, {.low = 5, .high = 6}, 2);
  EXPECT_EQ(at.x.to_vector(), (std::vector<double>{0, 1, 0, 1}));
  EXPECT_EQ(at.y.to_vector(), (std::vector<double>{5, 5, 6, 6}));
  EXPECT_EQ(at.x.shape(), Shape({4, 1}));
}

// The contour of x^2 + y^2 at 1 is the circle of radius 1: between two places of the grid, 4/59 apart, the
// function differs from a straight line by at most (4/59)^2 / 4.
TEST(PlotFunctions, AContourIsAsHighAsItSays) {
  const Surface bowl =
      surface([](const Tensor& x, const Tensor& y) { return square(x) + square(y); }, kAxis, kAxis);
  const Series circle = contour(bowl, 1);
  EXPECT_EQ(lines_of(circle), 1u);
  ASSERT_GT(circle.x.size(), 100u);
  for (std::size_t i = 0; i + 1 < circle.x.size(); ++i) {
    EXPECT_NEAR(circle.x[i] * circle.x[i] + circle.y[i] * circle.y[i], 1, 4.0 / 59 * 4 / 59 / 4 * 1.001);
  }
  EXPECT_EQ(circle.x.front(), circle.x[circle.x.size() - 2]) << "it is closed";
  EXPECT_EQ(lines_of(contour(bowl, 6)), 4u) << "it is cut at the corners";
  EXPECT_TRUE(contour(bowl, 9).x.empty());
}

// x is straight: a contour at x = 0.3 is a line from below to above, of as many points as the grid has rows.
TEST(PlotFunctions, AnOpenContourIsOneLineFromEndToEnd) {
  const Series line =
      contour(surface([](const Tensor& x, const Tensor&) { return x; }, kAxis, kAxis, 11), 0.3);
  EXPECT_EQ(lines_of(line), 1u);
  ASSERT_EQ(line.x.size(), 12u);
  for (std::size_t i = 0; i < 11; ++i) EXPECT_NEAR(line.x[i], 0.3, 1e-15);
  EXPECT_EQ(std::abs(line.y[0] - line.y[10]), 4);
}

// A saddle at the height of its centre, and heights that are not finite, give lines that end.
TEST(PlotFunctions, SaddlesAndHeightsThatAreNotFinite) {
  const Figure saddle =
      contours(surface([](const Tensor& x, const Tensor& y) { return x * y; }, kAxis, kAxis));
  EXPECT_EQ(saddle.series.size(), 14u);
  const auto pole = [](const Tensor& x, const Tensor& y) { return log(x) / y; };  // NaN for x < 0
  for (const Series& series : contours(surface(pole, kAxis, kAxis, 31)).series) {
    EXPECT_EQ(series.x.size(), series.y.size());
  }
  const Surface poles = surface([](const Tensor& x, const Tensor&) { return x / 0; }, kAxis, kAxis);
  EXPECT_TRUE(contours(poles).series.empty());
}

TEST(PlotFunctions, FunctionsThatDoNotFit) {
  EXPECT_EQ(message_of([] { curve([](const Tensor& x) { return sum(x); }, 0, 1); }),
            "[plot] the function of a curve gave (), 1 numbers; need 200, one for each place. (E373)");
  EXPECT_EQ(
      message_of([] { surface([](const Tensor& x, const Tensor&) { return mean(x); }, kAxis, kAxis, 3); }),
      "[plot] the function of a surface gave (), 1 numbers; need 9, one for each place. (E373)");
  EXPECT_EQ(message_of([] { places({.low = 1, .high = 0}, kAxis, 1); }),
            "[plot] a surface of 1 x 1 places over x from 1 to 0, y from -2 to 2. Need 2 to 1000 along each "
            "side, and "
            "both ends of each axis, low below high. (E373)");
}

}  // namespace
}  // namespace chainrule::plot
