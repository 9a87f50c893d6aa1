// Transforms that make rows of another shape, or of two rows each.
#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <vector>

#include "chainrule/data.h"
#include "chainrule/loss.h"
#include "chainrule/ops.h"
#include "message_of.h"

namespace chainrule::data {
namespace {

using Values = std::vector<double>;

/// Images whose numbers tell row, plane, line and place: 1000 row + 100 plane + 10 line + place, from 1 on.
Source numbered(std::int64_t rows, std::int64_t planes, std::int64_t height, std::int64_t width) {
  std::vector<double> numbers;
  for (std::int64_t i = 0; i < rows * planes * height * width; ++i) {
    const std::int64_t place = i % width, line = i / width % height, plane = i / width / height % planes,
                       row = i / width / height / planes;
    numbers.push_back(static_cast<double>(1000 * row + 100 * plane + 10 * line + place + 1));
  }
  return arrays(from_data(numbers, {rows, planes, height, width}), arange(rows));
}

TEST(Remake, CropTakesEveryPartEquallyOften) {
  constexpr int kRows = 3000;
  const Source source = numbered(kRows, 2, 4, 5);
  Loader loader(source,
                {.batch_size = kRows, .order = Batches::Order::sequential, .transforms = Crop(3, 4, 1)});
  EXPECT_EQ(loader.columns()[0].shape, (Shape{2, 3, 4}));
  const auto [x, t] = loader.at(0);
  EXPECT_EQ(t.to_vector<std::int64_t>(), source.targets().to_vector<std::int64_t>());
  const auto numbers = x.to_vector<double>();
  std::vector<double> counts(16);
  for (int row = 0; row < kRows; ++row) {
    const std::vector<std::int64_t> rows{row};
    Random random = Draw{.rows = rows}.random(0);
    const auto top = static_cast<int>(random.below(4)) - 1, left = static_cast<int>(random.below(4)) - 1;
    ++counts[static_cast<std::size_t>((top + 1) * 4 + left + 1)];
    for (int i = 0; i < 24; ++i) {
      const int plane = i / 12, y = i / 4 % 3 + top, place = i % 4 + left;
      const bool inside = y >= 0 && y < 4 && place >= 0 && place < 5;
      ASSERT_EQ(numbers[static_cast<std::size_t>(row * 24 + i)],
                inside ? 1000 * row + 100 * plane + 10 * y + place + 1 : 0)
          << row << " " << i;
    }
  }
  for (const double count : counts) EXPECT_NEAR(count, kRows / 16.0, 4 * std::sqrt(kRows / 16.0));
}

TEST(Remake, CropFromTheCentre) {
  const Source source = transformed(numbered(1, 1, 4, 5), Crop(2, 2, 0, true));
  EXPECT_EQ(source.all()[0].to_vector<double>(), (Values{12, 13, 22, 23}));
  EXPECT_EQ(transformed(numbered(1, 1, 2, 1), Crop(4, 3, 1, true)).all()[0].to_vector<double>(),
            (Values{0, 0, 0, 0, 1, 0, 0, 11, 0, 0, 0, 0}));
}

/// A size by the definition: triangles as wide as two of the coarser pixels, weights that sum to 1.
double resized(const Values& plane, int height, int width, int to_height, int to_width, int i, int j) {
  const auto weight = [](int k, int from, int to, int at) {
    const double step = static_cast<double>(from) / to, reach = std::max(step, 1.0);
    return std::max(0.0, 1 - std::abs(k - ((at + 0.5) * step - 0.5)) / reach);
  };
  double sum = 0, weights = 0;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const double w = weight(y, height, to_height, i) * weight(x, width, to_width, j);
      sum += w * plane[static_cast<std::size_t>(y * width + x)], weights += w;
    }
  }
  return sum / weights;
}

