// Rows that count more than others; losses with options in a training.
#include <gtest/gtest.h>

#include "chainrule/chainrule.h"
#include "chainrule/config.h"
#include "message_of.h"
#include "train/stripes.h"

namespace chainrule::train {
namespace {

/// Trains on rows (1, 1), (2, 3), (3, 2) of which the last one counts `weight`.
std::uint64_t trained(double weight, const loss::AnyLoss& loss, bool is_weighted = true) {
  const data::Source source = data::arrays({{"x", tensor({1, 2, 3}, {3, 1})},
                                            {"weight", tensor({1, 1, weight})},
                                            {"y", tensor({1, 3, 2}, {3, 1})}});
  nn::Sequential net{nn::Affine{1}};
  optim::Optimizer optimizer(net, optim::Sgd{}, {.lr = 0.05});
  const Task task = Task{net, loss}.weighted_by("weight");
  const data::Source plain = data::arrays(tensor({1, 2, 3}, {3, 1}), tensor({1, 3, 2}, {3, 1}));
  Trainer trainer(is_weighted ? task : Task{net, loss}, optimizer,
                  {is_weighted ? source : plain, {.batch_size = 3}});
  trainer.run(steps(10));
  return checksum_of(net);
}

TEST(WeightedBy, AColumnSaysWhatARowCounts) {
  EXPECT_EQ(trained(1, loss::mse), trained(1, loss::mse, false)) << "weights of 1 are none";
  EXPECT_NE(trained(0, loss::mse), trained(1, loss::mse));
  EXPECT_NE(trained(0, loss::mse), trained(0, loss::mae));
  // With the third row left out the loss is the mean of two.
  nn::Sequential net{nn::Affine{1}};
  const data::Source source = data::arrays(
      {{"x", tensor({1, 2, 3}, {3, 1})}, {"weight", tensor({1, 1, 0})}, {"y", tensor({1, 3, 2}, {3, 1})}});
  const Task task = Task{net, loss::mse}.weighted_by("weight");
  net.build(zeros({1, 1}));
  nn::Pass pass = nn::Pass::inference();
  const Tensor y = net.predict(tensor({1, 2}, {2, 1}));
  for (const data::Batch& batch : data::blocks(source, 3))
    EXPECT_NEAR(task.outcome(batch, pass).loss.item(), mse(y, tensor({1, 3}, {2, 1})).item(), 1e-6);
}

TEST(WeightedBy, SaysWhichLossTakesNone) {
  const auto plain = [](const Tensor& y, const Tensor& t) { return mse(y, t); };
  EXPECT_EQ(
      message_of([&] { trained(1, plain); }),
      "[function] this loss takes no weights of rows. Give it a third parameter, const Tensor& weights, or "
      "leave weighted_by out. (E315)");
  const auto own = [](const Tensor& y, const Tensor& t, const Tensor& weights) {
    return mse(y, t, {.sample_weights = weights});
  };
  EXPECT_EQ(trained(0.5, own), trained(0.5, loss::mse));
}

TEST(WeightedBy, SaysWhichColumnThereIsNot) {
  nn::Sequential net{nn::Affine{1}};
  net.build(zeros({1, 1}));
  const Task task{net, loss::mse};
  const Tensor x = tensor({1, 2}, {2, 1});
  const data::Source source = data::arrays({{"x", x}, {"weight", tensor({1, 2})}, {"y", x}});
  EXPECT_EQ(
      message_of([&] { measure(task.weighted_by("wieght"), source); }),
      "[batch] there is no column 'wieght'; this batch has 3: x, weight, y. Did you mean 'weight'? (E272)");
  const data::Source at_end = data::arrays({{"x", x}, {"y", x}, {"weight", tensor({1, 2})}});
  EXPECT_EQ(
      message_of([&] { measure(task.weighted_by("weight"), at_end); }),
      "[train] the column of weights, 'weight', is the last one, which is the target. Put it before. (E272)");
  const auto own = [](const nn::Layer& n, const data::Batch& batch, nn::Pass& pass) {
    return mse(n.run({batch["x"]}, pass)[0], batch["y"]);
  };
  EXPECT_EQ(
      message_of([&] { Task(net, own).weighted_by("weight"); }),
      "[train] the task is a function, which weighs its rows itself: {.sample_weights = batch[\"weight\"]}. "
      "Leave weighted_by out. (E315)");
}

TEST(LossSettings, AreThoseOfTheFunctions) {
  const Tensor z = detach(normal({4, 3, 5}, {.seed = 1}, 0, 1, f64));
  const Tensor t = tensor({0, 1, 2, 0, 1, -1, 2, 1, 0, 0, 0, 2}, {4, 3}, i64);
  const auto by_name = config::make<loss::Loss>(config::parse_text(
      "softmax_cross_entropy(label_smoothing=0.1, class_weights=[1, 2, 3, 4, 5], ignored=-1, class_axis=2)"));
  const ClassOptions options{.class_weights = tensor({1, 2, 3, 4, 5}, f64),
                             .label_smoothing = 0.1,
                             .ignored = {-1},
                             .class_axis = -1};
  EXPECT_EQ((*by_name)(z, t).item(), softmax_cross_entropy(z, t, options).item());
  EXPECT_EQ(config::describe(
                *config::make<loss::Loss>(config::parse_text("softmax_cross_entropy(label_smoothing=0.1)"))),
            "softmax_cross_entropy(0.1)");
  const Tensor y = detach(normal({6}, {.seed = 2}, 0, 1, f64)), yes = tensor({0, 1, 1, 0, 1, 0}, f64);
  EXPECT_EQ((loss::BinaryCrossEntropyWithLogits{.label_smoothing = 0.2, .positive_weight = 3}(y, yes).item()),
            binary_cross_entropy_with_logits(y, yes, {.label_smoothing = 0.2, .positive_weight = 3}).item());
  EXPECT_NE(message_of([] {
              config::make<loss::Loss>(config::parse_text("nll(label_smoothing=2)"));
            }).find("(E228)"),
            std::string::npos);
}

}  // namespace
}  // namespace chainrule::train
