// What holds for every row of the tables of transforms and of scalers: a row without a sample fails.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "chainrule/config.h"
#include "chainrule/data.h"
#include "chainrule/ops.h"
#include "message_of.h"

namespace chainrule::data {
namespace {

/// A transform with settings, as configurations write it, and the shape of rows that it takes.
struct TransformSample {
  std::string text;
  Shape row;
  bool is_random = true;
};

const std::map<std::string, TransformSample>& transforms() {
  static const std::map<std::string, TransformSample> all{
      {"normalize", {"normalize([0.1, 0.2, 0.3], [1.0, 2.0, 4.0])", {3, 5, 4}, false}},
      {"shift", {"shift(1)", {2, 5, 4}}},
      {"flip", {"flip(0.25)", {3, 4}}},
      {"noise", {"noise(0.5)", {7}}},
      {"rotate", {"rotate(30.0)", {2, 5, 4}}},
      {"scale", {"scale(0.5, 1.5)", {2, 5, 4}}},
      {"affine", {"affine(20.0, 0.8, high=1.3, shear=10.0, pixels=1.5)", {2, 5, 4}}},
      {"elastic", {"elastic(5.0, 2.0)", {2, 5, 4}}},
      {"cut_out", {"cut_out(2)", {2, 5, 4}}},
      {"brightness", {"brightness(0.5, 1.5)", {3, 5, 4}}},
      {"contrast", {"contrast(0.5, 1.5)", {3, 5, 4}}},
      {"crop", {"crop(3, 2, padding=1)", {2, 5, 4}}},
      {"resize", {"resize(3, 6)", {2, 5, 4}, false}},
      {"mixup", {"mixup(1.0, 40)", {2, 3}}},
  };
  return all;
}

class EveryTransform : public ::testing::TestWithParam<std::string> {
 protected:
  const TransformSample& sample() const { return transforms().at(GetParam()); }