TEST(Remake, ResizeIsItsFormula) {
  const Source source = numbered(3, 2, 5, 7);
  const auto before = source.all()[0].to_vector<double>();
  for (const auto& [height, width] : {std::pair{5, 7}, {3, 4}, {9, 8}, {1, 20}, {2, 7}}) {
    const Tensor x = transformed(source, Resize(height, width)).all()[0];
    ASSERT_EQ(x.shape(), (Shape{3, 2, height, width}));
    const auto after = x.to_vector<double>();
    for (int plane = 0; plane < 6; ++plane) {
      const Values one(before.begin() + plane * 35, before.begin() + (plane + 1) * 35);
      for (int i = 0; i < height; ++i) {
        for (int j = 0; j < width; ++j) {
          EXPECT_NEAR(after[static_cast<std::size_t>((plane * height + i) * width + j)],
                      resized(one, 5, 7, height, width, i, j), 1e-9);
        }
      }
    }
  }
  EXPECT_EQ(transformed(source, Resize(5, 7)).all()[0].to_vector<double>(), before);
}

TEST(Remake, TransformsBeforeAndAfter) {
  const Source source = numbered(20, 1, 6, 6);
  const Transforms list{Shift(1), Crop(4, 5), Noise(0.5), Resize(2, 3), Flip()};
  Loader plain(source, {.batch_size = 7, .seed = 3, .transforms = list});
  LoaderOptions options = plain.options();
  options.workers = 2;
  Loader ahead(source, options);
  for (const std::int64_t step : {0, 1, 2, 5}) {
    EXPECT_EQ(plain.at(step)[0].shape()[3], 3);
    EXPECT_EQ(ahead.at(step)[0].to_vector<double>(), plain.at(step)[0].to_vector<double>());
  }
}

Source three_classes(DType dtype = f32) {
  const Tensor x = detach(cast(normal({30, 4}, {.seed = 1}), dtype));
  std::vector<std::int64_t> classes;
  for (std::int64_t i = 0; i < 30; ++i) classes.push_back(i % 3);
  return arrays(x, from_data(classes, {30}), {"a", "b", "c"});
}

TEST(Mixup, MixesWithAnyRowAndItsTarget) {
  const Source source = three_classes(f64);
  Loader loader(source, {.batch_size = 30, .seed = 6, .transforms = Mixup(1)});
  EXPECT_EQ(loader.columns()[1].shape, (Shape{3}));
  EXPECT_EQ(loader.columns()[1].dtype, f64);
  EXPECT_EQ(loader.columns()[1].features, (std::vector<std::string>{"a", "b", "c"}));
  std::set<std::int64_t> partners;
  int mixed_rows = 0;
  for (std::int64_t epoch = 0; epoch < 10; ++epoch) {
    const auto [x, t] = loader.at(epoch);
    const auto rows = loader.rows(epoch);
    const Draw draw{.rows = rows, .epoch = epoch, .seed = 6};
    for (std::size_t i = 0; i < 30; ++i) {
      const auto partner = static_cast<std::int64_t>(draw.partner(i).below(30));
      partners.insert(partner);
      const auto own = source.take({rows[i]})[0].to_vector<double>(),
                 other = source.take({partner})[0].to_vector<double>();
      const auto mixed = select(x, static_cast<std::int64_t>(i)).to_vector<double>(),
                 target = select(t, static_cast<std::int64_t>(i)).to_vector<double>();
      const double share = partner == rows[i] ? 1 : (mixed[0] - other[0]) / (own[0] - other[0]);
      mixed_rows += share > 0.1 && share < 0.9;
      EXPECT_GT(share, -1e-9);
      EXPECT_LT(share, 1 + 1e-9);
      for (std::size_t k = 0; k < 4; ++k)
        EXPECT_NEAR(mixed[k], share * own[k] + (1 - share) * other[k], 1e-9);
      Values expected(3);
      expected[static_cast<std::size_t>(rows[i] % 3)] += share;
      expected[static_cast<std::size_t>(partner % 3)] += 1 - share;
      for (std::size_t c = 0; c < 3; ++c) EXPECT_NEAR(target[c], expected[c], 1e-9);
    }
    EXPECT_TRUE(std::isfinite(softmax_cross_entropy(zeros({30, 3}, f64), t).item()));
  }
  EXPECT_EQ(partners.size(), 30u);
  EXPECT_GT(mixed_rows, 200);  // of 300; Beta(1, 1) is even: 240 in the middle, less those with themselves
}

