// Batch norm that sees all shards of a step, in one process. (Several ranks: tests/dist.)
#include <gtest/gtest.h>

#include <limits>

#include "chainrule/chainrule.h"
#include "chainrule/nn/shards.h"
#include "ops/op.h"
#include "train/stripes.h"

namespace chainrule::train {
namespace {

data::Source in_f64(const data::Source& source) {
  return data::map(source, [](const data::Batch& batch) {
    return data::Batch{{"x", cast(batch[0], f64)}, {"t", batch[1]}};
  });
}

/// Batch norm of images and of rows, the mean of which depends on what the other saw; in f64, where the order
/// of sums hardly matters. Of 230 rows the tenth batch of 25 has 5, fewer than shards.
struct Trained {
  explicit Trained(std::int64_t shards, bool syncs = true, std::int64_t accumulate = 1)
      : net{nn::Conv2d{3, 3}, nn::BatchNorm{}, nn::Tanh{}, nn::Flatten{},
            nn::Affine{8},    nn::BatchNorm{}, nn::Tanh{}, nn::Affine{4}},
        optimizer(net, optim::Momentum{}, {.lr = 0.1, .clip_norm = 0.5, .accumulate = accumulate}) {
    net.build(cast(data::Source(stripes(4, 1)).take({0})[0], f64), {.seed = 1});
    Trainer trainer({net, loss::softmax_cross_entropy}, optimizer,
                    {in_f64(stripes(230, 1)), {.batch_size = 25, .seed = 3}},
                    {.shards = shards, .sync_batch_norm = syncs});
    for (int i = 0; i < 12; ++i) loss = trainer.step();
    checksum = io::checksum(trainer.tensors());
    variance = net.states().back().state.value().to_vector<double>();
  }

