#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <vector>

#include "chainrule/data.h"
#include "chainrule/error.h"
#include "core/thread_pool.h"
#include "data/digit_styles.h"

namespace chainrule::data {
namespace {

constexpr std::size_t kPixels = 28 * 28;

TEST(DigitStyles, BothExtremesHaveTheSameStructure) {
  for (int digit = 0; digit < 10; ++digit) {
    ASSERT_GE(styles_of(digit).size(), 3u) << digit;
    for (const DigitStyle& style : styles_of(digit)) {
      EXPECT_GT(style.weight, 0);
      ASSERT_EQ(style.from.size(), style.to.size()) << digit;
      ASSERT_LE(style.from.size(), 24u) << digit;
      ASSERT_TRUE(style.from.back().last);
      for (std::size_t i = 0; i < style.from.size(); ++i) {
        EXPECT_EQ(style.from[i].corner, style.to[i].corner) << digit << " point " << i;
        EXPECT_EQ(style.from[i].last, style.to[i].last) << digit << " point " << i;
        for (const PenPoint& point : {style.from[i], style.to[i]}) {
          EXPECT_TRUE(point.x >= 0 && point.x <= 100 && point.y >= 0 && point.y <= 100)
              << digit << " point " << i;
        }
      }
    }
  }
}

TEST(Digits, TakeTurnsAndHaveNames) {
  const Dataset set = make_digits(0, 200, 35);
  EXPECT_EQ(set.name, "digits");
  EXPECT_EQ(set.classes, 10);
  EXPECT_EQ(set.class_names.size(), 10u);
  EXPECT_EQ(set.train.count, 200);
  EXPECT_EQ(set.train.height, 28);
  EXPECT_EQ(set.train.width, 28);
  EXPECT_EQ(set.train.pixels.size(), 200 * kPixels);
  EXPECT_EQ(set.test.labels.size(), 35u);
  std::vector<int> counts(10);
  for (std::uint8_t label : set.train.labels) ++counts.at(label);
  EXPECT_EQ(counts, std::vector<int>(10, 20));
}

TEST(Digits, AnImageDependsOnSeedSplitAndIndexAlone) {
  const Dataset many = make_digits(3, 60, 20);
  const Dataset few = make_digits(3, 20, 40);
  EXPECT_TRUE(std::equal(few.train.pixels.begin(), few.train.pixels.end(), many.train.pixels.begin()));
  EXPECT_TRUE(std::equal(many.test.pixels.begin(), many.test.pixels.end(), few.test.pixels.begin()));
  EXPECT_NE(few.train.pixels, many.test.pixels);
  EXPECT_NE(few.train.pixels, make_digits(4, 20, 0).train.pixels);
  for (std::int64_t i = 0; i < 20; ++i) {  // same class, other writer
    const auto a = many.train.image(i), b = many.train.image(i + 10);
    EXPECT_FALSE(std::equal(a.begin(), a.end(), b.begin())) << i;
  }
}

TEST(Digits, AreTheSameOnAnyNumberOfThreads) {
  const int before = num_threads();
  set_num_threads(1);
  const Dataset one = make_digits(1, 1500, 0);
  set_num_threads(2);
  const Dataset two = make_digits(1, 1500, 0);
  set_num_threads(before);
  EXPECT_EQ(one.train.pixels, two.train.pixels);
}

// Written down once on x86-64 with g++ 12; every machine and compiler must draw the same pictures.
TEST(Digits, AreTheSameBitsEverywhere) {
  std::uint64_t hash = 0xCBF29CE484222325u;  // FNV-1a
  for (std::uint8_t pixel : make_digits(0, 2000, 0).train.pixels) hash = (hash ^ pixel) * 0x100000001B3u;
  EXPECT_EQ(hash, 0xFFA0AA18A8448DC9u);
}

struct Box {
  std::int64_t height, width;
};

Box ink_box(std::span<const std::uint8_t> image) {
  std::int64_t top = 28, bottom = -1, left = 28, right = -1;
  for (std::int64_t i = 0; i < 28 * 28; ++i) {
    if (image[static_cast<std::size_t>(i)] < 128) continue;
    top = std::min(top, i / 28);
    bottom = std::max(bottom, i / 28);
    left = std::min(left, i % 28);
    right = std::max(right, i % 28);
  }
  return {bottom - top + 1, right - left + 1};
}

// MNIST: fitted into 20 x 20 with the aspect kept, then moved by whole pixels to bring the centre of mass to
// the middle of pixel (14, 14).
TEST(Digits, KeepTheConventionsOfMnist) {
  const ImageSet set = make_digits(7, 3000, 0).train;
  double total = 0;
  int small = 0, off_centre = 0;
  for (std::int64_t row = 0; row < set.count; ++row) {
    const auto image = set.image(row);
    const Box box = ink_box(image);
    EXPECT_LE(std::max(box.height, box.width), 20) << row;
    small += std::max(box.height, box.width) < 18 ? 1 : 0;
    double mass = 0, x = 0, y = 0;
    for (std::size_t i = 0; i < kPixels; ++i) {
      mass += image[i];
      x += image[i] * static_cast<double>(i % 28);
      y += image[i] * static_cast<double>(i / 28);
    }
    off_centre += std::abs(x / mass - 14) > 0.501 || std::abs(y / mass - 14) > 0.501 ? 1 : 0;
    EXPECT_GE(*std::max_element(image.begin(), image.end()), 192) << row;
    total += mass;
  }
  EXPECT_LT(small, 60);       // a pen that hardly writes at an end leaves some smaller
  EXPECT_LT(off_centre, 30);  // only where ink would leave the picture
  EXPECT_NEAR(total / 255 / static_cast<double>(set.pixels.size()), 0.1307, 0.01);  // the mean of MNIST
}

using Mean = std::array<double, kPixels>;

std::vector<Mean> class_means(const ImageSet& set) {
  std::vector<Mean> means(10, Mean{});
  std::vector<double> counts(10);
  for (std::int64_t row = 0; row < set.count; ++row) {
    const std::size_t label = set.labels[static_cast<std::size_t>(row)];
    const auto image = set.image(row);
    for (std::size_t i = 0; i < kPixels; ++i) means[label][i] += image[i];
    ++counts[label];
  }
  for (std::size_t label = 0; label < 10; ++label) {
    for (double& value : means[label]) value /= counts[label];
  }
  return means;
}

/// The share of the first `count` images that lie nearest to the mean of their own class.
double nearest_mean_accuracy(const std::vector<Mean>& means, const ImageSet& set, std::int64_t count) {
  int right = 0;
  for (std::int64_t row = 0; row < count; ++row) {
    const auto image = set.image(row);
    std::array<double, 10> distances{};
    for (std::size_t label = 0; label < 10; ++label) {
      for (std::size_t i = 0; i < kPixels; ++i) {
        const double difference = image[i] - means[label][i];
        distances[label] += difference * difference;
      }
    }
    const auto best = std::min_element(distances.begin(), distances.end()) - distances.begin();
    right += best == set.labels[static_cast<std::size_t>(row)] ? 1 : 0;
  }
  return right / static_cast<double>(count);
}

// The simplest reader there is: shapes and labels must belong together, without the set being too easy for
// it.
TEST(Digits, CanBeReadByTheirClassMeans) {
  const Dataset set = make_digits(0, 3000, 1000);
  const double accuracy = nearest_mean_accuracy(class_means(set.train), set.test, 1000);
  EXPECT_GT(accuracy, 0.65);
  EXPECT_LT(accuracy, 0.90);
}

TEST(Digits, TheirClassMeansReadRealMnist) {
  if (std::getenv("CHAINRULE_DATA_DIR") == nullptr) {
    GTEST_SKIP() << "CHAINRULE_DATA_DIR is not set: real MNIST is not read";
  }
  const Dataset mnist = load("mnist");
  const auto means = class_means(make_digits(0, 3000, 0).train);
  const auto own_means = class_means(mnist.train);
  const double own = nearest_mean_accuracy(own_means, mnist.test, 2000);
  EXPECT_GT(nearest_mean_accuracy(means, mnist.test, 2000), own - 0.06);
}

TEST(Digits, RefuseImpossibleCounts) {
  try {
    make_digits(0, -1, 5);
    FAIL();
  } catch (const ValueError& error) {
    EXPECT_STREQ(error.what(),
                 "[digits] -1 training and 5 test images; each must be 0 to 2147483647. (E075)");
  }
}

}  // namespace
}  // namespace chainrule::data
