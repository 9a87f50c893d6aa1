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

constexpr std::int64_t kSteps = 6, kFeatures = 3;

/// Four sequences, and what a layer is given beside them: numbers of these shapes; {} is left out.
std::function<std::vector<Tensor>()> sequences(std::vector<Shape> beside = {}, bool with_lengths = false) {
  return [=] {
    std::vector<Tensor> inputs{detach(normal({4, kSteps, kFeatures}, {.seed = 8}))};
    for (const Shape& shape : beside) {
      inputs.push_back(shape.ndim() == 0 ? Tensor() : detach(normal(shape, {.seed = 9 + inputs.size()})));
    }
    if (with_lengths) inputs.push_back(tensor({kSteps, 1, 4, 3}, i64));
    return inputs;
  };
}

}  // namespace

std::vector<NamedNet> recurrent_nets() {
  return {
      {"rnn", configured("rnn(5)"), sequences()},
      {"rnn_relu", configured("rnn(5, layers=2, bidirectional=true, activation=relu)"),
       sequences({{4, 4, 5}})},
      {"rnn_last", configured("rnn(5, bias=false, last=true)"), sequences({{}}, true)},
      {"lstm", configured("lstm(6)"), sequences({{4, 1, 6}, {4, 1, 6}})},
      {"lstm_lengths", configured("lstm(5, layers=2, bidirectional=true)"), sequences({{}, {}}, true)},
      {"lstm_all", configured("lstm(5, layers=2)"), sequences({{4, 2, 5}, {4, 2, 5}}, true)},
      {"lstm_last", configured("lstm(4, bidirectional=true, last=true)"), sequences()},
      {"gru", configured("gru(6)"), sequences()},
      {"gru_all", configured("gru(5, bidirectional=true, last=true)"), sequences({{4, 2, 5}}, true)},
      {"gru_reset_before", configured("gru(6, reset_after=false)"), sequences({{4, 1, 6}}, true)},
  };
}

std::ostream& operator<<(std::ostream& out, const NamedNet& net) { return out << net.name; }

std::vector<NamedNet> named_nets() {
  std::vector<NamedNet> nets = recurrent_nets();
  const auto text = [] { return std::vector<Tensor>{tokens({4, 6}, 11, 1)}; };
  const auto pair = [] { return std::vector<Tensor>{tokens({4, 6}, 11, 1), tokens({4, 5}, 9, 2)}; };
  const auto with_lengths = [] {
    return std::vector<Tensor>{tokens({4, 6}, 11, 1), tokens({4, 5}, 9, 2), tensor({6, 1, 4, 3}, i64)};
  };
  for (NamedNet& net : std::vector<NamedNet>{
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
           {"seq2seq", configured("seq2seq(source_vocabulary=11, vocabulary=9, embedding=6, hidden=8)"),
            pair},
           {"seq2seq_lengths",
            configured("seq2seq(source_vocabulary=11, vocabulary=9, embedding=6, hidden=8)"), with_lengths},
       })
    nets.push_back(std::move(net));
  return nets;
}

}  // namespace chainrule
