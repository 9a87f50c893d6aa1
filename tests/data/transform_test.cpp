#include "chainrule/data/transform.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include "chainrule/data.h"
#include "chainrule/error.h"
#include "chainrule/ops.h"
#include "message_of.h"

namespace chainrule::data {
namespace {

/// Applies a transform to the numbers of some rows, as a loader does.
template <class T>
std::vector<T> applied(const Transform& transform, std::vector<T> numbers, const Shape& shape,
                       std::int64_t epoch = 0) {
  std::vector<std::int64_t> rows(static_cast<std::size_t>(shape[0]));
  std::iota(rows.begin(), rows.end(), 100);
  const Array x{numbers.data(), dtype_of<T>, shape};
  transform.apply({&x, 1}, {.rows = rows, .epoch = epoch, .seed = 1});
  return numbers;
}

std::vector<float> counted(std::int64_t count) {
  std::vector<float> numbers(static_cast<std::size_t>(count));
  std::iota(numbers.begin(), numbers.end(), 1.0f);
  return numbers;
}

TEST(Transform, NormalizeIsAPlainFormula) {
  const auto one = applied(Normalize(2, 4), counted(12), {2, 3, 2});
  for (std::size_t i = 0; i < 12; ++i) EXPECT_EQ(one[i], (static_cast<float>(i + 1) - 2) / 4);
  const std::vector<double> means{1, 2, 3}, deviations{1, 2, 4};
  const auto each = applied(Normalize(means, deviations), counted(12), {2, 3, 2});
  for (std::size_t i = 0; i < 12; ++i) {
    const std::size_t c = i / 2 % 3;
    EXPECT_EQ(each[i],
              (static_cast<float>(i + 1) - static_cast<float>(means[c])) / static_cast<float>(deviations[c]));
  }
}

/// The numbers of an image moved by a plain loop.
std::vector<float> moved(const float* image, int planes, int height, int width, int down, int right) {
  std::vector<float> out;
  for (int p = 0; p < planes; ++p) {
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        const int from_y = y - down, from_x = x - right;
        const bool inside = from_y >= 0 && from_y < height && from_x >= 0 && from_x < width;
        out.push_back(inside ? image[(p * height + from_y) * width + from_x] : 0);
      }
    }
  }
  return out;
}

TEST(Transform, ShiftMovesEachImageByEveryDistance) {
  constexpr int kRows = 2000, kPlanes = 2, kHeight = 3, kWidth = 4;
  for (const int pixels : {0, 2, 5}) {  // 5: beyond the image
    const auto before = counted(kRows * kPlanes * kHeight * kWidth);
    const auto after = applied(Shift(pixels), before, {kRows, kPlanes, kHeight, kWidth});
    std::set<std::pair<int, int>> seen;
    for (int row = 0; row < kRows; ++row) {
      const int size = kPlanes * kHeight * kWidth;
      const std::vector<float> found(after.begin() + row * size, after.begin() + (row + 1) * size);
      bool explained = false;
      for (int down = -pixels; down <= pixels; ++down) {
        for (int right = -pixels; right <= pixels; ++right) {
          if (moved(before.data() + row * size, kPlanes, kHeight, kWidth, down, right) != found) continue;
          explained = true;
          seen.insert({down, right});
        }
      }
      ASSERT_TRUE(explained) << "row " << row << ", " << pixels << " pixels";
    }
    EXPECT_EQ(static_cast<int>(seen.size()), (2 * pixels + 1) * (2 * pixels + 1));
  }
}

