// Batches that are cut into shards, in one process. (Several ranks: tests/dist.)
#include <gtest/gtest.h>

#include <limits>

#include "chainrule/chainrule.h"
#include "train/shard_tree.h"
#include "train/stripes.h"

namespace chainrule::train {
namespace {

struct Trained {
  explicit Trained(std::int64_t shards, std::int64_t batch_size = 30, std::int64_t workers = 0,
                   optim::Options options = {.lr = 0.05, .clip_norm = 1})
      : net{nn::Flatten{}, nn::Affine{16}, nn::BatchNorm{}, nn::Relu{}, nn::Dropout{0.3}, nn::Affine{4}},
        optimizer(net, optim::Adam{}, options),
        trainer({net, loss::softmax_cross_entropy, {metric::accuracy}}, optimizer,
                {stripes(230, 1), {.batch_size = batch_size, .seed = 3, .workers = workers}},
                {.seed = 7, .shards = shards}) {}

  std::uint64_t after(std::int64_t count) {
    trainer.run(steps(count));
    return io::checksum(trainer.tensors());
  }

  nn::Sequential net;
  optim::Optimizer optimizer;
  Trainer trainer;
};

TEST(Shards, TheTreeIsCutAtTheMiddle) {
  EXPECT_EQ(middle({0, 8}), 4);
  EXPECT_EQ(middle({0, 5}), 3);
  EXPECT_EQ(subtrees(8, 1, 3), (std::vector<Range>{{2, 4}, {4, 5}}));  // shards 2, 3 and 4
  EXPECT_EQ(subtrees(8, 0, 1), (std::vector<Range>{{0, 8}}));
}

// 20 steps have short batches: 230 rows are 7 batches of 30 and one of 20.
TEST(Shards, TheBitsDependOnShardsAlone) {
  const int threads = num_threads();
  const std::uint64_t one = Trained(1).after(20), eight = Trained(8).after(20);
  EXPECT_NE(one, eight);
  for (const int count : {1, 3}) {
    set_num_threads(count);
    EXPECT_EQ(Trained(8).after(20), eight) << count << " threads";
    EXPECT_EQ(Trained(8, 30, 2).after(20), eight) << "workers";
  }
  set_num_threads(threads);
}

/// A net without batch norm and dropout, in f64, where the order of sums hardly matters.
double loss_after(std::int64_t shards, std::int64_t accumulate) {
  nn::Sequential net{nn::Flatten{}, nn::Affine{12}, nn::Tanh{}, nn::Affine{4}};
  net.build(cast(data::Source(stripes(4, 1)).take({0})[0], f64), {.seed = 1});
  optim::Optimizer optimizer(net, optim::Momentum{},
                             {.lr = 0.1, .weight_decay = 0.01, .clip_norm = 0.5, .accumulate = accumulate});
  const auto rows = data::map(stripes(230, 1), [](const data::Batch& batch) {
    return data::Batch{{"x", cast(batch[0], f64)}, {"t", batch[1]}};
  });
  Trainer trainer({net, loss::softmax_cross_entropy}, optimizer, {rows, {.batch_size = 25, .seed = 3}},
                  {.shards = shards});
  double loss = 0;
  for (int i = 0; i < 25; ++i) loss = trainer.step();
  return loss;
}

TEST(Shards, AMeanOverShardsIsTheMeanOverTheBatch) {
  for (const std::int64_t accumulate : {1, 3}) {
    const double expected = loss_after(1, accumulate);
    for (const std::int64_t shards : {2, 3, 7, 25})
      EXPECT_NEAR(loss_after(shards, accumulate), expected, 1e-12) << shards << " of " << accumulate;
  }
}

/// The same without steps: running statistics of one step from zero and one, with momentum 1.
TEST(Shards, RunningStatisticsAreTheMeanOverShards) {
  const Tensor x = tensor({1, 3, 5, 9, 2, 8}, {6, 1}), t = tensor({0, 1, 0, 1, 0, 1}, i64);
  nn::Sequential net{nn::BatchNorm{{.momentum = 1}}, nn::Affine{2}};
  optim::Optimizer optimizer(net, optim::Sgd{}, {.lr = 0.1});
  Trainer trainer({net, loss::softmax_cross_entropy}, optimizer,
                  {data::arrays(x, t), {.batch_size = 6, .order = data::Batches::Order::sequential}},
                  {.shards = 4});  // rows 0, 1 and 2, 3, 4 and 5: of 1, 2, 1 and 2 rows
  trainer.step();
  const auto states = net.states();
  // (1 + (3 + 5) + 9 + (2 + 8)) / 6; variances of samples: 0, 2, 0, 18, by rows.
  EXPECT_FLOAT_EQ(states[0].state.value().item<float>(), 28.0f / 6);
  EXPECT_FLOAT_EQ(states[1].state.value().item<float>(), (2 * 2 + 2 * 18) / 6.0f);
}

TEST(Shards, ALossThatIsNotFiniteIsExplained) {
  Tensor x = tensor({1, 2, 3, 4, 5, 6, 7, 8}, {8, 1});
  x = where(x > 6.5, std::numeric_limits<double>::quiet_NaN(), x);
  nn::Sequential net{nn::Affine{1}};
  optim::Optimizer optimizer(net, optim::Sgd{}, {.lr = 0.1});
  Trainer trainer(
      {net, loss::mse}, optimizer,
      {data::arrays(x, zeros({8, 1})), {.batch_size = 8, .order = data::Batches::Order::sequential}},
      {.shards = 4});
  const std::string message = message_of([&] { trainer.step(); });
  EXPECT_EQ(message.find("(E080)"), message.rfind("(E080)")) << message;
  EXPECT_NE(message.find("the loss is nan at step 1"), std::string::npos) << message;
  EXPECT_NE(message.find("It was batch 1 of epoch 1. Row 6 of x is not finite. (E080)"), std::string::npos)
      << message;
}

TEST(Shards, AWrongClassNumberIsFoundInTheSource) {
  const Tensor x = zeros({8, 1}), t = tensor({0, 1, 0, 1, 0, 9, 0, 1}, i64);
  nn::Sequential net{nn::Affine{2}};
  optim::Optimizer optimizer(net, optim::Sgd{}, {.lr = 0.1});
  Trainer trainer({net, loss::softmax_cross_entropy}, optimizer,
                  {data::arrays(x, t), {.batch_size = 8, .order = data::Batches::Order::sequential}},
                  {.shards = 4});
  EXPECT_NE(message_of([&] { trainer.step(); }).find("It is of row 5 of the source. (E022)"),
            std::string::npos);
}

/// Counts the passes.
struct Counter : nn::LayerOf<Counter> {
  static constexpr Info kInfo{.name = "counter", .doc = "x, and how often it was asked for."};
  nn::State seen;
  void members(nn::Members& m) { m("seen", seen); }
  void init(nn::Init& init) { init("seen", seen, {}, 0); }
  Tensor compute(const Tensor& x, nn::Pass& pass) const {
    pass.set(seen, cast(seen.value(), i64) + scalar(1, i64));
    return x;
  }
};

TEST(Shards, AStateThatHasNoMean) {
  nn::Sequential net{Counter{}, nn::Affine{1}};
  net.build(zeros({4, 2}));
  net.states()[0].state.replace(scalar(0, i64));
  optim::Optimizer optimizer(net, optim::Sgd{}, {.lr = 0.1});
  Trainer trainer({net, loss::mse}, optimizer,
                  {data::arrays(zeros({4, 2}), zeros({4, 1})), {.batch_size = 4}}, {.shards = 2});
  EXPECT_EQ(
      message_of([&] { trainer.step(); }),
      "[train] the state counter1.seen is i64, of which shards have no mean. Need f32 or f64, or a single "
      "shard. (E601)");
}

TEST(Shards, WhatCannotBeSharedOut) {
  EXPECT_EQ(message_of([] { Trained(0); }), "[train] 0 shards; need at least 1. (E600)");
  EXPECT_EQ(
      message_of([] { Trained(31); }),
      "[train] 31 shards of a batch of 30 rows. Need at least one row each: fewer shards, or larger batches. "
      "(E600)");
}

}  // namespace
}  // namespace chainrule::train