// Mean 1/2 and variance 1 / (4 (2 alpha + 1)).
TEST(Mixup, SharesAreOfTheBetaDistribution) {
  constexpr std::int64_t kRows = 20000;
  for (const double alpha : {0.001, 0.2, 1.0, 4.0, 1000.0}) {
    double sum = 0, squares = 0;
    for (std::int64_t row = 0; row < kRows; ++row) {
      const std::vector<std::int64_t> rows{row};
      double one = 1, zero = 0, made = -1;
      const Array own{&one, f64, {1, 1}}, other{&zero, f64, {1, 1}}, to{&made, f64, {1, 1}};
      Mixup(alpha).make({&own, 1}, {&other, 1}, {&to, 1}, {.rows = rows, .seed = 3});
      ASSERT_GE(made, 0);
      ASSERT_LE(made, 1);
      sum += made, squares += (made - 0.5) * (made - 0.5);
    }
    const double variance = 1 / (4 * (2 * alpha + 1));
    EXPECT_NEAR(sum / kRows, 0.5, 4 * std::sqrt(variance / kRows)) << alpha;
    EXPECT_NEAR(squares / kRows / variance, 1, 0.05) << alpha;
  }
}

// The partner comes as the transforms before have made it in this epoch, under its own number.
TEST(Mixup, PartnersAreTransformedToo) {
  const Source source = three_classes(f64);
  Loader noisy(source,
               {.batch_size = 30, .seed = 2, .order = Batches::Order::sequential, .transforms = Noise(1)});
  Loader mixed(
      source,
      {.batch_size = 30, .seed = 2, .order = Batches::Order::sequential, .transforms = {Noise(1), Mixup(1)}});
  int mixed_rows = 0;
  for (const std::int64_t epoch : {0, 4}) {
    const auto rows = mixed.rows(epoch);
    const Draw draw{.rows = rows, .epoch = epoch, .seed = 2, .place = 1};
    const auto before = noisy.at(epoch)[0].to_vector<double>(),
               after = mixed.at(epoch)[0].to_vector<double>();
    for (std::size_t i = 0; i < 30; ++i) {
      const std::size_t partner = draw.partner(i).below(30);
      if (partner == i) continue;
      const double share = (after[4 * i] - before[4 * partner]) / (before[4 * i] - before[4 * partner]);
      mixed_rows += share > 0.1 && share < 0.9;
      for (std::size_t k = 0; k < 4; ++k) {
        EXPECT_NEAR(after[4 * i + k], share * before[4 * i + k] + (1 - share) * before[4 * partner + k],
                    1e-9);
      }
    }
  }
  EXPECT_GT(mixed_rows, 30);  // of 60
}

TEST(Mixup, RealTargetsStayReal) {
  const Source source = arrays(normal({10, 2}, {.seed = 1}), normal({10, 3}, {.seed = 2}));
  Loader loader(source, {.batch_size = 10, .transforms = Mixup(1)});
  EXPECT_EQ(loader.at(0)[1].shape(), (Shape{10, 3}));
  const Source inputs = arrays(Batch{{"x", ones({4, 2})}});
  EXPECT_EQ(transformed(inputs, Mixup(1)).all()[0].to_vector<double>().size(), 8u);
  const Source with_mask = arrays(Batch{{"x", ones({4, 2})}, {"mask", arange(4)}, {"t", zeros({4}, u8)}});
  EXPECT_EQ(transformed(with_mask, Mixup(1, 2)).all()["mask"].to_vector<std::int64_t>(),
            (std::vector<std::int64_t>{0, 1, 2, 3}));
}