TEST(Transform, FlipMirrorsItsShare) {
  const auto before = counted(1000 * 6);
  int mirrored = 0;
  const auto after = applied(Flip(0.25), before, {1000, 2, 3});
  for (std::size_t row = 0; row < 1000; ++row) {
    const float* a = before.data() + row * 6;
    const std::vector<float> kept(a, a + 6), turned{a[2], a[1], a[0], a[5], a[4], a[3]};
    const std::vector<float> found(after.begin() + static_cast<std::ptrdiff_t>(row * 6),
                                   after.begin() + static_cast<std::ptrdiff_t>(row * 6 + 6));
    EXPECT_TRUE(found == kept || found == turned) << row;
    mirrored += found == turned;
  }
  EXPECT_NEAR(mirrored, 250, 4 * std::sqrt(1000 * 0.25 * 0.75));
  EXPECT_EQ(applied(Flip(0), before, {1000, 2, 3}), before);
  EXPECT_EQ(applied(Flip(1), std::vector<std::uint8_t>{1, 2, 3, 4}, {2, 2}),
            (std::vector<std::uint8_t>{2, 1, 4, 3}));
  EXPECT_NE(applied(Flip(0.5), before, {1000, 2, 3}, 1), applied(Flip(0.5), before, {1000, 2, 3}, 2));
}

TEST(Transform, NoiseHasItsDeviation) {
  const std::vector<double> zeros(20000);
  const auto noise = applied(Noise(0.5), zeros, {200, 100});
  double sum = 0, squares = 0;
  for (const double x : noise) sum += x, squares += x * x;
  EXPECT_NEAR(sum / 20000, 0, 4 * 0.5 / std::sqrt(20000));
  EXPECT_NEAR(std::sqrt(squares / 20000), 0.5, 4 * 0.5 / std::sqrt(40000));
  EXPECT_EQ(applied(Noise(0), zeros, {200, 100}), zeros);
}

TEST(Transform, IsFoundByName) {
  EXPECT_EQ(
      registry<Transform>().names(),
      (std::vector<std::string>{"normalize", "shift", "flip", "noise", "rotate", "scale", "affine", "elastic",
                                "cut_out", "brightness", "contrast", "crop", "resize", "mixup"}));
  for (const auto& row : registry<Transform>().rows()) {
    const Shared<Configurable> made(row.make());
    EXPECT_EQ(made->info().name, row.info->name);
    EXPECT_FALSE(row.info->doc.empty());
    Fields fields;
    made->visit_fields(fields);
    EXPECT_FALSE(fields.all().empty());
    for (const Field& field : fields.all())
      EXPECT_FALSE(field.doc.empty()) << row.info->name << " " << field.name;
  }
}

TEST(Transform, SaysWhatItCannotDo) {
  const Source numbers = arrays(Batch{{"x", arange(4)}});
  const Source flat = arrays(Batch{{"x", ones({4, 6})}});
  const Source pictures = arrays(Batch{{"x", ones({4, 3, 2, 2})}});
  const auto message = [](const Source& source, const Transforms& transforms) {
    return message_of([&] { Loader(source, {.transforms = transforms}); });
  };
  EXPECT_EQ(message(numbers, Noise()), "[noise] the column 'x' is i64; need f32 or f64. (E277)");
  EXPECT_EQ(message(flat, Noise(-1)), "[noise] deviation is -1; need 0 or more. (E277)");
  EXPECT_EQ(message(numbers, Normalize()), "[normalize] the column 'x' is i64; need f32 or f64. (E277)");
  EXPECT_EQ(message(pictures, Normalize({1, 2}, {1, 2})),
            "[normalize] 2 means and 2 deviations for rows of shape (3, 2, 2); need 1 or 3 of each. (E277)");
  EXPECT_EQ(message(pictures, Normalize({1, 2, 3}, {1})),
            "[normalize] 3 means and 1 deviations for rows of shape (3, 2, 2); need 1 or 3 of each. (E277)");
  EXPECT_EQ(message(pictures, Normalize(0, 0)), "[normalize] deviation is 0; need numbers above 0. (E277)");
  EXPECT_EQ(message(flat, Shift()),
            "[shift] a row of 'x' has the shape (6,); need height and width last. (E277)");
  EXPECT_EQ(message(pictures, Shift(-1)), "[shift] pixels is -1; need 0 or more. (E277)");
  EXPECT_EQ(message(numbers, Flip()), "[flip] a row of 'x' has the shape (); need a width last. (E277)");
  EXPECT_EQ(message(pictures, Flip(1.5)), "[flip] probability is 1.5; need 0 to 1. (E277)");
  EXPECT_EQ(message(pictures, {Normalize(0, 1), Shift(1), Flip(), Noise()}), "no error");
}

}  // namespace
}  // namespace chainrule::data
