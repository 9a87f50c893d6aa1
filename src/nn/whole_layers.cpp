#include "nn/whole_layers.h"

#include <utility>

#include "chainrule/op.h"
#include "chainrule/ops.h"
#include "graph/node.h"

namespace chainrule::nn {
namespace {

thread_local WholeLayers::Take current_taker = nullptr;

/// A part of each state, (N, H).
Tensor stacked_part(std::span<const Tensor> states, std::int64_t part, std::int64_t h) {
  std::vector<Tensor> parts;
  for (const Tensor& state : states) parts.push_back(slice(state, 1, part * h, (part + 1) * h));
  return stack(parts);
}

/// h or c of states that hold both, (N, D, 2 H): as it was given, where they were just joined.
Tensor half_of(const Tensor& state, std::int64_t part, std::int64_t h) {
  const Node& made = *state.node();
  if (!made.is_leaf() && made.op->info.name == "concatenate" && made.input_count == 2)
    return made.input_tensors()[static_cast<std::size_t>(part)];
  return slice(state, 2, part * h, (part + 1) * h);
}

/// (D, N, H) of all layers as (N, layers times directions, H).
Tensor rows_first(const std::vector<Tensor>& states) {
  return transpose(states.size() == 1 ? states[0] : concatenate(states, 0), 0, 1);
}

/// (..., D, N, H) as (..., N, D H).
Tensor side_by_side(const Tensor& x) {
  const int axis = x.ndim() - 3;
  std::vector<std::int64_t> sizes(x.shape().begin(), x.shape().end() - 3);
  sizes.push_back(x.shape()[axis + 1]);
  sizes.push_back(x.shape()[axis] * x.shape()[axis + 2]);
  const Tensor turned = x.shape()[axis] == 1 ? x : transpose(x, axis, axis + 1);
  return reshape(turned, Shape(std::span<const std::int64_t>(sizes)));
}

}  // namespace

WholeLayers::WholeLayers(Take take) : previous_(std::exchange(current_taker, take)) {}
WholeLayers::~WholeLayers() { current_taker = previous_; }
WholeLayers::Take WholeLayers::taker() { return current_taker; }

Handover::Handover(const Recurrent& net, CellKind kind, const Tensor& x, const Tensor& state,
                   const Tensor& lengths)
    : net_(net), layer_{.kind = kind, .x = x}, state_(state) {
  if (const auto* gru = dynamic_cast<const Gru*>(&net)) layer_.reset_after = gru->reset_after;
  if (!lengths.is_empty()) layer_.lengths = minimum(cast(lengths, i64), x.shape()[0]);
}

/// Part 0 or 1 of the states before this layer, (D, N, H).
Tensor Handover::start(const Tensor& state, std::int64_t part) const {
  const std::int64_t h = net_.hidden,
                     first = static_cast<std::int64_t>(h_.size()) * (1 + net_.options.bidirectional);
  Tensor own = state;
  if (state.shape()[2] > h) own = half_of(state, part, h);
  if (net_.options.layers > 1) own = slice(own, 1, first, first + 1 + net_.options.bidirectional);
  return transpose(own, 0, 1);
}

void Handover::add(std::span<const Tensor> said, std::span<const Tensor> last) {
  const bool has_cell = layer_.kind == CellKind::lstm;
  layer_.directions.clear();
  for (std::size_t d = 0; d < said.size(); ++d) {
    const Recurrent::Weights& own = net_.weights()[h_.size() * said.size() + d];
    WholeLayer::Weights weights{own.x.value(), own.h.value(), {}, {}};
    if (net_.options.bias) weights.bias_x = own.bias_x.value(), weights.bias_h = own.bias_h.value();
    layer_.directions.push_back(std::move(weights));
  }
  if (!state_.is_empty()) {
    layer_.h = start(state_, 0);
    if (has_cell) layer_.c = start(state_, 1);
  }
  WholeSaid computed{stack(said, 1), stacked_part(last, 0, net_.hidden), {}};
  if (has_cell) computed.c = stacked_part(last, 1, net_.hidden);
  const WholeSaid taken = WholeLayers::taker()(layer_, computed);
  h_.push_back(taken.h);
  if (has_cell) c_.push_back(taken.c);
  layer_.x = side_by_side(taken.y);
}

Ports Handover::said() const {
  const Tensor y = net_.options.last ? side_by_side(h_.back()) : transpose(layer_.x, 0, 1);
  if (c_.empty()) return {y, rows_first(h_)};
  return {y, rows_first(h_), rows_first(c_)};
}

}  // namespace chainrule::nn
