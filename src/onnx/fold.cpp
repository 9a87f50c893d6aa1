// Batch normalisation and biases put into the weights before them.
#include <algorithm>

#include "chainrule/ops.h"
#include "onnx/emission.h"
#include "ops/op.h"

namespace chainrule::onnx {
namespace {

using Kind = TracedNode::Kind;

/// What follows a product with weights: scale y + shift, numbers of each output channel.
class Folding {
 public:
  Folding(TracedGraph& graph, Names& names) : graph_(graph), names_(names) {}

  void run() {
    find_uses();
    const std::size_t count = graph_.nodes.size();
    for (std::size_t i = 0; i < count; ++i) {
      const TracedNode& node = graph_.nodes[i];
      if (node.row == nullptr || (node.row->info.name != "conv" && node.row->info.name != "matmul")) continue;
      if (of_input_[static_cast<std::size_t>(node.inputs[0])] &&
          !of_input_[static_cast<std::size_t>(node.inputs[1])])
        fold(static_cast<std::int32_t>(i));
    }
  }

 private:
  TracedNode& node(std::int32_t i) { return graph_.nodes[static_cast<std::size_t>(i)]; }

  void find_uses() {
    users_.resize(graph_.nodes.size());
    of_input_.resize(graph_.nodes.size());
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
      const TracedNode& node = graph_.nodes[i];
      of_input_[i] = node.kind == Kind::input;
      for (const std::int32_t input : node.inputs) {
        of_input_[i] = of_input_[i] || of_input_[static_cast<std::size_t>(input)];
        users_[static_cast<std::size_t>(input)].push_back(static_cast<std::int32_t>(i));
      }
    }
    for (const std::int32_t output : graph_.outputs) users_[static_cast<std::size_t>(output)].push_back(-1);
  }

  bool is_conv(std::int32_t i) { return node(i).row->info.name == "conv"; }

  /// The number of output channels, and whether a shape has nothing but one number for each, or one for all.
  std::int64_t channels(std::int32_t i) {
    const Extents& shape = node(i).shape;
    return is_conv(i) ? shape[1].plus : shape.back().plus;
  }
  bool fits(const Shape& shape, std::int32_t i) {
    if (shape.numel() == 1) return true;
    const int place =
        is_conv(i) ? static_cast<int>(node(i).shape.size()) - 1 : 1;  // of the channels, from behind
    return shape.numel() == channels(i) && shape.ndim() >= place && shape.back(place) == shape.numel();
  }

  void fold(std::int32_t product) {
    const std::int64_t count = channels(product);
    Tensor scale = ones({count}, node(product).dtype), shift = zeros({count}, node(product).dtype);
    std::int32_t last = product;
    int steps = 0;
    bool scales = false;  // or it adds alone
    for (;; ++steps) {
      const std::vector<std::int32_t>& users = users_[static_cast<std::size_t>(last)];
      if (users.size() != 1 || users[0] < 0) break;
      const TracedNode& user = node(users[0]);
      if (user.row == nullptr || user.inputs.size() != 2) break;
      const bool is_left = user.inputs[0] == last;
      const std::int32_t other = user.inputs[is_left ? 1 : 0];
      const Tensor value = node(other).value;
      if (of_input_[static_cast<std::size_t>(other)] || !fits(value.shape(), product) ||
          user.shape != node(product).shape)
        break;
      const Tensor c = broadcast_to(flatten(value), Shape{count});
      if (!apply(user.row->info.name, c, is_left, scale, shift)) break;
      scales = scales || user.row->info.name == "mul" || user.row->info.name == "div";
      last = users[0];
    }
    const bool is_bias = steps == 1 && node(last).row->info.name == "add";  // as it is written anyway
    if (steps > 0 && !is_bias) replace(product, last, scales ? &scale : nullptr, shift);
  }

  static bool apply(std::string_view op, const Tensor& c, bool is_left, Tensor& scale, Tensor& shift) {
    if (op == "add") return shift = shift + c, true;
    if (op == "mul") return scale = scale * c, shift = shift * c, true;
    if (op == "div" && is_left) return scale = scale / c, shift = shift / c, true;
    if (op == "sub" && is_left) return shift = shift - c, true;
    return false;
  }

  std::int32_t parameter(const std::string& name, const Tensor& value) {
    TracedNode made{.kind = Kind::parameter, .dtype = value.dtype(), .value = detach(value)};
    for (const std::int64_t size : value.shape()) made.shape.push_back({0, size});
    made.number = static_cast<std::int32_t>(names_.parameters.size());
    names_.parameters.push_back(name);
    graph_.nodes.push_back(std::move(made));
    return static_cast<std::int32_t>(graph_.nodes.size()) - 1;
  }

  /// @param scale  null: the weights stay.
  void replace(std::int32_t product, std::int32_t last, const Tensor* scale, const Tensor& shift) {
    const TracedNode weights = node(node(product).inputs[1]);
    const std::string layer =
        node(product).layer.empty() ? "folded" + std::to_string(product) : node(product).layer;
    const int ndim = static_cast<int>(node(product).shape.size());
    std::vector<std::int64_t> of_weight(static_cast<std::size_t>(weights.value.ndim()), 1),
        of_shift{shift.numel()};
    bool first = is_conv(product);
    for (const Setting& setting : node(product).settings)
      first = first || (setting.name == "trans_b" && setting.numbers[0].plus != 0);
    of_weight[first && is_conv(product) ? 0 : of_weight.size() - (first ? 2 : 1)] = shift.numel();
    if (is_conv(product)) of_shift.resize(static_cast<std::size_t>(ndim) - 1, 1);
    if (scale != nullptr) {
      const std::int32_t w = parameter(layer + ".folded_weight", weights.value * reshape(*scale, of_weight));
      node(product).inputs[1] = w;
    }
    const std::int32_t b = parameter(layer + ".folded_bias", reshape(shift, of_shift));
    TracedNode& end = node(last);
    end.row = find_op("add");
    end.inputs = {product, b};
    end.settings.clear();
  }

  TracedGraph& graph_;
  Names& names_;
  std::vector<std::vector<std::int32_t>> users_;
  std::vector<bool> of_input_;
};

}  // namespace

void fold_scales(TracedGraph& graph, Names& names) { Folding(graph, names).run(); }

}  // namespace chainrule::onnx