  nn::Sequential net;
  optim::Optimizer optimizer;
  double loss = 0;
  std::uint64_t checksum = 0;
  std::vector<double> variance;  // running, of the last batch norm
};

TEST(SyncBatchNorm, IsThatOfTheWholeBatch) {
  for (const std::int64_t accumulate : {1, 3}) {
    const Trained expected(1, false, accumulate);
    EXPECT_GT(std::abs(Trained(7, false, accumulate).loss - expected.loss), 1e-3);
    for (const std::int64_t shards : {2, 3, 7, 25}) {
      const Trained joined(shards, true, accumulate);
      EXPECT_NEAR(joined.loss, expected.loss, 1e-11) << shards << " of " << accumulate;
      for (std::size_t i = 0; i < expected.variance.size(); ++i)
        EXPECT_NEAR(joined.variance[i], expected.variance[i], 1e-11);
    }
  }
}

TEST(SyncBatchNorm, OneShardIsWhatItAlwaysWas) {
  EXPECT_EQ(Trained(1, true).checksum, Trained(1, false).checksum);
}

TEST(SyncBatchNorm, TheBitsDependOnShardsAlone) {
  const int threads = num_threads();
  const std::uint64_t expected = Trained(7).checksum;
  set_num_threads(3);
  EXPECT_EQ(Trained(7).checksum, expected);
  set_num_threads(threads);
}

TEST(SyncBatchNorm, EveryModeComputesIt) {
  const Mode before = mode();
  const double expected = Trained(7).loss;
  for (const Mode other : {Mode::eager, Mode::verify}) {
    set_mode(other);
    EXPECT_NEAR(Trained(7).loss, expected, 1e-9);
  }
  set_mode(before);
}

/// A large mean costs no digits: numbers around 10^6 with steps of 1, exact in f32.
TEST(SyncBatchNorm, OfALargeMean) {
  std::vector<float> x;
  for (int i = 0; i < 24; ++i)
    x.push_back(1e6f + static_cast<float>(i % 8));  // mean 1e6 + 3.5, variance 5.25
  nn::Sequential net{nn::BatchNorm{{.momentum = 1}}, nn::Affine{2}};
  optim::Optimizer optimizer(net, optim::Sgd{}, {.lr = 0.1});
  Trainer trainer({net, loss::softmax_cross_entropy}, optimizer,
                  {data::arrays(from_data(std::span<const float>(x), {24, 1}), zeros({24}, i64)),
                   {.batch_size = 24, .order = data::Batches::Order::sequential}},
                  {.shards = 5, .sync_batch_norm = true});
  trainer.step();
  const auto states = net.states();
  EXPECT_FLOAT_EQ(states[0].state.value().item<float>(), 1e6f + 3.5f);
  EXPECT_NEAR(states[1].state.value().item<float>(), 5.25 * 24 / 23, 1e-5);
}

/// A layer of one's own: numbers less their mean over the batch.
struct Centred : nn::LayerOf<Centred> {
  static constexpr Info kInfo{.name = "centred", .doc = "x less its mean over the batch."};
  Tensor compute(const Tensor& x, nn::Pass&) const {
    const Tensor rows = nn::sum_over_shards(scalar(static_cast<double>(x.shape()[0]), f64));
    return x - cast(nn::sum_over_shards(cast(sum(x, 0), f64)) / rows, x.dtype());
  }
};

// With loss mean((x w - mean(x w) - t)²) the slope by w is 2 mean((w y - t) y) = 2 (w 5.25 - 0) for
// y = x - mean(x), as t is 0 here: 10.5 w.
TEST(SyncBatchNorm, ALayerOfOnesOwn) {
  const Tensor x = tensor({0, 1, 2, 3, 4, 5, 6, 7}, {8, 1}, f64);
  nn::Sequential net{nn::Affine{1, {.bias = false}}, Centred{}};
  net.build(x, {.seed = 1});
  const double w = net.parameters()[0].parameter.value().item();
  optim::Optimizer optimizer(net, optim::Sgd{}, {.lr = 0.01});
  Trainer trainer({net, loss::mse}, optimizer, {data::arrays(x, zeros({8, 1}, f64)), {.batch_size = 8}},
                  {.shards = 3, .sync_batch_norm = true});
  trainer.step();
  EXPECT_NEAR(net.parameters()[0].parameter.value().item(), w - 0.01 * 10.5 * w, 1e-12);
  EXPECT_EQ(message_of([] { nn::sum_over_shards(scalar(1, f32)); }),
            "[sum_over_shards] takes f64, not f32: a sum over many rows needs its digits. Cast it first. "
            "(E609)");
}

TEST(SyncBatchNorm, WhatIsNotFiniteIsFoundInItsShard) {
  Tensor x = tensor({1, 2, 3, 4, 5, 6, 7, 8}, {8, 1});
  x = where(abs(x - 7) < 0.5, std::numeric_limits<double>::quiet_NaN(), x);
  nn::Sequential net{nn::BatchNorm{}, nn::Affine{1}};
  optim::Optimizer optimizer(net, optim::Sgd{}, {.lr = 0.1});
  Trainer trainer(
      {net, loss::mse}, optimizer,
      {data::arrays(x, zeros({8, 1})), {.batch_size = 8, .order = data::Batches::Order::sequential}},
      {.shards = 4, .sync_batch_norm = true});
  const std::string message = message_of([&] { trainer.step(); });
  EXPECT_NE(message.find("It was batch 1 of epoch 1. Row 6 of x is not finite. (E080)"), std::string::npos)
      << message;
}

/// Runs batch norm so many times.
std::string message_of_sums(std::int64_t (*times)(std::int64_t rows)) {
  const Tensor x = tensor({0, 1, 2, 3, 4}, {5, 1});
  nn::BatchNorm net;
  net.build(x);
  optim::Optimizer optimizer(net, optim::Sgd{}, {.lr = 0.1});
  const auto task = [times](const nn::Layer& layer, const data::Batch& batch, nn::Pass& pass) {
    Tensor y = batch[0];
    for (std::int64_t i = 0; i < times(batch.rows()); ++i) y = layer.run({y}, pass)[0];
    return mean(square(y));
  };
  Trainer trainer({net, task}, optimizer, {data::arrays(x, zeros({5})), {.batch_size = 5}},
                  {.shards = 2, .sync_batch_norm = true});
  return message_of([&] { trainer.step(); });
}

TEST(SyncBatchNorm, ShardsThatDoNotDoTheSame) {  // the first has two rows, the second three
  const std::string advice =
      ". With sync_batch_norm all shards must run the same layers in the same order. (E609)";
  EXPECT_EQ(
      message_of_sums([](std::int64_t rows) { return rows - 1; }),
      "[train] a shard of the batch asks for a sum of shape (2,) over all shards, where another asks for "
      "none" +
          advice);
  EXPECT_EQ(message_of_sums([](std::int64_t rows) { return 4 - rows; }),
            "[train] a shard of the batch asks for 2 sums over all shards, another for 4" + advice);
}

}  // namespace
}  // namespace chainrule::train
