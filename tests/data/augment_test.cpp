// Transforms of images against plain formulas, with the random numbers that they are documented to draw.
#include "chainrule/data/augment.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <numeric>
#include <set>
#include <vector>

#include "chainrule/data.h"
#include "chainrule/ops.h"
#include "message_of.h"

namespace chainrule::data {
namespace {

constexpr int kRows = 60, kPlanes = 2, kHeight = 5, kWidth = 7, kPlane = kHeight * kWidth,
              kRow = kPlanes * kPlane;
const Shape kShape{kRows, kPlanes, kHeight, kWidth};

std::vector<std::int64_t> row_numbers() {
  std::vector<std::int64_t> rows(kRows);
  std::iota(rows.begin(), rows.end(), 1000);
  return rows;
}

const std::vector<std::int64_t> kNumbers = row_numbers();
const Draw kDraw{.rows = kNumbers, .epoch = 3, .seed = 9, .place = 1};

std::vector<double> images_of(std::uint64_t seed = 1) {
  Random random(seed);
  std::vector<double> numbers(kRows * kRow);
  for (double& x : numbers) x = random.uniform(-1, 2);
  return numbers;
}

std::vector<double> applied(const Transform& transform, std::vector<double> numbers) {
  const Array x{numbers.data(), f64, kShape};
  transform.apply({&x, 1}, kDraw);
  return numbers;
}

/// The plane at a place between pixels, by the definition: tents of width 2 over all pixels.
double between(const double* plane, double y, double x) {
  double sum = 0;
  for (int i = 0; i < kHeight; ++i) {
    for (int j = 0; j < kWidth; ++j) {
      sum += std::max(0.0, 1 - std::abs(y - i)) * std::max(0.0, 1 - std::abs(x - j)) * plane[i * kWidth + j];
    }
  }
  return sum;
}

struct Drawn {
  double degrees, factor, shear, right, down;
};

/// The images of `transform` are those that the forward map says, solved for where a pixel comes from.
template <class DrawnOf>
void expect_moved(const Transform& transform, DrawnOf drawn_of) {
  const auto before = images_of(), after = applied(transform, before);
  for (int row = 0; row < kRows; ++row) {
    Random random = kDraw.random(static_cast<std::size_t>(row));
    const Drawn d = drawn_of(random);
    const double a = d.degrees * std::numbers::pi / 180, b = std::tan(d.shear * std::numbers::pi / 180);
    const double c = std::cos(a), s = std::sin(a);
    // s R (1 tan b; 0 1), as augment.h has it.
    const double xx = d.factor * c, xy = d.factor * (c * b - s), yx = d.factor * s,
                 yy = d.factor * (s * b + c);
    const double det = xx * yy - xy * yx;
    for (int p = 0; p < kPlanes; ++p) {
      const double* plane = before.data() + row * kRow + p * kPlane;
      for (int i = 0; i < kHeight; ++i) {
        for (int j = 0; j < kWidth; ++j) {
          const double x = j - 3 - d.right, y = i - 2 - d.down;  // from the centre of 5 x 7
          const double from_x = (yy * x - xy * y) / det, from_y = (xx * y - yx * x) / det;
          EXPECT_NEAR(after[static_cast<std::size_t>(row * kRow + p * kPlane + i * kWidth + j)],
                      between(plane, from_y + 2, from_x + 3), 1e-12)
              << row << " " << p << " " << i << " " << j;
        }
      }
    }
  }
}

TEST(Augment, AffineIsItsFormula) {
  expect_moved(Affine(40, 0.6, 1.5, 20, 2.5), [](Random& random) -> Drawn {
    const double degrees = random.uniform(-40, 40), factor = random.uniform(0.6, 1.5),
                 shear = random.uniform(-20, 20), right = random.uniform(-2.5, 2.5),
                 down = random.uniform(-2.5, 2.5);
    return {degrees, factor, shear, right, down};
  });
  expect_moved(Rotate(170), [](Random& random) -> Drawn { return {random.uniform(-170, 170), 1, 0, 0, 0}; });
  expect_moved(Scale(0.3, 3), [](Random& random) -> Drawn { return {0, random.uniform(0.3, 3), 0, 0, 0}; });
}

TEST(Augment, NothingIsNothing) {
  const auto before = images_of();
  EXPECT_EQ(applied(Affine(0, 1, 1, 0, 0), before), before);
  EXPECT_EQ(applied(Rotate(0), before), before);
  EXPECT_EQ(applied(Scale(1, 1), before), before);
  EXPECT_EQ(applied(Elastic(0, 2), before), before);
  EXPECT_EQ(applied(Brightness(1, 1), before), before);
  for (const double x : applied(Affine(10, 1, 1, 0, 1e300), before)) EXPECT_EQ(x, 0);  // far outside
}

TEST(Augment, ElasticIsItsFormula) {
  constexpr double kAlpha = 6, kSigma = 1.3;
  const auto before = images_of(), after = applied(Elastic(kAlpha, kSigma), before);
  const int reach = 6;  // four deviations, rounded up
  double sum = 0;
  for (int d = -reach; d <= reach; ++d) sum += std::exp(-d * d / (2 * kSigma * kSigma));
  for (int row = 0; row < kRows; ++row) {
    Random random = kDraw.random(static_cast<std::size_t>(row));
    std::vector<double> down(kPlane), right(kPlane);
    for (double& x : down) x = random.uniform(-1, 1);
    for (double& x : right) x = random.uniform(-1, 1);
    // The smoothed field, in two dimensions at once.
    const auto smooth = [&](const std::vector<double>& field, int y, int x) {
      double total = 0;
      for (int i = std::max(0, y - reach); i <= std::min(kHeight - 1, y + reach); ++i) {
        for (int j = std::max(0, x - reach); j <= std::min(kWidth - 1, x + reach); ++j) {
          total += std::exp(-((i - y) * (i - y) + (j - x) * (j - x)) / (2 * kSigma * kSigma)) *
                   field[static_cast<std::size_t>(i * kWidth + j)];
        }
      }
      return kAlpha * total / (sum * sum);
    };
    for (int i = 0; i < kHeight; ++i) {
      for (int j = 0; j < kWidth; ++j) {
        const double y = i + smooth(down, i, j), x = j + smooth(right, i, j);
        for (int p = 0; p < kPlanes; ++p) {
          const auto at = static_cast<std::size_t>(row * kRow + p * kPlane);
          EXPECT_NEAR(after[at + static_cast<std::size_t>(i * kWidth + j)], between(before.data() + at, y, x),
                      1e-12);
        }
      }
    }
  }
}

TEST(Augment, BrightnessAndContrastAreTheirFormulas) {
  const auto before = images_of(), bright = applied(Brightness(0.5, 2), before),
             strong = applied(Contrast(0, 2), before);
  for (std::size_t row = 0; row < kRows; ++row) {
    const double factor = kDraw.random(row).uniform(0.5, 2), other = kDraw.random(row).uniform(0, 2);
    double mean = 0;
    for (std::size_t i = 0; i < kRow; ++i) mean += before[row * kRow + i] / kRow;
    for (std::size_t i = row * kRow; i < (row + 1) * kRow; ++i) {
      EXPECT_DOUBLE_EQ(bright[i], factor * before[i]);
      EXPECT_NEAR(strong[i], mean + other * (before[i] - mean), 1e-13);
    }
  }
}

TEST(Augment, CutOutPutsASquareAnywhere) {
  for (const int size : {1, 2, 3, 100}) {
    const auto before = images_of();
    std::set<std::pair<int, int>> centres;
    for (int epoch = 0; epoch < 20; ++epoch) {
      auto after = before;
      const Array x{after.data(), f64, kShape};
      CutOut(size).apply({&x, 1}, {.rows = kNumbers, .epoch = epoch, .seed = 2});
      for (int row = 0; row < kRows; ++row) {
        Random random =
            Draw{.rows = kNumbers, .epoch = epoch, .seed = 2}.random(static_cast<std::size_t>(row));
        const int y = static_cast<int>(random.below(kHeight)),
                  centre = static_cast<int>(random.below(kWidth));
        centres.insert({y, centre});
        for (int i = 0; i < kRow; ++i) {
          const int line = i / kWidth % kHeight - y, column = i % kWidth - centre;
          const bool inside = line >= -(size / 2) && line < size - size / 2 && column >= -(size / 2) &&
                              column < size - size / 2;
          const auto at = static_cast<std::size_t>(row * kRow + i);
          ASSERT_EQ(after[at], inside ? 0 : before[at]) << size << " " << row << " " << i;
        }
      }
    }
    EXPECT_EQ(centres.size(), static_cast<std::size_t>(kPlane));
  }
}

TEST(Augment, FlipUpsideDown) {
  std::vector<float> numbers{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  const Array x{numbers.data(), f32, {1, 2, 3, 2}};
  Flip(1, true).apply({&x, 1}, {.rows = std::span(kNumbers).first(1)});
  EXPECT_EQ(numbers, (std::vector<float>{5, 6, 3, 4, 1, 2, 11, 12, 9, 10, 7, 8}));
}

TEST(Augment, SaysWhatItCannotDo) {
  const Source flat = arrays(Batch{{"x", ones({4, 6})}}), pictures = arrays(Batch{{"x", ones({4, 3, 2, 2})}}),
               whole = arrays(Batch{{"x", zeros({4, 2, 2}, i64)}});
  const auto message = [](const Source& source, const Transforms& transforms) {
    return message_of([&] { Loader(source, {.transforms = transforms}); });
  };
  EXPECT_EQ(message(flat, Rotate()),
            "[rotate] a row of 'x' has the shape (6,); need height and width last. (E277)");
  EXPECT_EQ(message(whole, Elastic()), "[elastic] the column 'x' is i64; need f32 or f64. (E277)");
  EXPECT_EQ(message(pictures, Rotate(181)), "[rotate] degrees is 181; need 0 to 180. (E277)");
  EXPECT_EQ(message(pictures, Scale(0, 1)),
            "[scale] factors from 0 to 1; need 0.01 or more, the smaller one first. (E277)");
  EXPECT_EQ(message(pictures, Scale(2, 1)),
            "[scale] factors from 2 to 1; need 0.01 or more, the smaller one first. (E277)");
  EXPECT_EQ(message(pictures, Affine(0, 1, 1, 90, 0)), "[affine] shear is 90; need 0 to 80. (E277)");
  EXPECT_EQ(message(pictures, Affine(0, 1, 1, 0, std::nan(""))),
            "[affine] pixels is nan; need 0 or more. (E277)");
  EXPECT_EQ(message(pictures, Elastic(1, 0)), "[elastic] sigma is 0; need 0.1 to 1000. (E277)");
  EXPECT_EQ(message(pictures, Elastic(-1, 1)), "[elastic] alpha is -1; need 0 or more. (E277)");
  EXPECT_EQ(message(pictures, CutOut(0)), "[cut_out] size is 0; need 1 or more. (E277)");
  EXPECT_EQ(message(pictures, Contrast(-1, 1)),
            "[contrast] factors from -1 to 1; need 0 or more, the smaller one first. (E277)");
  EXPECT_EQ(message(flat, Flip()), "no error");
  EXPECT_EQ(message(flat, Flip(0.5, true)),
            "[flip] a row of 'x' has the shape (6,); need height and width last. (E277)");
}

}  // namespace
}  // namespace chainrule::data
