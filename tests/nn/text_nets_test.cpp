// Nets that read and write sequences of numbers.
#include "chainrule/nn/text_nets.h"

#include <gtest/gtest.h>

#include <cmath>

#include "chainrule/loss.h"
#include "chainrule/nn.h"
#include "chainrule/ops.h"
#include "chainrule/random_tensor.h"
#include "nn/samples.h"

namespace chainrule::nn {
namespace {

using Numbers = std::vector<std::int64_t>;

std::int64_t parameter_count(const Layer& net) {
  std::int64_t count = 0;
  for (const NamedParameter& p : net.parameters()) count += p.parameter.value().numel();
  return count;
}

Tensor ids(const Shape& shape, double below, std::uint64_t seed = 1) {
  return detach(cast(uniform(shape, {.seed = seed}, 0, below), i64));
}

TEST(TokenLoss, CountsTargetsFrom0On) {
  const Tensor logits = detach(normal({2, 3, 4}, {.seed = 1}, 0, 1, f64));
  const Tensor targets = tensor({1, 3, -1, 0, -1, -1}, {2, 3}, i64);
  const Tensor counted = concatenate({slice(select(logits, 0), 0, 0, 2), slice(select(logits, 1), 0, 0, 1)});
  EXPECT_DOUBLE_EQ(token_loss(logits, targets).item(),
                   softmax_cross_entropy(counted, tensor({1, 3, 0}, i64)).item());
  EXPECT_EQ(token_loss(logits, full({2, 3}, -1, i64)).item(), 0);
  EXPECT_DOUBLE_EQ(token_loss(logits, full({2, 3}, 2, u8)).item(),
                   softmax_cross_entropy(reshape(logits, {6, 4}), full({6}, 2, i64)).item());
}

// nanoGPT's model.py with these settings: 0.80 million parameters, as its train.py reports, in which the 8192
// of the places are not counted; the logits have the embedding's vectors.
TEST(CharGpt, HasTheParametersOfNanoGpt) {
  CharGpt net({.vocabulary = 65, .bias = false});
  net.build(zeros({1, 64}, i64));
  EXPECT_EQ(parameter_count(net), 795904 + 8192);
  EXPECT_EQ(net.parameter("block1.attention.query_weight").value().shape(), (Shape{128, 128}));
  EXPECT_EQ(net.parameter("embedding.weight").value().shape(), (Shape{65, 128}));
  const auto deviation = [&](std::string_view path) { return stddev(net.parameter(path).value()).item(); };
  EXPECT_NEAR(deviation("block4.expand.weight"), 1 / std::sqrt(128.0), 0.002);
  EXPECT_NEAR(deviation("block4.shrink.weight"), 1 / std::sqrt(512.0) / 8, 0.0002);
  EXPECT_NEAR(deviation("block4.attention.output_weight"), 1 / std::sqrt(128.0) / 8, 0.0002);
  const double loss = token_loss(net.predict(ids({8, 64}, 65)), ids({8, 64}, 65, 2)).item();
  EXPECT_NEAR(loss, std::log(65.0), 0.05);  // knows nothing yet
}

TEST(CharGpt, SeesNothingOfWhatComes) {
  CharGpt net({.vocabulary = 7, .block = 6, .layers = 2, .heads = 2, .channels = 8});
  const Tensor x = ids({2, 6}, 7), other = concatenate({slice(x, 1, 0, 4), ids({2, 2}, 7, 9)}, 1);
  const Tensor y = net.predict(x), z = net.predict(other);
  EXPECT_EQ(slice(y, 1, 0, 4).to_vector(), slice(z, 1, 0, 4).to_vector());
  EXPECT_NE(y.to_vector(), z.to_vector());
  const std::vector<double> shorter = net.predict(slice(x, 1, 0, 3)).to_vector();
  const std::vector<double> part = slice(y, 1, 0, 3).to_vector();
  for (std::size_t i = 0; i < part.size(); ++i) EXPECT_NEAR(shorter[i], part[i], 1e-6);
}

TEST(CharRnn, GoesOnFromItsState) {
  for (const CellName cell : {CellName::rnn, CellName::lstm, CellName::gru}) {
    CharRnn net({.vocabulary = 5, .embedding = 3, .hidden = 4, .layers = 2, .cell = cell});
    const Tensor x = ids({2, 6}, 5);
    const Ports whole = net.predict_all({x}), first = net.predict_all({slice(x, 1, 0, 4)});
    const Ports rest = net.predict_all({slice(x, 1, 4, 6), first[1]});
    EXPECT_LT(max(abs(concatenate({first[0], rest[0]}, 1) - whole[0])).item(), 1e-6);
    EXPECT_LT(max(abs(rest[1] - whole[1])).item(), 1e-6);
  }
}

/// A net whose next number is the sum of the last two that it reads, modulo 10, with little doubt.
struct Fibonacci : LayerOf<Fibonacci> {
  static constexpr Info kInfo{.name = "fibonacci", .doc = "The sum of the last two numbers."};
  static constexpr std::string_view kWhole = "x";
  double certainty = 50;
  Tensor compute(const Tensor& x, Pass&) const {
    const Tensor before = pad(slice(x, 1, 0, -1), 1, 1, 0);
    return one_hot(fmod(x + before, 10), 10) * certainty;
  }
};

TEST(Generate, GoesOnWithWhatTheNetSays) {
  const Fibonacci net;
  EXPECT_EQ(generate(net, Numbers{1, 1}, 8, {.temperature = 0}), (Numbers{2, 3, 5, 8, 3, 1, 4, 5}));
  EXPECT_EQ(generate(net, Numbers{1, 1}, 8), (Numbers{2, 3, 5, 8, 3, 1, 4, 5}));  // e^-50 for all others
  EXPECT_EQ(generate(net, Numbers{1, 1}, 8, {.stop = 8}), (Numbers{2, 3, 5, 8}));
  EXPECT_EQ(generate(net, Numbers{1, 1}, 8, {.block = 2}), (Numbers{2, 3, 5, 8, 3, 1, 4, 5}));
  EXPECT_TRUE(generate(net, Numbers{1, 1}, 0).empty());
}

/// The same logits, whatever it reads.
struct Die : LayerOf<Die> {
  static constexpr Info kInfo{.name = "die", .doc = "Probabilities 0.5, 0.3, 0.2."};
  Tensor compute(const Tensor& x, Pass&) const {
    return broadcast_to(log(tensor({0.3, 0.5, 0.2})), {x.shape()[0], x.shape()[1], 3});
  }
};

// 4000 draws: four deviations of a share p are 4 sqrt(p (1 - p) / 4000), 0.032 at most.
TEST(Generate, DrawsByProbabilityTemperatureAndRank) {
  const auto shares = [](const GenerateOptions& options) {
    GenerateOptions given = options;
    given.block = 1;
    std::vector<double> found(3);
    for (const std::int64_t i : generate(Die(), Numbers{0}, 4000, given))
      found[static_cast<std::size_t>(i)] += 1.0 / 4000;
    return found;
  };
  const auto expect = [](const std::vector<double>& found, double a, double b, double c) {
    EXPECT_NEAR(found[0], a, 0.032);
    EXPECT_NEAR(found[1], b, 0.032);
    EXPECT_NEAR(found[2], c, 0.032);
  };
  expect(shares({}), 0.3, 0.5, 0.2);
  expect(shares({.temperature = 0.5}), 9.0 / 38, 25.0 / 38, 4.0 / 38);  // squares: 0.09, 0.25, 0.04
  expect(shares({.top_k = 2}), 0.375, 0.625, 0);
  EXPECT_EQ(shares({.top_k = 2})[2], 0);
  EXPECT_EQ(shares({.top_k = 1})[1], shares({.temperature = 0})[1]);
  const Numbers once = generate(Die(), Numbers{0}, 50, {.seed = 3, .block = 1});
  EXPECT_EQ(generate(Die(), Numbers{0}, 50, {.seed = 3, .block = 1}), once);
  EXPECT_NE(generate(Die(), Numbers{0}, 50, {.seed = 4, .block = 1}), once);
}

/// The most probable numbers, one after another, each from all that was read before.
Numbers by_whole(const Layer& net, Numbers read, std::int64_t count, std::int64_t block) {
  Numbers written;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t seen = std::min(block, std::ssize(read));
    const Tensor x = from_data(Numbers(read.end() - seen, read.end()), {1, seen});
    written.push_back(argmax(select(select(net.predict(x), 0), seen - 1)).item<std::int64_t>());
    read.push_back(written.back());
  }
  return written;
}

TEST(Generate, ReadsOnFromTheStateAndByBlocks) {
  CharRnn rnn({.vocabulary = 9, .embedding = 8, .hidden = 12});
  CharGpt gpt({.vocabulary = 9, .block = 5, .layers = 1, .heads = 2, .channels = 8});
  for (Layer* net : std::initializer_list<Layer*>{&rnn, &gpt}) {
    net->build(zeros({1, 2}, i64));
    for (NamedParameter& p : net->parameters())
      p.parameter.set_value(p.parameter.value() * 4);  // it says something
    const std::int64_t block = net == &gpt ? 5 : 1000;
    const Numbers found = generate(*net, Numbers{1, 2, 3}, 12, {.temperature = 0});
    EXPECT_EQ(found, by_whole(*net, {1, 2, 3}, 12, block)) << net->kind();
  }
}

TEST(Seq2Seq, DoesNotReadBeyondTheLength) {
  const Seq2Seq net({.source_vocabulary = 6, .vocabulary = 5, .embedding = 3, .hidden = 4});
  const Tensor source = ids({2, 4}, 6), target = ids({2, 3}, 5), lengths = tensor({4, 2}, i64);
  const Tensor y = net.predict_all({source, target, lengths})[0];
  const Tensor alone = net.predict_all({slice(slice(source, 0, 1, 2), 1, 0, 2), slice(target, 0, 1, 2)})[0];
  EXPECT_LT(max(abs(slice(y, 0, 1, 2) - alone)).item(), 1e-6);
}

TEST(Seq2Seq, WritesWhatItSaysOfWhatItHasWritten) {
  for (const bool peeky : {false, true}) {
    const Seq2Seq net({.source_vocabulary = 6, .vocabulary = 5, .embedding = 3, .hidden = 8, .peeky = peeky});
    const Tensor source = ids({4, 4}, 6);
    const Tensor written = write_greedily(net, source, 2, 3);
    const Tensor target = concatenate({full({4, 1}, 2, i64), slice(written, 1, 0, 2)}, 1);
    EXPECT_EQ(argmax(net.predict(source, target), 2).to_vector(), written.to_vector());
  }
}

// The same by its layers, as the books write it.
TEST(Seq2Seq, PeeksAtTheLastStateOfTheReader) {
  const Seq2Seq net({.source_vocabulary = 6,
                     .vocabulary = 5,
                     .embedding = 3,
                     .hidden = 4,
                     .layers = 2,
                     .attention = false,
                     .peeky = true});
  const Tensor source = ids({2, 4}, 6), target = ids({2, 3}, 5), y = net.predict(source, target);
  const auto at = [&](const char* path) { return net.parameter(path).value(); };
  const auto lstm = [&](const std::string& name) {
    Lstm made{4, {.layers = 2}};
    made.build(zeros({1, 1, name == "reader" ? 3 : 7}));
    for (NamedParameter& p : made.parameters()) p.parameter.set_value(at((name + "." + p.name).c_str()));
    return made;
  };
  const Tensor x = take(at("source_embedding.weight"), source),
               t = take(at("target_embedding.weight"), target);
  const auto read = lstm("reader").predict_all({x});
  const Tensor h = slice(read[0], 1, 3, 4), wide = broadcast_to(h, {2, 3, 4});  // of the last step and layer
  const auto said = lstm("writer").predict_all({concatenate({t, wide}, 2), read[1], read[2]});
  const Tensor expected = matmul(concatenate({said[0], wide}, 2), at("output.weight")) + at("output.bias");
  EXPECT_LT(max(abs(y - expected)).item(), 1e-6);
}

// A copy made before the net has seen an input shares its parameters, as copies of all layers do.
TEST(TextNets, CopiesShareParametersThatAreMadeLater) {
  const CharRnn rnn({.vocabulary = 4, .embedding = 2, .hidden = 3}), rnn_copy = rnn;
  const CharGpt gpt({.vocabulary = 4, .layers = 1, .heads = 1, .channels = 2}), gpt_copy = gpt;
  rnn.predict(zeros({1, 2}, i64)), gpt.predict(zeros({1, 2}, i64));
  EXPECT_TRUE(rnn.parameter("reader.weight_h1") == rnn_copy.parameter("reader.weight_h1"));
  EXPECT_TRUE(gpt.parameter("block1.expand.weight") == gpt_copy.parameter("block1.expand.weight"));
  EXPECT_TRUE(static_cast<bool>(gpt_copy.parameter("block1.expand.weight")));
}

}  // namespace
}  // namespace chainrule::nn
