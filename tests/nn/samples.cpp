#include "nn/samples.h"

#include <cctype>
#include <ostream>

#include "chainrule/config.h"
#include "chainrule/ops.h"

namespace chainrule::nn {
namespace {

/// A layer of the user's is found by its name like those of the library.
[[maybe_unused]] const bool kScaleIsKnown = (registry<Layer>().add<Scale>(), true);

std::vector<LayerSample> other_samples() {
  return {
      {.text = "affine(5)", .inputs = {{{1, 4}}}, .wrong = {4}},
      {.text = "affine(3, bias=false, weight_init=orthogonal)", .inputs = {{{1, 2, 3, 2}}}, .wrong = {12}},
      {.text = "conv2d(3)", .inputs = {{{1, 2, 5, 4}}}, .wrong = {2, 5, 4}},
      {.text = "conv2d(4, [2, 3], stride=2, padding=[1, 0], groups=2, bias=false)",
       .inputs = {{{1, 2, 5, 6}}},
       .wrong = {2, 5, 6}},
      {.text = "conv2d(2, 2, dilation=2, weight_init=xavier(uniform=true))",
       .inputs = {{{1, 3, 4, 5}}},
       .wrong = {1, 3, 2, 2}},
      {.text = "conv2d(2, 3, padding=same)", .inputs = {{{1, 2, 4, 5}}}, .wrong = {1, 3, 5}},
      {.text = "conv2d(2, 2, stride=2, padding=[1, 0, 0, 2])", .inputs = {{{1, 1, 4, 5}}}, .wrong = {1, 5}},
      {.text = "conv1d(3)", .inputs = {{{1, 2, 6}}}, .wrong = {2, 6}},
      {.text = "conv1d(4, 2, stride=2, padding=[0, 1], dilation=2, groups=2)",
       .inputs = {{{1, 2, 8}}},
       .wrong = {1, 2, 2, 8}},
      {.text = "conv3d(2, 2)", .inputs = {{{1, 2, 3, 2, 3}}}, .wrong = {1, 3, 2, 3}},
      {.text = "conv3d(2, [1, 2, 3], stride=[1, 1, 2], padding=same, bias=false)",
       .inputs = {{{1, 1, 2, 3, 4}}},
       .wrong = {2, 3}},
      {.text = "conv_transpose1d(2, 3, stride=2, padding=1, output_padding=1)",
       .inputs = {{{1, 3, 4}}},
       .wrong = {3, 4}},
      {.text = "conv_transpose2d(4, 2, stride=2, padding=same, groups=2)",
       .inputs = {{{1, 2, 3, 2}}},
       .wrong = {2, 3, 2}},
      {.text = "conv_transpose2d(2, [2, 3], dilation=2, bias=false, weight_init=xavier)",
       .inputs = {{{1, 3, 2, 2}}},
       .wrong = {1, 3}},
      {.text = "conv_transpose3d(2, 2)", .inputs = {{{1, 2, 2, 1, 2}}}, .wrong = {1, 2, 2, 2}},
      {.text = "max_pool1d(3, 2, padding=1)", .inputs = {{{1, 2, 7}}}, .wrong = {7}},
      {.text = "max_pool3d(2, padding=same)", .inputs = {{{1, 1, 3, 4, 3}}}, .wrong = {1, 4, 3}},
      {.text = "max_pool2d(2, 1, padding=[0, 1, 1, 0], dilation=[1, 2])",
       .inputs = {{{1, 1, 4, 5}}},
       .wrong = {4, 5}},
      {.text = "avg_pool1d(3, 1, padding=1)", .inputs = {{{1, 2, 5}}}, .wrong = {5}},
      {.text = "avg_pool2d", .inputs = {{{1, 2, 4, 6}}}, .wrong = {4, 6}},
      {.text = "avg_pool2d([3, 2], 2, padding=1, ceil_mode=true, count_include_pad=true)",
       .inputs = {{{1, 2, 5, 4}}},
       .wrong = {5}},
      {.text = "avg_pool3d([1, 2, 2])", .inputs = {{{1, 2, 2, 4, 3}}}, .wrong = {1, 4, 3}},
      {.text = "global_max_pool", .inputs = {{{1, 3, 4, 2}}}, .wrong = {3}},
      {.text = "adaptive_avg_pool", .inputs = {{{1, 3, 5}}}, .wrong = {3, 5}},
      {.text = "adaptive_avg_pool([3, 2])", .inputs = {{{1, 2, 5, 4}}}, .wrong = {1, 2, 5}},
      {.text = "adaptive_max_pool([2, 3])", .inputs = {{{1, 2, 5, 4}}}, .wrong = {1, 2, 5}},
      {.text = "upsample", .inputs = {{{1, 2, 3, 2}}}, .wrong = {3, 2}},
      {.text = "upsample([1, 3], mode=linear)", .inputs = {{{1, 2, 3, 2}}}, .wrong = {1, 2, 3}},
      {.text = "upsample(size=[5, 4], mode=linear, align_corners=true)",
       .inputs = {{{1, 2, 3, 2}}},
       .wrong = {3}},
      {.text = "pad", .inputs = {{{1, 2, 3}}}, .wrong = {2, 3}},
      {.text = "pad([1, 0, 2, 3], constant, value=-1.5)", .inputs = {{{1, 2, 3, 2}}}, .wrong = {1, 2, 3}},
      {.text = "pad([2, 1], reflect)", .inputs = {{{1, 2, 3, 2}}}, .wrong = {4}},
      {.text = "max_pool2d", .inputs = {{{1, 2, 4, 6}}}, .wrong = {4, 6}},
      {.text = "max_pool2d([3, 2], stride=2, padding=1, ceil_mode=true)",
       .inputs = {{{1, 2, 5, 4}}},
       .wrong = {5}},
      {.text = "global_avg_pool", .inputs = {{{1, 3, 4, 2}}}, .wrong = {3}},
      {.text = "identity", .inputs = {{{1, 2, 3}}}},
      {.text = "flatten", .inputs = {{{1, 2, 3}}}},
      {.text = "flatten(2, 3)", .inputs = {{{1, 2, 3, 2, 2}}}, .wrong = {2, 3}},
      {.text = "flatten(-2)", .inputs = {{{1, 2, 3}}}, .wrong = {3}},
      {.text = "reshape", .inputs = {{{1, 2, 3}}}},
      {.text = "reshape([3, -1, 1])", .inputs = {{{1, 2, 6}}}, .wrong = {2, 4}},
      {.text = "leaky_relu", .inputs = {{{1, 6}}}},
      {.text = "leaky_relu(0.3)", .inputs = {{{1, 6}}}},
      {.text = "prelu", .inputs = {{{1, 6}}}},
      {.text = "prelu(-0.4, per_channel=true)", .inputs = {{{1, 3, 2, 2}}}, .wrong = {3}},
      {.text = "elu", .inputs = {{{1, 6}}}},
      {.text = "elu(2.5)", .inputs = {{{1, 6}}}},
      {.text = "selu", .inputs = {{{1, 6}}}},
      {.text = "gelu", .inputs = {{{1, 6}}}},
      {.text = "silu", .inputs = {{{1, 6}}}},
      {.text = "mish", .inputs = {{{1, 6}}}},
      {.text = "softplus", .inputs = {{{1, 6}}}},
      {.text = "softsign", .inputs = {{{1, 6}}}},
      {.text = "hard_sigmoid(0.5, 0.25)", .inputs = {{{1, 6}}}},
      {.text = "log_sigmoid", .inputs = {{{1, 6}}}},
      {.text = "hard_swish", .inputs = {{{1, 6}}}},
      {.text = "softmax", .inputs = {{{1, 5}}}},
      {.text = "softmax(1)", .inputs = {{{1, 3, 4}}}, .wrong = {3}},
      {.text = "log_softmax", .inputs = {{{1, 5}}}},
      {.text = "log_softmax(-2)", .inputs = {{{1, 3, 4}}}, .wrong = {3}},
      {.text = "relu", .inputs = {{{1, 6}}}},
      {.text = "sigmoid", .inputs = {{{1, 6}}}},
      {.text = "tanh", .inputs = {{{1, 2, 3}}}},
      {.text = "scale_shift", .inputs = {{{1, 2, 3}}}},
      {.text = "scale_shift([2, -1, 0.5], [1, 0, 3])", .inputs = {{{1, 2, 3}}}},
      {.text = "dropout", .inputs = {{{1, 40}}}, .differs_in_training = true, .is_random = true},
      {.text = "dropout(0.25, inverted=false)",
       .inputs = {{{1, 5, 8}}},
       .differs_in_training = true,
       .is_random = true},
      {.text = "dropout(0)", .inputs = {{{1, 7}}}},
      {.text = "batch_norm", .inputs = {{{1, 3, 2, 4}}}, .differs_in_training = true, .wrong = {3}},
      {.text = "batch_norm(0.5, 0.001, affine=false)",
       .inputs = {{{1, 5}}},
       .differs_in_training = true,
       .wrong = {5}},
      {.text = "batch_norm(0.2)", .inputs = {{{1, 2, 3}}}, .differs_in_training = true, .wrong = {3}},
      {.text = "batch_norm(0.2)", .inputs = {{{1, 2, 3, 1, 2}}}, .differs_in_training = true, .wrong = {3}},
      {.text = "layer_norm", .inputs = {{{1, 5}}}, .wrong = {5}},
      {.text = "layer_norm(-2, 0.01)", .inputs = {{{1, 2, 3, 4}}}, .wrong = {3, 4}},
      {.text = "layer_norm(affine=false)", .inputs = {{{1, 5}}}, .wrong = {5}},
      {.text = "group_norm(2)", .inputs = {{{1, 4, 3}}}, .wrong = {2, 3, 3}},
      {.text = "group_norm(3, affine=false)", .inputs = {{{1, 3, 2, 2}}}, .wrong = {2, 4}},
      {.text = "instance_norm", .inputs = {{{1, 2, 3, 2}}}, .wrong = {1, 2}},
      {.text = "instance_norm(0.1, affine=false)", .inputs = {{{1, 2, 5}}}, .wrong = {1, 2}},
      {.text = "rms_norm", .inputs = {{{1, 5}}}, .wrong = {5}},
      {.text = "rms_norm(1, 0.01)", .inputs = {{{1, 2, 3}}}, .wrong = {5}},
      {.text = "local_response_norm", .inputs = {{{1, 7, 2, 2}}}, .wrong = {5}},
      {.text = "local_response_norm(2, 0.5, beta=1.5, k=2)", .inputs = {{{1, 3}}}, .wrong = {5}},
      {.text = "softmax_with_loss",
       .inputs = {{{1, 4}}, {{1}, 4}},
       .may_be_empty = false,
       .wrong = {4, 4, 4}},
      {.text = "softmax_with_loss",
       .inputs = {{{1, 3}}, {.shape = {1, 3}, .is_share = true}},
       .may_be_empty = false,
       .wrong = {7, 5}},
      {.text = "mul", .inputs = {{{1, 3}}, {{1, 3}}}, .wrong = {2, 5}},
      {.text = "add", .inputs = {{{1, 2, 3}}, {{1, 2, 3}}}, .wrong = {2, 5}},
      {.text = "sequential([affine(6), tanh, affine(2, bias=false)])", .inputs = {{{1, 3}}}, .wrong = {3}},
      {.text = "sequential([conv2d(3, 2), batch_norm, sigmoid, dropout(0.3), flatten, affine(2)])",
       .inputs = {{{1, 1, 4, 4}}},
       .differs_in_training = true,
       .is_random = true,
       .wrong = {1, 4, 4}},
      {.text = "residual(tanh)", .inputs = {{{1, 4}}}},
      {.text = "residual(sequential([affine(6), sigmoid, affine(2)]), affine(2, bias=false))",
       .inputs = {{{1, 4}}},
       .wrong = {4}},
      {.text = "parallel([affine(2), tanh])", .inputs = {{{1, 4}}}, .wrong = {4}},
      {.text = "parallel([conv2d(2, 3, padding=same), max_pool2d(3, 1, padding=same)], axis=-3)",
       .inputs = {{{1, 3, 4, 4}}},
       .wrong = {4, 4}},
      {.text = "parallel([affine(3), sequential([tanh, affine(3), dropout(0.2)])], add)",
       .inputs = {{{1, 4}}},
       .differs_in_training = true,
       .is_random = true,
       .wrong = {4}},
      {.text = "time_distributed(affine(3))", .inputs = {{{1, 4, 2}}}, .wrong = {4}},
      {.text = "time_distributed(sequential([conv1d(2, 2), batch_norm, flatten]))",
       .inputs = {{{1, 3, 1, 4}}},
       .differs_in_training = true,
       .wrong = {4}},
      {.text = "mlp([5, 4, 2])", .inputs = {{{1, 3}}}, .wrong = {3}},
      {.text = "mlp([6, 3], prelu, dropout=0.25, batch_norm=true, weight_init=xavier)",
       .inputs = {{{1, 4}}},
       .differs_in_training = true,
       .is_random = true,
       .wrong = {4}},
      {.text = "lenet(3, 0)", .inputs = {{{1, 1, 16, 16}}}, .wrong = {16, 16}},
      {.text = "lenet(4, 1, pool=max, activation=relu, weight_init=he)",
       .inputs = {{{1, 1, 14, 14}}},
       .step = 1e-6,
       .wrong = {14, 14}},
      {.text = "two_layer_net(6, 3)", .inputs = {{{1, 5}}}, .wrong = {5}},
      {.text = "simple_conv_net(2, 3, hidden=4, output=3, weight_deviation=0.3)",
       .inputs = {{{1, 1, 8, 8}}},
       .wrong = {8, 8}},
      {.text = "deep_conv_net(5, 3, dropout=0.2)",
       .inputs = {{{1, 1, 8, 8}}},
       .differs_in_training = true,
       .is_random = true,
       .step = 1e-6,
       .wrong = {8, 8}},
      {.text = "ensemble([affine(3), sequential([affine(4), tanh, affine(3)])])",
       .inputs = {{{1, 4}}},
       .wrong = {4}},
      {.text = "ensemble([affine(3), affine(3), affine(3)], voting=probabilities)",
       .inputs = {{{1, 4}}},
       .wrong = {4}},
      {.text = "scale", .inputs = {{{1, 3}}}},
  };
}

}  // namespace

const std::vector<LayerSample>& samples() {
  static const std::vector<LayerSample> all = [] {
    std::vector<LayerSample> made = other_samples();
    for (LayerSample& sample : sequence_samples()) made.push_back(std::move(sample));
    return made;
  }();
  return all;
}

std::ostream& operator<<(std::ostream& out, const LayerSample& sample) { return out << sample.text; }

std::string test_name(const ::testing::TestParamInfo<LayerSample>& info) {
  std::string name = std::to_string(info.index) + "_";
  for (const char c : info.param.text) {
    if (std::isalnum(static_cast<unsigned char>(c))) name += c;
    if (!std::isalnum(static_cast<unsigned char>(c)) && name.back() != '_') name += '_';
  }
  return name;
}

Shared<Layer> make(const LayerSample& sample) {
  return config::make<Layer>(config::parse_text(sample.text, "sample"));
}

Shape with_batch(const Shape& shape, std::int64_t batch) {
  std::vector<std::int64_t> sizes(shape.begin(), shape.end());
  if (!sizes.empty()) sizes[0] *= batch;
  return Shape(sizes);
}

std::vector<Tensor> inputs_of(const LayerSample& sample, std::int64_t batch, DType dtype) {
  std::vector<Tensor> inputs;
  for (std::size_t i = 0; i < sample.inputs.size(); ++i) {
    if (sample.inputs[i].is_left_out) {
      inputs.emplace_back();
      continue;
    }
    const Shape shape = with_batch(sample.inputs[i].shape, batch);
    const RandomKey key{.seed = 11, .step = i};
    const std::int64_t classes = sample.inputs[i].classes;
    const Tensor drawn = classes > 0 ? uniform(shape, key, 0, static_cast<double>(classes), f64)
                         : sample.inputs[i].is_share ? uniform(shape, key, 0.1, 0.9, f64)
                                                     : normal(shape, key, 0, 1, f64);
    inputs.push_back(detach(cast(drawn, classes > 0 ? i64 : dtype)));
  }
  return inputs;
}

std::vector<Tensor> zeros_for(const LayerSample& sample, std::int64_t batch, DType dtype) {
  std::vector<Tensor> inputs = inputs_of(sample, batch, dtype);
  for (Tensor& input : inputs) {
    if (!input.is_empty()) input = zeros(input.shape(), input.dtype());
  }
  return inputs;
}

}  // namespace chainrule::nn
