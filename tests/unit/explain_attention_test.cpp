// Where nets look: the weights of their attention.
#include "chainrule/explain/attention.h"

#include <gtest/gtest.h>

#include "chainrule/error.h"
#include "chainrule/nn.h"
#include "chainrule/ops.h"
#include "chainrule/random_tensor.h"
#include "message_of.h"

namespace chainrule::explain {
namespace {

Tensor ids(const Shape& shape, double below, std::uint64_t seed) {
  return detach(cast(uniform(shape, {.seed = seed}, 0, below), i64));
}

// What the net says follows from the weights: the writer's words beside the mean of the reader's, by
// nn::Linear, tanh and nn::Linear (Luong et al. 2015).
TEST(ExplainAttention, OfASeq2SeqIsWhatTheNetUses) {
  const nn::Seq2Seq net({.source_vocabulary = 6, .vocabulary = 5, .embedding = 3, .hidden = 4});
  const Tensor source = ids({2, 4}, 6, 1), target = ids({2, 3}, 5, 2), lengths = tensor({4, 2}, i64);
  const Tensor y = net.predict_all({source, target, lengths})[0];
  const std::vector<AttentionTrace> found = explain_attention(net, {source, target, lengths});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].path, "seq2seq");
  const Tensor weights = found[0].weights;
  ASSERT_EQ(weights.shape(), (Shape{2, 3, 4}));
  EXPECT_LT(max(abs(sum(weights, 2) - 1)).item(), 1e-6);
  EXPECT_EQ(max(abs(slice(select(weights, 1), 1, 2, 4))).item(), 0);  // behind the end of the second source

  nn::Lstm reader(4), writer(4);
  reader.build(zeros({1, 1, 3})), writer.build(zeros({1, 1, 3}));
  for (const auto& [layer, name] : {std::pair(&reader, "reader."), std::pair(&writer, "writer.")}) {
    for (nn::NamedParameter one : layer->parameters()) {
      one.parameter.set_value(net.parameter(name + one.name).value());
    }
  }
  const auto embedded = [&](const char* name, const Tensor& numbers) {
    return take(net.parameter(name).value(), numbers);
  };
  const nn::Ports read = reader.predict_all({embedded("source_embedding.weight", source), {}, {}, lengths});
  const Tensor said = writer.predict_all({embedded("target_embedding.weight", target), read[1], read[2]})[0];
  const Tensor beside = concatenate({matmul(weights, read[0]), said}, 2);
  const Tensor combined =
      tanh(matmul(beside, net.parameter("combine.weight").value()) + net.parameter("combine.bias").value());
  const Tensor again =
      matmul(combined, net.parameter("output.weight").value()) + net.parameter("output.bias").value();
  EXPECT_LT(max(abs(again - y)).item(), 1e-5);
}

TEST(ExplainAttention, OfATransformerHasALineForEachBlock) {
  nn::CharGpt net({.vocabulary = 7, .block = 6, .layers = 2, .heads = 2, .channels = 8});
  const std::vector<AttentionTrace> found = explain_attention(net, ids({3, 5}, 7, 1));
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].path, "block1.attention");
  EXPECT_EQ(found[1].path, "block2.attention");
  EXPECT_EQ(found[1].weights.shape(), (Shape{3, 2, 5, 5}));
  const Tensor first_step = select(found[1].weights, 0, 2);  // sees itself alone
  EXPECT_EQ(select(first_step, 0, 2).to_vector(), std::vector<double>(6, 1));
}

TEST(ExplainAttention, IsFoundInsideOtherNets) {
  nn::Sequential net{nn::Attention{2}, nn::Affine{3}};
  const std::vector<AttentionTrace> found = explain_attention(net, normal({2, 3, 4}, {.seed = 1}));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].path, "attention1");
}

TEST(ExplainAttention, SaysThatThereIsNone) {
  const nn::CharRnn rnn({.vocabulary = 4, .embedding = 2, .hidden = 3});
  EXPECT_EQ(
      message_of([&] {
        explain_attention(rnn, zeros({1, 2}, i64));
      }),
      "[explain] char_rnn has no attention. Look into a net with an attention layer, such as char_gpt, or a "
      "seq2seq with attention=true. (E378)");
  const nn::Seq2Seq deaf(
      {.source_vocabulary = 6, .vocabulary = 5, .embedding = 3, .hidden = 4, .attention = false});
  EXPECT_EQ(message_of([&] {
              explain_attention(deaf, {zeros({1, 2}, i64), zeros({1, 2}, i64)});
            }).substr(0, 34),
            "[explain] seq2seq has no attention");
}

}  // namespace
}  // namespace chainrule::explain