  Source source(DType dtype) const {
    Random random(3);
    std::vector<double> numbers(static_cast<std::size_t>(40 * sample().row.numel()));
    for (double& x : numbers) x = random.normal();
    std::vector<std::int64_t> sizes{40};
    for (const std::int64_t size : sample().row.sizes()) sizes.push_back(size);
    return arrays(detach(cast(from_data(numbers, Shape(sizes)), dtype)), arange(40));
  }
  Loader loader(DType dtype, std::uint64_t seed, std::int64_t workers = 0, std::int64_t batch = 8) const {
    Transforms list;
    list.add(config::make<Transform>(sample().text));
    return {source(dtype), {.batch_size = batch, .seed = seed, .transforms = list, .workers = workers}};
  }
  /// The numbers of an epoch by row.
  static std::vector<std::vector<double>> rows(Loader& loader, std::int64_t epoch = 0) {
    std::vector<std::vector<double>> all(40);
    for (std::int64_t i = 0; i < loader.steps_per_epoch(); ++i) {
      const Batch batch = loader.at(epoch * loader.steps_per_epoch() + i);
      const auto numbers = batch[0].to_vector<double>();
      const auto order = loader.rows(epoch * loader.steps_per_epoch() + i);
      const std::size_t each = numbers.size() / order.size();
      for (std::size_t r = 0; r < order.size(); ++r) {
        const auto begin = numbers.begin() + static_cast<std::ptrdiff_t>(r * each);
        all[static_cast<std::size_t>(order[r])].assign(begin, begin + static_cast<std::ptrdiff_t>(each));
      }
    }
    return all;
  }
};

TEST_P(EveryTransform, HasASampleThatIsReadAndWritten) {
  ASSERT_TRUE(transforms().contains(GetParam())) << "add one to tests/data/tables_test.cpp";
  const auto made = config::make<Transform>(sample().text);
  EXPECT_EQ(config::describe(*made), sample().text);
  const auto again = config::make<Transform>(config::parse_json(config::to_json(config::write(*made)), ""));
  EXPECT_EQ(config::write(*again), config::write(*made));
}

// The numbers of a row depend on seed, row and epoch; not on the batch it is in, nor on who makes it.
TEST_P(EveryTransform, ARowIsAFunctionOfSeedRowAndEpoch) {
  for (const DType dtype : {f32, f64}) {
    Loader one = loader(dtype, 5), other = loader(dtype, 5, 2, 7), another = loader(dtype, 6);
    const auto expected = rows(one);
    EXPECT_EQ(rows(other), expected);
    EXPECT_EQ(rows(one), expected) << "asked for again";
    EXPECT_EQ(rows(another) == expected, !sample().is_random);
    EXPECT_EQ(rows(one, 1) == expected, !sample().is_random);
    Loader plain(source(dtype), {.batch_size = 8, .seed = 5});
    EXPECT_NE(rows(plain), expected) << "it does nothing";
  }
}

TEST_P(EveryTransform, LeavesTargetsUnlessItSaysSo) {
  Loader one = loader(f32, 5);
  const auto batch = one.at(0);
  ASSERT_EQ(one.columns().size(), 2u);
  for (const int column : {0, 1}) {
    const Column& said = one.columns()[static_cast<std::size_t>(column)];
    EXPECT_EQ(batch[column].dtype(), said.dtype);
    EXPECT_EQ(Shape(batch[column].shape().sizes().subspan(1)), said.shape);
  }
  if (one.columns()[1].dtype == i64) {
    EXPECT_EQ(batch[1].to_vector<std::int64_t>(), one.rows(0));
  }
}

TEST_P(EveryTransform, TakesNoRows) {
  const Source source = this->source(f32);
  Transforms list;
  list.add(config::make<Transform>(sample().text));
  EXPECT_EQ(transformed(subset(source, 0, 0), list).all().rows(), 0);
}

// As a source it has what a loader of the same seed has in its first epoch.
TEST_P(EveryTransform, IsASource) {
  Transforms list;
  list.add(config::make<Transform>(sample().text));
  Loader one = loader(f32, 5);
  const Source all = transformed(source(f32), list, 5);
  EXPECT_EQ(all.take({17, 3, 17})[0].to_vector<double>(),
            take(all.all()[0], tensor({17, 3, 17}, {3}, i64)).to_vector<double>());
  const auto expected = rows(one);
  for (const std::int64_t row : {0, 17, 39}) {
    EXPECT_EQ(all.take({row})[0].to_vector<double>(), expected[static_cast<std::size_t>(row)]);
  }
}

std::vector<std::string> names_of(const Registry& registry) { return registry.names(); }

INSTANTIATE_TEST_SUITE_P(Table, EveryTransform, ::testing::ValuesIn(names_of(registry<Transform>())),
                         [](const auto& row) { return row.param; });

/// How each scaler is fitted.
using Fit = Shared<Scaler> (*)(const Source&, const ScalerOptions&);
const std::map<std::string, Fit>& scalers() {
  static const std::map<std::string, Fit> all{
      {"standardize",
       [](const Source& s, const ScalerOptions& o) {
         return Shared<Scaler>(new Standardize(standardize(s, o)));
       }},
      {"min_max", [](const Source& s,
                     const ScalerOptions& o) { return Shared<Scaler>(new MinMax(min_max(s, -1, 2, o))); }},
  };
  return all;
}

class EveryScaler : public ::testing::TestWithParam<std::string> {
 protected:
  Source source() const {
    Random random(8);
    std::vector<double> x(300), t(60);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = random.normal(5 * static_cast<double>(i % 5), 3);
    for (double& y : t) y = random.uniform(-40, 10);
    return arrays(from_data(x, {60, 5}), from_data(t, {60, 1}));
  }
  Shared<Scaler> fit(const ScalerOptions& options) const {
    return scalers().at(GetParam())(source(), options);
  }
};

TEST_P(EveryScaler, HasASample) {
  ASSERT_TRUE(scalers().contains(GetParam())) << "add one to tests/data/tables_test.cpp";
}

TEST_P(EveryScaler, GoesBackAndIsALine) {
  for (const Per per : {Per::feature, Per::channel, Per::column}) {
    const auto scaler = fit({.per = per, .target = true});
    const Batch all = source().all();
    const auto there = all[0].to_vector<double>(),
               back = scaler->inverse_inputs((*scaler)(all[0])).to_vector<double>();
    const auto t = all[1].to_vector<double>(),
               t_back = scaler->inverse(scaler->target(all[1])).to_vector<double>();
    for (std::size_t i = 0; i < there.size(); ++i) EXPECT_NEAR(back[i], there[i], 1e-12);
    for (std::size_t i = 0; i < t.size(); ++i) EXPECT_NEAR(t_back[i], t[i], 1e-12);
    // f(2 x - y) = 2 f(x) - f(y) for a line.
    const Tensor x = all[0], y = detach(all[0] * 0.5 + 1);
    const auto left = (*scaler)(2 * x - y).to_vector<double>(),
               right = (2 * (*scaler)(x) - (*scaler)(y)).to_vector<double>();
    for (std::size_t i = 0; i < left.size(); ++i) EXPECT_NEAR(left[i], right[i], 1e-11);
    const auto again = (*scaler)(source()).all();
    EXPECT_EQ(again[0].to_vector<double>(), (*scaler)(all[0]).to_vector<double>());
    EXPECT_EQ(again[1].to_vector<double>(), scaler->target(all[1]).to_vector<double>());
  }
}

TEST_P(EveryScaler, IsWrittenReadAndALayer) {
  const auto scaler = fit({.target = true});
  const Tensor x = source().all()[0], t = source().all()[1];
  const auto again = config::make<Scaler>(config::parse_json(config::to_json(config::write(*scaler)), ""));
  EXPECT_EQ((*again)(x).to_vector<double>(), (*scaler)(x).to_vector<double>());
  EXPECT_EQ(again->inverse(t).to_vector<double>(), scaler->inverse(t).to_vector<double>());
  const auto close = [](const Tensor& a, const Tensor& b) {
    const auto left = a.to_vector<double>(), right = b.to_vector<double>();
    ASSERT_EQ(left.size(), right.size());
    for (std::size_t i = 0; i < left.size(); ++i)
      EXPECT_NEAR(left[i], right[i], 1e-12 * (1 + std::abs(right[i])));
  };
  close(scaler->before()->predict(x), (*scaler)(x));
  close(scaler->after()->predict(t), scaler->inverse(t));
}

INSTANTIATE_TEST_SUITE_P(Table, EveryScaler, ::testing::ValuesIn(names_of(registry<Scaler>())),
                         [](const auto& row) { return row.param; });

}  // namespace
}  // namespace chainrule::data