TEST(Remake, SaysWhatItCannotDo) {
  const Source source = numbered(4, 1, 4, 5);
  const auto message = [&](const Transforms& transforms) {
    return message_of([&] { Loader(source, {.transforms = transforms}); });
  };
  EXPECT_EQ(message(Crop(5, 5)),
            "[crop] 5 x 5 of images of 4 x 5 with 0 zeros around; need a part that is no larger. Resize them "
            "first. (E277)");
  EXPECT_EQ(message({Crop(2, 2), Crop(3, 3)}),
            "[crop] 3 x 3 of images of 2 x 2 with 0 zeros around; need a part that is no larger. Resize them "
            "first. (E277)");
  EXPECT_EQ(message(Crop(0, 5)), "[crop] height is 0; need 1 to 16384. (E277)");
  EXPECT_EQ(message(Crop(2, 2, -1)), "[crop] padding is -1; need 0 to 16384. (E277)");
  EXPECT_EQ(message(Resize(4, 20000)), "[resize] width is 20000; need 1 to 16384. (E277)");
  EXPECT_EQ(message(Mixup(0)), "[mixup] alpha is 0; need 0.001 to 1000. (E277)");
  EXPECT_EQ(message(Mixup()),
            "[mixup] the target 't' is () i64 of nobody knows how many classes; need one class number a row. "
            "Set classes to how many there are. (E277)");
  EXPECT_EQ(message_of([&] { Loader(source, {.transforms = Mixup(0.2, 3)}).at(0); }),
            "[mixup] a target is class 3; need 0 to 2. Set classes to how many there are. (E277)");
  EXPECT_EQ(message({Mixup(1, 4), Mixup(1), Mixup(1), Mixup(1), Mixup(1)}),
            "[loader] 5 transforms that mix rows; need at most 4: each takes twice as many rows. (E276)");
  EXPECT_EQ(message_of([] { Crop().apply({}, {}); }),
            "[crop] makes rows of its own and changes none where they lie. Ask a loader for them, or call "
            "make. (E277)");
}

TEST(Remake, TrainingRowsAloneKeepTheirShapeAndUnits) {
  const Source source = numbered(4, 3, 6, 8);
  const auto message = [&](Transforms transforms) {
    return message_of([&] { require_same_rows(source, std::move(transforms)); });
  };
  const auto other_shape = [](const char* name, const char* shape) {
    return std::string("[") + name + "] is done to training batches alone: rows (3, 6, 8) would be " + shape +
           " there, and stay as they are where the net is measured and used. Bring all rows to one shape "
           "instead, as data.pictures.height and data.pictures.width do for pictures. (E634)";
  };
  EXPECT_EQ(message({Resize(12, 8)}), other_shape("resize", "(3, 12, 8)"));
  EXPECT_EQ(message({Flip(), Crop(6, 7)}), other_shape("crop", "(3, 6, 7)"));
  EXPECT_EQ(
      message({Shift(1), Normalize(0.5, 0.05)}),
      "[normalize] is done to training batches alone: rows would be in other units there than where the "
      "net is measured and used. Scale all rows instead: data.scale = \"standardize\", or a scaler. "
      "(E634)");
  EXPECT_EQ(message({Crop(9, 9)}).substr(0, 18), "[crop] 9 x 9 of im") << "what does not fit at all";
  EXPECT_EQ(message({Shift(1), Noise(), Crop(6, 8, 2), Resize(6, 8), Mixup(0.2, 4)}), "no error");
  EXPECT_EQ(message({}), "no error");
  EXPECT_EQ(Loader(source, {.transforms = {Normalize(1, 2), Resize(12, 8)}}).at(0)[0].shape()[2], 12);
}

}  // namespace
}  // namespace chainrule::data
