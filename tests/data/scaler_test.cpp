#include "chainrule/data/scaler.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "chainrule/data.h"
#include "chainrule/error.h"
#include "chainrule/grad.h"
#include "chainrule/ops.h"
#include "message_of.h"

namespace chainrule::data {
namespace {

using Values = std::vector<double>;

// 1, 2, 6 have mean 3 and mean square distance (4 + 1 + 9) / 3; 10, 10, 10 are constant.
Source three_rows(DType dtype = f32) {
  return arrays(tensor({1, 10, 2, 10, 6, 10}, {3, 2}, dtype), tensor({-1, 0, 3}, {3, 1}, dtype));
}

TEST(Scaler, StandardizeMeasuresEachFeature) {
  const Standardize scaler = standardize(three_rows());
  EXPECT_EQ(scaler.mean, (Values{3, 10}));
  EXPECT_EQ(scaler.deviation, (Values{std::sqrt(14.0 / 3), 0}));
  EXPECT_TRUE(scaler.target_mean.empty());
  const auto scaled = scaler(three_rows()).all();
  const float d = static_cast<float>(std::sqrt(14.0 / 3));
  EXPECT_EQ(scaled[0].to_vector<double>(),
            (Values{-2 / d, 0, -1 / d, 0, 3 / d, 0}));           // constant: 0, no division by 0
  EXPECT_EQ(scaled[1].to_vector<double>(), (Values{-1, 0, 3}));  // not asked for
}

TEST(Scaler, MinMaxGoesToTheBoundsExactly) {
  const MinMax scaler = min_max(three_rows(), {.target = true});
  EXPECT_EQ(scaler.smallest, (Values{1, 10}));
  EXPECT_EQ(scaler.largest, (Values{6, 10}));
  const auto scaled = scaler(three_rows()).all();
  EXPECT_EQ(scaled[0].to_vector<double>(), (Values{0, 0, 0.2f, 0, 1, 0}));
  EXPECT_EQ(scaled[1].to_vector<double>(), (Values{0, 0.25, 1}));
  EXPECT_EQ(min_max(three_rows(f64), -1, 1)(three_rows(f64)).all()[0].to_vector<double>(),
            (Values{-1, -1, -0.6, -1, 1, -1}));
}

TEST(Scaler, LargeMeansCostNoDigits) {
  Values numbers;
  for (int i = 0; i < 1000; ++i) numbers.push_back(1e9 + i % 2);
  const Standardize scaler = standardize(arrays(Batch{{"x", from_data(numbers, {1000, 1})}}));
  EXPECT_NEAR(scaler.mean[0], 1e9 + 0.5, 1e-6);
  EXPECT_NEAR(scaler.deviation[0], 0.5, 1e-9);
}

TEST(Scaler, MeasuresPerFeatureChannelOrColumn) {
  // Row i of image (2, 1, 2) holds 4 i, 4 i + 1 | 4 i + 2, 4 i + 3.
  const Source source = arrays(Batch{{"x", cast(reshape(arange(8), {2, 2, 1, 2}), f64)}});
  EXPECT_EQ(standardize(source).mean, (Values{2, 3, 4, 5}));
  EXPECT_EQ(standardize(source, {.per = Per::channel}).mean, (Values{2.5, 4.5}));
  EXPECT_EQ(standardize(source, {.per = Per::column}).mean, (Values{3.5}));
  EXPECT_EQ(min_max(source, {.per = Per::channel}).largest, (Values{5, 7}));
}

// What a scaler makes of a source and of its tensors is the same to the bit, and goes back.
TEST(Scaler, SourcesTensorsAndBack) {
  std::vector<float> x, t;
  Random random(4);
  for (int i = 0; i < 50 * 12; ++i) x.push_back(static_cast<float>(random.normal(3, 7)));
  for (int i = 0; i < 50; ++i) t.push_back(static_cast<float>(random.uniform(-5, 80)));
  for (const DType dtype : {f32, f64}) {
    const Source source =
        arrays(detach(cast(from_data(x, {50, 3, 2, 2}), dtype)), detach(cast(from_data(t, {50}), dtype)));
    for (const Per per : {Per::feature, Per::channel, Per::column}) {
      const ScalerOptions options{.per = per, .target = true};
      const Standardize first = standardize(source, options);
      const MinMax second = min_max(source, -0.5, 2, options);
      for (const Scaler* scaler : {static_cast<const Scaler*>(&first), static_cast<const Scaler*>(&second)}) {
        const Batch plain = source.all();
        const Batch scaled = (*scaler)(source).all();
        EXPECT_EQ(scaled[0].to_vector<double>(), (*scaler)(plain[0]).to_vector<double>());
        EXPECT_EQ(scaled[1].to_vector<double>(), scaler->target(plain[1]).to_vector<double>());
        const double near = dtype == f32 ? 1e-5 : 1e-13;
        const auto back = scaler->inverse(scaled[1]).to_vector<double>();
        const auto wanted = plain[1].to_vector<double>();
        for (std::size_t i = 0; i < back.size(); ++i) EXPECT_NEAR(back[i], wanted[i], near * 80);
        const auto inputs = scaler->inverse_inputs(scaled[0]).to_vector<double>();
        const auto given = plain[0].to_vector<double>();
        for (std::size_t i = 0; i < inputs.size(); ++i) EXPECT_NEAR(inputs[i], given[i], near * 30);
      }
      const auto again = standardize(first(source), options);
      for (const double mean : again.mean) EXPECT_NEAR(mean, 0, 1e-6);
      for (const double deviation : again.deviation) EXPECT_NEAR(deviation, 1, 1e-6);
    }
  }
}

TEST(Scaler, CanBeDifferentiated) {
  const Standardize scaler = standardize(three_rows(f64), {.target = true});
  const Tensor x = tensor({1, 2, 3, 4}, {2, 2}, f64);
  const double d = std::sqrt(14.0 / 3);
  EXPECT_EQ(grad(sum(scaler(x)), {x})[0].to_vector<double>(), (Values{1 / d, 1, 1 / d, 1}));
  const Tensor y = tensor({1, 2}, {2, 1}, f64);
  EXPECT_EQ(grad(sum(scaler.inverse(y)), {y})[0].to_vector<double>(),
            (Values(2, scaler.target_deviation[0])));
}

TEST(Scaler, WholeNumbersBecomeFloats) {
  const Source source = arrays(reshape(arange(6), {3, 2}), arange(3), {"a", "b", "c"});
  const Source scaled = min_max(source)(source);
  EXPECT_EQ(scaled.to_string(), "3 rows: x (2,) f32, t () i64 of 3 classes");
  EXPECT_EQ(scaled.all()[0].to_vector<double>(), (Values{0, 0, 0.5, 0.5, 1, 1}));
}

TEST(Scaler, SaysWhatItCannotDo) {
  const Source source = three_rows();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(message_of([&] { standardize(subset(source, 0, 0)); }),
            "[standardize] the source has no rows; need at least one. (E278)");
  EXPECT_EQ(message_of([&] {
              min_max(arrays(tensor({1, nan}, {2, 1}), arange(2)));
            }),
            "[min_max] row 1 of 'x', number 0: nan; need finite numbers. Drop the row, or fill it. (E278)");
  EXPECT_EQ(
      message_of([&] {
        standardize(arrays(ones({2, 1}), arange(2)), {.target = true});
      }),
      "[standardize] a target of real numbers is to be scaled, but this source has 't' i64. Leave target "
      "out. (E278)");
  EXPECT_EQ(
      message_of([&] {
        standardize(arrays(Batch{{"x", ones({2})}}), {.target = true});
      }),
      "[standardize] a target of real numbers is to be scaled, but this source has none. Leave target out. "
      "(E278)");
  EXPECT_EQ(message_of([&] { min_max(source, 1, 1); }),
            "[min_max] to the range from 1 to 1; need low < high. (E278)");
  EXPECT_EQ(
      message_of([&] {
        standardize(source)(ones({2, 3}));
      }),
      "[standardize] fitted for 2 numbers, but a row has the shape (3,). Give rows like those it was fitted "
      "on. (E279)");
  EXPECT_EQ(
      message_of([&] {
        standardize(source)(arrays(ones({2, 3}), ones({2})));
      }),
      "[standardize] fitted for 2 numbers, but a row has the shape (3,). Give rows like those it was fitted "
      "on. (E279)");
  EXPECT_EQ(message_of([&] { standardize(source)(scalar(1)); }),
            "[standardize] a scalar; need rows, (N, ...). (E279)");
}

TEST(Scaler, IsFoundByName) {
  EXPECT_EQ(registry<Scaler>().names(), (std::vector<std::string>{"standardize", "min_max"}));
}

}  // namespace
}  // namespace chainrule::data
