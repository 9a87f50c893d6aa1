// Plots over their table: what each shows of nets and runs, and what it says where it cannot.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <memory>

#include "chainrule/config.h"
#include "chainrule/data.h"
#include "chainrule/nn.h"
#include "chainrule/plot.h"
#include "chainrule/random_tensor.h"
#include "chainrule/train.h"
#include "plot/well_formed.h"

namespace chainrule::plot {
namespace {

/// A subject and what it refers to.
struct Seen {
  Shared<nn::Layer> net;
  std::unique_ptr<train::Task> task;
  Subject subject;
};

train::History history() {
  train::History made;
  for (int i = 1; i <= 3; ++i) {
    made.push_back({.step = 10 * i, .epoch = i / 2.0, .lr = 0.1 / i, .loss = 1.0 / i, .seconds = 0.1 * i});
    made.back().metrics = {
        {"test.accuracy", 0.3 * i}, {"test.loss", 2.0 / i}, {"test.confusion", 0.5, {1, 2, 3, 4}}};
  }
  return made;
}

Seen run_of(Shared<nn::Layer> net, data::Source rows, loss::AnyLoss loss) {
  Seen run{net, std::make_unique<train::Task>(*net, std::move(loss)), {}};
  net->build(rows.take({0})[0]);
  run.subject = {.history = history(), .model = {net, {}}, .rows = rows, .task = run.task.get()};
  return run;
}

/// 40 images of 8 x 8 in four classes, and a small convolutional net.
Seen images() {
  const Tensor x = uniform({40, 1, 8, 8}, RandomKey{1});
  std::vector<std::int64_t> t(40);
  for (std::size_t i = 0; i < t.size(); ++i) t[i] = static_cast<std::int64_t>(i % 4);
  nn::Sequential net{nn::Conv2d{3, 3}, nn::Relu{}, nn::Conv2d{4, 3}, nn::Affine{4}};
  return run_of(Shared<nn::Layer>(new nn::Sequential(net)), data::arrays(x, from_data(t, {40})),
                loss::softmax_cross_entropy);
}

/// Two inputs and three classes.
Seen places() {
  const Tensor x = uniform({30, 2}, RandomKey{2});
  std::vector<std::int64_t> t(30);
  for (std::size_t i = 0; i < t.size(); ++i) t[i] = static_cast<std::int64_t>(i % 3);
  return run_of(Shared<nn::Layer>(new nn::Sequential(nn::Affine{5}, nn::Tanh{}, nn::Affine{3})),
                data::arrays(x, from_data(t, {30})), loss::softmax_cross_entropy);
}

/// Two inputs and one number.
Seen numbers() {
  const Tensor x = uniform({30, 2}, RandomKey{3});
  return run_of(Shared<nn::Layer>(new nn::Sequential(nn::Affine{5}, nn::Tanh{}, nn::Affine{1})),
                data::arrays(x, uniform({30, 1}, RandomKey{4})), loss::mse);
}

/// A run of which only the history is there.
Seen unfinished() {
  Seen run;
  run.subject.history = history();
  return run;
}

/// Which plots each subject has what is needed for.
const std::map<std::string, std::vector<std::string>> kExpected = {
    {"images", {"curves", "confusion", "mistakes", "filters", "features", "weights", "gradients"}},
    {"places", {"curves", "confusion", "decision", "weights", "gradients"}},
    {"numbers", {"curves", "regression", "decision", "weights", "gradients"}},
    {"unfinished", {"curves"}},
    {"nothing", {}},
};

TEST(Plots, EachIsDrawnWhereItSaysSomething) {
  const std::map<std::string, std::function<Seen()>> makers = {{"images", images},
                                                               {"places", places},
                                                               {"numbers", numbers},
                                                               {"unfinished", unfinished},
                                                               {"nothing", [] { return Seen(); }}};
  for (const auto& [name, make] : makers) {
    const Seen run = make();
    std::vector<std::string> drawn_ones;
    for (const Registry::Row& row : registry<Plot>().rows()) {
      const Shared<Plot> plot(static_cast<Plot*>(row.make()));
      const Drawn drawn = plot->draw(run.subject);
      EXPECT_EQ(drawn.missing.empty(), !drawn.figures.empty()) << name << ' ' << row.info->name;
      if (!drawn.missing.empty()) {
        EXPECT_TRUE(drawn.missing.starts_with("it needs ")) << drawn.missing;
        continue;
      }
      drawn_ones.emplace_back(row.info->name);
      EXPECT_EQ(problem_of(svg(drawn.figures)), "") << name << ' ' << row.info->name;
    }
    EXPECT_EQ(drawn_ones, kExpected.at(name)) << name;
  }
}

TEST(Plots, ConfusionCountsEachRow) {
  const Seen run = images();
  const Figure figure = Confusion().draw(run.subject).figures.at(0);
  const std::vector<train::Measure> measured =
      train::measure({*run.net, loss::softmax_cross_entropy, {metric::confusion}}, run.subject.rows);
  EXPECT_EQ(figure.matrix.values, measured.back().matrix);  // counted by another way
  EXPECT_EQ(figure.matrix.names, (std::vector<std::string>{"0", "1", "2", "3"}));
}

TEST(Plots, MistakesAreThoseOfTheConfusion) {
  const Seen run = images();
  const Figure confusion = Confusion().draw(run.subject).figures.at(0);
  double wrong = 0;
  for (std::size_t i = 0; i < 16; ++i) wrong += i % 5 != 0 ? confusion.matrix.values[i] : 0;
  Mistakes mistakes;
  mistakes.count = 400;
  EXPECT_EQ(static_cast<double>(mistakes.draw(run.subject).figures.at(0).tiles.size()), wrong);
  mistakes.count = 2;
  EXPECT_EQ(mistakes.draw(run.subject).figures.at(0).tiles.size(), 2u);
}

TEST(Plots, MistakesStandInTheOrderOfTheirLoss) {
  const Seen run = images();
  const Figure figure = Mistakes().draw(run.subject).figures.at(0);
  EXPECT_EQ(figure.title, "worst mistakes, largest loss first");
  ASSERT_GT(figure.tiles.size(), 3u);
  double before = std::numeric_limits<double>::infinity();
  for (const Tile& tile : figure.tiles) {
    double loss = -1;  // of the row that the tile shows
    for (std::int64_t row = 0; row < 40; ++row) {
      const data::Batch one = run.subject.rows.take({row});
      const std::vector<double> pixels = one[0].to_vector<double>();
      if (image(pixels, 1, 8, 8, 0, 1).pixels == tile.picture.pixels)
        loss = chainrule::softmax_cross_entropy(run.net->predict(one[0]), one.target()).item();
    }
    EXPECT_GT(loss, 0);
    EXPECT_LE(loss, before);
    before = loss;
  }
}

TEST(Plots, CurvesArePartsOfOneMetricEach) {
  const std::vector<Figure> figures = Curves().draw(unfinished().subject).figures;
  ASSERT_EQ(figures.size(), 3u);
  EXPECT_EQ(figures[0].title, "loss");
  ASSERT_EQ(figures[0].series.size(), 2u);
  EXPECT_EQ(figures[0].series[0].name, "training");
  EXPECT_EQ(figures[0].series[1].name, "test");
  EXPECT_EQ(figures[0].series[1].y, (std::vector<double>{2, 1, 2.0 / 3}));
  EXPECT_EQ(figures[0].series[1].x, (std::vector<double>{10, 20, 30}));
  EXPECT_EQ(figures[1].title, "accuracy");
  EXPECT_EQ(figures[2].title, "learning rate");
  EXPECT_FALSE(figures[0].y.logarithmic);
  train::History falls = history();
  falls.back().loss = 1e-4;
  EXPECT_TRUE(Curves().draw({.history = falls}).figures[0].y.logarithmic);
}

TEST(Plots, CurvesOfOneReportAndOfNumbersThatAreNone) {
  train::History one(1);
  one[0].loss = std::numeric_limits<double>::quiet_NaN();
  const std::vector<Figure> figures = Curves().draw({.history = one}).figures;
  ASSERT_EQ(figures.size(), 1u);
  EXPECT_EQ(problem_of(svg(figures)), "");
}

TEST(Plots, FeaturesAreWhatTheLayersGive) {
  const Seen run = images();
  const std::vector<Figure> figures = Features().draw(run.subject).figures;
  ASSERT_EQ(figures.size(), 4u);  // the image, two convolutions and what lies between
  EXPECT_EQ(figures[1].title, "conv2d1");
  EXPECT_EQ(figures[1].tiles.size(), 3u);
  EXPECT_EQ(figures[1].tiles[0].picture.width, 6);
  EXPECT_EQ(figures[3].title, "conv2d2");
  EXPECT_EQ(figures[3].tiles.size(), 4u);
  Features of_none;
  of_none.row = 40;
  EXPECT_EQ(of_none.draw(run.subject).missing, "it needs a row 40; there are 40");
}

TEST(Plots, FiltersOfUnitsThatSeeAnImage) {
  const Seen with_images = images();
  Seen run = run_of(Shared<nn::Layer>(new nn::Sequential(nn::Affine{6}, nn::Affine{4})),
                    with_images.subject.rows, loss::softmax_cross_entropy);
  const Figure figure = Filters().draw(run.subject).figures.at(0);
  ASSERT_EQ(figure.tiles.size(), 6u);
  EXPECT_EQ(figure.tiles[0].picture.height, 8);
}

TEST(Plots, WeightsAndGradientsOfEachParameter) {
  const Seen run = numbers();
  for (const Drawn& drawn : {Weights().draw(run.subject), Gradients().draw(run.subject)}) {
    ASSERT_EQ(drawn.figures.size(), 4u);
    EXPECT_EQ(drawn.figures[0].title, "affine1.weight");
    double sum = 0;
    for (const double height : drawn.figures[0].bars.heights) sum += height;
    EXPECT_EQ(sum, 10);  // 2 x 5
  }
}

TEST(Plots, NumbersThatAreNotFiniteAreSaid) {
  Seen run = numbers();
  run.net->parameter("affine1.bias").set_value(full({5}, std::numeric_limits<double>::infinity()));
  for (const Registry::Row& row : registry<Plot>().rows()) {
    const Shared<Plot> plot(static_cast<Plot*>(row.make()));
    const Drawn drawn = plot->draw(run.subject);
    EXPECT_EQ(problem_of(svg(drawn.figures)), "") << row.info->name;
  }
  EXPECT_NE(Weights().draw(run.subject).figures[1].note.find("5 not finite"), std::string::npos);
}

TEST(Plots, SettingsAreReadFromText) {
  const auto plot = config::make<Plot>(config::parse_text("features(row=3, count=2)"));
  EXPECT_EQ(plot->draw(images().subject).figures.at(0).title, "the image: test row 3");
  EXPECT_EQ(plot->draw(images().subject).figures.at(1).tiles.size(), 2u);
}

}  // namespace
}  // namespace chainrule::plot
