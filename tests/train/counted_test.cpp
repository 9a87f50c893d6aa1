// Losses and gradients over several batches that do not count the same: weights of rows and of classes,
// ignored targets, batches of different sizes.
#include <gtest/gtest.h>

#include <cmath>

#include "chainrule/chainrule.h"
#include "chainrule/config.h"
#include "train/stripes.h"

namespace chainrule::train {
namespace {

/// What makes batches count differently.
struct Case {
  std::string name;
  std::string loss;
  bool is_weighted = false;
};
std::ostream& operator<<(std::ostream& out, const Case& c) { return out << c.name; }

const Case kCases[] = {
    {"Plain", "softmax_cross_entropy"},
    {"SampleWeights", "softmax_cross_entropy", true},
    {"Ignored", "softmax_cross_entropy(ignored=[2, -1])"},
    {"ClassWeights", "softmax_cross_entropy(class_weights=[1, 5, 0.5, 0])"},
    {"All", "softmax_cross_entropy(label_smoothing=0.1, class_weights=[1, 5, 0.5, 2], ignored=-1)", true},
    {"Nll", "nll(class_weights=[1, 5, 0.5, 2], ignored=-1)", true},
    {"Mse", "mse", true},
};

class Counted : public ::testing::TestWithParam<Case> {};
INSTANTIATE_TEST_SUITE_P(Table, Counted, ::testing::ValuesIn(kCases),
                         [](const auto& c) { return c.param.name; });

/// 14 rows; of the first 3 nothing counts where rows are weighted.
data::Source rows_of(const Case& c) {
  const Tensor x = detach(normal({14, 3}, {.seed = 1}));
  const Tensor classes = tensor({-1, -1, 2, 0, 1, 3, 2, 2, 1, 0, 3, 1, 1, 0}, i64);
  const Tensor kept = c.loss.find("-1") == std::string::npos ? detach(maximum(classes, 0)) : classes;
  const Tensor t = c.loss == "mse" ? detach(normal({14, 4}, {.seed = 2})) : kept;
  if (!c.is_weighted) return data::arrays(x, t);
  const Tensor w = tensor({0, 0, 0, 1, 2, 0.5, 3, 1, 1, 7, 1, 1, 0.25, 1});
  return data::arrays({{"x", x}, {"weight", w}, {"t", t}});
}

Task task_of(const Case& c, nn::Layer& net) {
  const Task task{net, config::make<loss::Loss>(config::parse_text(c.loss)), {metric::perplexity}};
  return c.is_weighted ? task.weighted_by("weight") : task;
}

TEST_P(Counted, TheLossOfASetIsTheSameForAnyBatchSize) {
  nn::Sequential net{nn::Affine{4}, nn::LogSoftmax{}};
  net.build(zeros({1, 3}));
  const Task task = task_of(GetParam(), net);
  const data::Source source = rows_of(GetParam());
  nn::Pass pass = nn::Pass::inference();
  double expected = 0;
  for (const data::Batch& all : data::blocks(source, 14)) expected = task.outcome(all, pass).loss.item();
  for (const std::int64_t batch : {1, 3, 5, 14, 100}) {
    const std::vector<Measure> found = measure(task, source, batch);
    EXPECT_NEAR(found[0].value, expected, 1e-6 * expected) << batch;
    EXPECT_NEAR(found[1].value, std::exp(expected), 1e-5 * std::exp(expected)) << batch;
  }
}

TEST_P(Counted, AccumulatedStepsAreOneOfALargeBatch) {
  const auto train = [](std::int64_t batch, std::int64_t accumulate) {
    nn::Sequential net{nn::Affine{4}, nn::LogSoftmax{}};
    optim::Optimizer optimizer(net, optim::Momentum{}, {.lr = 0.1, .accumulate = accumulate});
    Trainer trainer(
        task_of(GetParam(), net), optimizer,
        {rows_of(GetParam()), {.batch_size = batch, .seed = 4, .order = data::Batches::Order::sequential}});
    trainer.run(steps(5 * accumulate));
    std::vector<double> all;
    for (const auto& [name, p] : net.parameters()) {
      for (const double x : p.value().to_vector()) all.push_back(x);
    }
    return all;
  };
  const std::vector<double> expected = train(14, 1);
  for (const std::int64_t batch : {2, 3, 7}) {  // of 3: the last has 2 rows
    const std::vector<double> found = train(batch, (14 + batch - 1) / batch);
    for (std::size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], expected[i], 1e-5) << batch;
  }
}

TEST(CountedLoss, IsNoNumberWhereNothingCounts) {
  nn::Sequential net{nn::Affine{4}};
  net.build(zeros({1, 3}));
  const data::Source source = data::arrays(zeros({4, 3}), full({4}, -1, i64));
  const Task task{net, loss::SoftmaxCrossEntropy{.ignored = {-1}}};
  EXPECT_TRUE(std::isnan(measure(task, source, 2)[0].value));
}

// A function says what its mean divides by.
TEST(CountedLoss, OfAFunction) {
  nn::Sequential net{nn::Affine{1}};
  net.build(zeros({1, 1}));
  const Tensor x = tensor({1, 2, 3, 4, 5}, {5, 1}), w = tensor({1, 0, 2, 4, 1});
  const auto own = [](const nn::Layer& n, const data::Batch& batch, nn::Pass& pass) {
    const Tensor y = n.run({batch["x"]}, pass)[0], weights = batch["w"];
    return Outcome(mse(y, batch["x"], {.sample_weights = weights}), {}, {}, sum(weights));
  };
  const data::Source source = data::arrays({{"x", x}, {"w", w}});
  const double expected = mse(net.predict(x), x, {.sample_weights = w}).item();
  for (const std::int64_t batch : {1, 2, 5})
    EXPECT_NEAR(measure({net, own}, source, batch)[0].value, expected, 1e-6);
}

// Rows of a text are filled up with targets below 0.
TEST(CountedLoss, OfTexts) {
  nn::Sequential net{nn::Embedding(5, 5)};
  const Tensor x = tensor({0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1}, {4, 3}, i64);
  const Tensor t = tensor({1, -1, -1, 4, 0, 1, 2, 3, -1, -1, -1, -1}, {4, 3}, i64);
  net.build(x);
  const double expected = nn::token_loss(net.predict(x), t).item();
  for (const std::int64_t batch : {1, 2, 3, 4})
    EXPECT_NEAR(measure({net, nn::token_loss}, data::arrays(x, t), batch)[0].value, expected, 1e-6) << batch;
}

struct ByTwo {
  static constexpr Info kInfo{.name = "by_two",
                              .doc = "A loss of one's own that says what its mean divides by."};
  Tensor operator()(const Tensor& y, const Tensor& t) const { return sum(square(y - t)) / sum(t); }
  Tensor counted(const Tensor&, const Tensor& t, const Tensor&) const { return sum(t); }
};

TEST(CountedLoss, OfALossOfOnesOwn) {
  nn::Sequential net{nn::Affine{1}};
  net.build(zeros({1, 1}));
  const Tensor x = tensor({1, 2, 3, 4, 5}, {5, 1}), t = tensor({1, 3, 2, 0, 1}, {5, 1});
  const double expected = ByTwo()(net.predict(x), t).item();
  EXPECT_NEAR(measure({net, ByTwo{}}, data::arrays(x, t), 3)[0].value, expected, 1e-6);
}

}  // namespace
}  // namespace chainrule::train
