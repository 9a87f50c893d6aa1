// Layers of sequences at the edges of what they take: lengths of none and of too many, no sequences, single
// steps, masks of other dtypes.
#include <cmath>

#include "chainrule/ops.h"
#include "chainrule/random_tensor.h"
#include "message_of.h"
#include "nn/samples.h"

namespace chainrule::nn {
namespace {

using Values = std::vector<double>;

Tensor drawn(const Shape& shape, std::uint64_t seed, DType dtype = f32) {
  return detach(normal(shape, {.seed = seed}, 0, 1, dtype));
}

template <class Layer>
void expect_lengths_are_cut(Layer layer) {
  const Tensor x = drawn({4, 3, 2}, 1);
  layer.build(x);
  const int last = layer.output_names() == std::string_view("y, h, c") ? 3 : 2;
  const auto run = [&](const Tensor& lengths) {
    return last == 3 ? layer.predict_all({x, Tensor(), Tensor(), lengths})
                     : layer.predict_all({x, Tensor(), lengths});
  };
  const Ports cut = run(tensor({0, 3, 2, 3}, i64));
  for (const Tensor& lengths : {tensor({0, 3, 2, 1000000}, i64), tensor({0, 255, 2, 3}, u8)}) {
    const Ports found = run(lengths);
    for (std::size_t i = 0; i < found.size(); ++i)
      EXPECT_EQ(found[i].to_vector(), cut[i].to_vector()) << layer.kind();
  }
  EXPECT_EQ(sum(abs(select(cut[0], 0))).item(), 0) << "nothing is said of no steps";
  EXPECT_EQ(sum(abs(select(cut[1], 0))).item(), 0) << "and the state is the first";
}

TEST(Lengths, OfNoStepsAndOfTooMany) {
  for (const bool both : {false, true}) {
    for (const bool last : {false, true}) {
      const RecurrentOptions options{.layers = 2, .bidirectional = both, .last = last};
      expect_lengths_are_cut(Rnn(3, options));
      expect_lengths_are_cut(Lstm(3, options));
      expect_lengths_are_cut(Gru(3, options));
      expect_lengths_are_cut(Gru(3, options, false));
    }
  }
}

TEST(Lengths, OfNoSequences) {
  Lstm lstm(3, {.bidirectional = true});
  lstm.build(zeros({1, 4, 2}));
  const Ports found = lstm.predict_all({zeros({0, 4, 2}), Tensor(), Tensor(), zeros({0}, i64)});
  EXPECT_EQ(found[0].shape(), (Shape{0, 4, 6}));
  EXPECT_EQ(found[2].shape(), (Shape{0, 2, 3}));
  EXPECT_TRUE(found[0].to_vector().empty());
  CharGpt gpt({.vocabulary = 5, .block = 4, .layers = 1, .heads = 1, .channels = 4});
  gpt.build(zeros({1, 4}, i64));
  EXPECT_EQ(gpt.predict(zeros({0, 4}, i64)).to_vector().size(), 0u);
  Seq2Seq net({.source_vocabulary = 4, .vocabulary = 5, .embedding = 2, .hidden = 3});
  net.build({zeros({1, 2}, i64), zeros({1, 3}, i64)});
  EXPECT_EQ(net.predict_all({zeros({0, 2}, i64), zeros({0, 3}, i64)})[0].shape(), (Shape{0, 3, 5}));
}

// A source of no steps is a sequence of nothing, not of numbers that are not finite.
TEST(Seq2SeqEdges, ReadsSourcesOfNoSteps) {
  Seq2Seq net({.source_vocabulary = 4, .vocabulary = 5, .embedding = 2, .hidden = 3});
  const Tensor source = tensor({1, 2, 3, 1}, {2, 2}, i64), target = tensor({1, 2, 3, 4}, {2, 2}, i64);
  const Tensor y = net.predict_all({source, target, tensor({0, 2}, i64)})[0];
  for (const double number : y.to_vector()) EXPECT_TRUE(std::isfinite(number));
  const Tensor other = net.predict_all({tensor({3, 3, 3, 1}, {2, 2}, i64), target, tensor({0, 2}, i64)})[0];
  EXPECT_EQ(select(other, 0).to_vector(), select(y, 0).to_vector()) << "what is beyond has no influence";
  EXPECT_EQ(write_greedily(net, source, 0, 0).shape(), (Shape{2, 0}));
}

TEST(AttentionMasks, OfAnyDtype) {
  const Tensor x = drawn({2, 3, 4}, 1);
  for (const bool causal : {false, true}) {
    Attention attention(2, {.causal = causal});
    attention.build(x);
    const auto run = [&](const Tensor& mask) { return attention.predict_all({x, x, x, mask}); };
    const Tensor seen = tensor({1, 0, 1, 1, 1, 0, 0, 0, 1}, {3, 3}, boolean);
    const Values expected = run(seen)[0].to_vector();
    EXPECT_EQ(run(cast(seen, i64) * 7)[0].to_vector(), expected);
    EXPECT_EQ(run(cast(seen, u8))[0].to_vector(), expected);
    if (causal) continue;
    const Values added = run(where(seen, 0, tensor({-1e30}, f32)))[0].to_vector();
    for (std::size_t i = 0; i < added.size(); ++i) EXPECT_NEAR(added[i], expected[i], 1e-6);
    EXPECT_NE(message_of([&] { run(where(seen, 0, tensor({-1e30}, f64))); }).find("(E243)"),
              std::string::npos);
  }
}

}  // namespace
}  // namespace chainrule::nn
