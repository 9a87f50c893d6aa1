// Recurrent layers as RNN, LSTM and GRU. A layer that is handed over whole leaves marks in the graph:
// operations that give what was computed as it is, and whose other inputs are those of the operator.
#include <array>
#include <cstring>

#include "chainrule/op.h"
#include "chainrule/ops.h"
#include "nn/whole_layers.h"
#include "onnx/form.h"

namespace chainrule::onnx {
namespace {

using nn::CellKind;

/// The first input, computed already.
struct Mark {
  static constexpr std::string_view kNotDifferentiable = "it stands in graphs that are written only";
  bool operator==(const Mark&) const = default;
  Meta infer(std::span<const Meta> in) const { return in[0]; }
  void run(const Kernel& k) const {
    std::memcpy(k.output.data, k.inputs[0].data,
                static_cast<std::size_t>(k.output.numel()) * size_of(k.output.dtype));
  }
  static std::vector<Sample> samples() { return {}; }
};

/// y (T, D, N, H). Inputs: y, x, W, R, and as they are given B, lengths, h, c.
struct WholeLoop : Mark {
  CellKind kind = CellKind::tanh;
  bool reset_after = true, bias = false, lengths = false, state = false;

  static constexpr OpInfo kInfo{.name = "whole_loop", .arity = -1, .view = true, .doc = "A recurrent layer."};
  bool operator==(const WholeLoop&) const = default;
  template <class V>
  void fields(V visit) const {
    visit("kind", static_cast<int>(kind)), visit("reset_after", reset_after), visit("bias", bias);
    visit("lengths", lengths), visit("state", state);
  }
};

/// h or c after the last step, (D, N, H). Inputs: the state, and the layer's y.
struct WholeState : Mark {
  int output = 1;

  static constexpr OpInfo kInfo{.name = "whole_state", .arity = 2, .view = true, .doc = "Its last state."};
  bool operator==(const WholeState&) const = default;
  template <class V>
  void fields(V visit) const {
    visit("output", output);
  }
};

/// Weights or a bias of each direction, with the gates along the second axis, in the format's order.
Tensor in_order(const nn::WholeLayer& layer, Tensor nn::WholeLayer::Weights::*part) {
  Tensors directions;
  for (const nn::WholeLayer::Weights& weights : layer.directions) {
    const Tensor& own = weights.*part;
    directions.push_back(own.ndim() == 2 ? transpose(own) : own);
  }
  const Tensor all = directions.size() == 1 ? expand_dims(directions[0], 0) : stack(directions);
  std::vector<std::int64_t> order;
  if (layer.kind == CellKind::lstm) order = {0, 3, 1, 2};  // i, f, g, o become i, o, f, g
  if (layer.kind == CellKind::gru) order = {1, 0, 2};      // r, z, n become z, r, n
  if (order.empty()) return all;
  const std::int64_t h = all.shape()[1] / nn::gates_of(layer.kind);
  std::vector<std::int64_t> rows;
  for (const std::int64_t gate : order) {
    for (std::int64_t i = 0; i < h; ++i) rows.push_back(gate * h + i);
  }
  return chainrule::take(all, from_data(rows, Shape{static_cast<std::int64_t>(rows.size())}), 1);
}

nn::WholeSaid take(const nn::WholeLayer& layer, const nn::WholeSaid& computed) {
  using Weights = nn::WholeLayer::Weights;
  WholeLoop loop;
  loop.kind = layer.kind, loop.reset_after = layer.reset_after;
  loop.bias = !layer.directions[0].bias_x.is_empty(), loop.lengths = !layer.lengths.is_empty();
  loop.state = !layer.h.is_empty();
  Tensors inputs{computed.y, layer.x, in_order(layer, &Weights::x), in_order(layer, &Weights::h)};
  if (loop.bias)
    inputs.push_back(concatenate({in_order(layer, &Weights::bias_x), in_order(layer, &Weights::bias_h)}, 1));
  for (const Tensor& given : {layer.lengths, layer.h, layer.c}) {
    if (!given.is_empty()) inputs.push_back(given);
  }
  const Location where = Location::current();
  nn::WholeSaid taken{apply(loop, inputs, where), {}, {}};
  const auto state = [&](int output, const Tensor& value) {
    WholeState made;
    made.output = output;
    return apply(made, {value, taken.y}, where);
  };
  taken.h = state(1, computed.h);
  if (!computed.c.is_empty()) taken.c = state(2, computed.c);
  return taken;
}

std::string whole_loop(FormCall& f) {
  constexpr std::array<std::string_view, 4> kTypes = {"RNN", "RNN", "LSTM", "GRU"};
  const auto kind = static_cast<CellKind>(f.integer("kind"));
  std::size_t next = 4;
  std::vector<std::string> inputs{f[1].name, f[2].name, f[3].name};
  const auto add = [&](bool is_given) { inputs.push_back(is_given ? f[next++].name : ""); };
  add(f.integer("bias") != 0);
  add(f.integer("lengths") != 0);
  if (!inputs.back().empty()) inputs.back() = f.w.cast(inputs.back(), DType::i32);
  while (next < f.input_count()) add(true);
  while (inputs.back().empty()) inputs.pop_back();
  const std::vector<std::int64_t> r = f.fixed(f[3].shape);  // (D, G H, H)
  std::vector<Attribute> attributes{onnx::integer("hidden_size", r[2]),
                                    text("direction", r[0] == 2 ? "bidirectional" : "forward")};
  if (kind == CellKind::gru)
    attributes.push_back(onnx::integer("linear_before_reset", f.integer("reset_after")));
  if (kind == CellKind::relu)
    attributes.push_back(
        texts("activations", std::vector<std::string>(static_cast<std::size_t>(r[0]), "Relu")));
  const std::size_t outputs = kind == CellKind::lstm ? 3 : 2;
  return f.w.add_several(kTypes[static_cast<std::size_t>(kind)], inputs, outputs, attributes)[0];
}

std::string whole_state(FormCall& f) {
  return f.w.output_beside(f[1].name, static_cast<std::size_t>(f.integer("output")));
}

constexpr Form kForms[] = {
    {.op = "whole_loop", .write = whole_loop, .unread = 1},
    {.op = "whole_state", .write = whole_state, .unread = 1},
};

}  // namespace

std::span<const Form> mark_forms() { return kForms; }

nn::WholeLayers::Take marks_taker() { return take; }

bool is_mark(const OpRow& row) { return &row == &kRow<WholeLoop> || &row == &kRow<WholeState>; }

}  // namespace chainrule::onnx
