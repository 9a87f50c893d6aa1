#include "onnx_nets.h"

#include "chainrule/config.h"

namespace chainrule {
namespace {

std::function<std::vector<Tensor>()> images(Shape shape) {
  return [shape] { return std::vector<Tensor>{detach(normal(shape, {.seed = 7}))}; };
}

/// Numbers from 0 to below `classes`.
Tensor tokens(Shape shape, std::int64_t classes, std::uint64_t seed) {
  return detach(cast(floor(uniform(shape, {.seed = seed}, 0, static_cast<double>(classes))), i64));
}

std::function<Shared<nn::Layer>()> configured(const std::string& text) {
  return [text] { return config::make<nn::Layer>(config::parse_text(text, "test")); };
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const NamedNet& net) { return out << net.name; }

std::vector<NamedNet> named_nets() {
  const auto text = [] { return std::vector<Tensor>{tokens({4, 6}, 11, 1)}; };
  const auto pair = [] { return std::vector<Tensor>{tokens({4, 6}, 11, 1), tokens({4, 5}, 9, 2)}; };
  const auto with_lengths = [] {
    return std::vector<Tensor>{tokens({4, 6}, 11, 1), tokens({4, 5}, 9, 2), tensor({6, 1, 4, 3}, i64)};
  };
  return {
      {"two_layer_net", configured("two_layer_net"), images({4, 784})},
      {"mlp", configured("mlp([20, 10])"), images({4, 30})},
      {"mlp_batch_norm", configured("mlp([20, 10], batch_norm=true, dropout=0.5)"), images({4, 30})},
      {"lenet", configured("lenet"), images({4, 1, 28, 28})},
      {"lenet_max_relu", configured("lenet(pool=max, activation=relu)"), images({4, 1, 28, 28})},
      {"simple_conv_net", configured("simple_conv_net"), images({4, 1, 28, 28})},
      {"deep_conv_net", configured("deep_conv_net"), images({4, 1, 28, 28})},
      {"char_rnn_lstm", configured("char_rnn(vocabulary=11, embedding=8, hidden=12, layers=2)"), text},
      {"char_rnn_gru", configured("char_rnn(vocabulary=11, embedding=8, hidden=12, cell=gru)"), text},
      {"char_gpt", configured("char_gpt(vocabulary=11, block=8, layers=2, heads=2, channels=16)"), text},
      {"seq2seq", configured("seq2seq(source_vocabulary=11, vocabulary=9, embedding=6, hidden=8)"), pair},
      {"seq2seq_lengths", configured("seq2seq(source_vocabulary=11, vocabulary=9, embedding=6, hidden=8)"),
       with_lengths},
  };
}

}  // namespace chainrule
