// Layers of sequences: what constructors take is what settings say.
#include <gtest/gtest.h>

#include "chainrule/config.h"
#include "chainrule/error.h"
#include "chainrule/nn.h"
#include "chainrule/nn/text_nets.h"

namespace chainrule::nn {
namespace {

void expect_same(const Layer& layer, const char* text) {
  EXPECT_EQ(config::write(layer), config::write(*config::make<Layer>(config::parse_text(text)))) << text;
  EXPECT_EQ(layer.describe(), text);
}

TEST(SequenceSettings, AreThoseOfTheConstructors) {
  expect_same(Linear(5, {.bias = false}), "linear(5, bias=false)");
  expect_same(Embedding(7, 3, {.padding = 2}), "embedding(7, 3, padding=2)");
  expect_same(PositionalEmbedding(9), "positional_embedding(9)");
  expect_same(Rnn(5, {.layers = 2}, Rnn::Activation::relu), "rnn(5, 2, activation=relu)");
  expect_same(Lstm(5, {.bidirectional = true, .dropout = 0.25}, 0),
              "lstm(5, bidirectional=true, dropout=0.25, forget_bias=0.0)");
  expect_same(Gru(5, {.bias = false}, false), "gru(5, bias=false, reset_after=false)");
  expect_same(Attention(4, {.causal = true, .output_init = Normal{0.02}}),
              "attention(4, causal=true, output_init=normal(0.02))");
  expect_same(TransformerEncoderLayer(2, {.feed_forward = 8, .norm_first = false, .causal = true}),
              "transformer_encoder_layer(2, 8, norm_first=false, causal=true)");
  expect_same(TransformerDecoderLayer(2, {.activation = FeedForwardActivation::relu}),
              "transformer_decoder_layer(2, activation=relu)");
  expect_same(CharRnn({.vocabulary = 65, .hidden = 9, .cell = CellName::gru, .tied = true}),
              "char_rnn(65, hidden=9, cell=gru, tied=true)");
  expect_same(CharGpt({.vocabulary = 65, .block = 8, .bias = false}), "char_gpt(65, 8, bias=false)");
  expect_same(Seq2Seq({.source_vocabulary = 5, .vocabulary = 6, .attention = false}),
              "seq2seq(5, 6, attention=false)");
}

TEST(SequenceSettings, AreCheckedWhenTheLayerIsBuilt) {
  const Tensor x = ones({2, 3, 4});
  const auto expect_refused = [](const Layer& layer, const Tensor& input, const char* what) {
    try {
      layer.predict(input);
      ADD_FAILURE() << layer.describe();
    } catch (const ValueError& error) {
      EXPECT_EQ(error.code(), 228) << error.what();
      EXPECT_NE(std::string(error.what()).find(what), std::string::npos) << error.what();
    }
  };
  expect_refused(Lstm(), x, "'hidden' of lstm is 0");
  expect_refused(Gru(3, {.layers = 0}), x, "'layers' of gru is 0");
  expect_refused(Gru(3, {.layers = std::int64_t{1} << 50}), x, "'layers' of gru is");
  expect_refused(Rnn(3, {.dropout = 1}), x, "'dropout' of rnn is 1");
  expect_refused(Attention(0), x, "'heads' of attention is 0");
  expect_refused(TransformerEncoderLayer(-1), x, "'heads' of transformer_encoder_layer is -1");
  expect_refused(Embedding(0, 3), zeros({2}, i64), "'count' of embedding is 0");
  expect_refused(CharGpt({.vocabulary = 0}), zeros({1, 2}, i64), "'vocabulary' of char_gpt is 0");
  expect_refused(CharGpt({.vocabulary = 5, .layers = -1}), zeros({1, 2}, i64), "'layers' of char_gpt is -1");
}

}  // namespace
}  // namespace chainrule::nn
