#pragma once

#include <cstdint>

#include "chainrule/tensor.h"

// The loop over time inside recurrent layers, as one operation: a graph of a node for each product and gate
// of each step would cost more to build and to move through than to compute.
namespace chainrule::nn {

/// What a step computes from the input's part x = x_t W_x + b_x and u = h W_h + b_h, gate by gate, each of H
/// numbers:
enum class CellKind : std::uint8_t {
  tanh,  ///< h' = tanh(x + u)   (Elman 1990)
  relu,  ///< h' = relu(x + u)
  /// Gates i, f, g, o: c' = sigmoid(f) c + sigmoid(i) tanh(g), h' = sigmoid(o) tanh(c')   (Hochreiter and
  /// Schmidhuber 1997, with Gers' forget gate of 2000)
  lstm,
  /// Gates r, z, n: h' = (1 - z) n + z h with r and z sigmoids of their sums, n = tanh(x_n + r u_n)   (Cho et
  /// al. 2014, with the reset after the product)
  gru,
};

/// Parts of H numbers of x and u in a step.
constexpr std::int64_t gates_of(CellKind kind) {
  return kind == CellKind::lstm ? 4 : kind == CellKind::gru ? 3 : 1;
}
/// Parts of H numbers that a step hands on: h, and c of an LSTM.
constexpr std::int64_t parts_of(CellKind kind) { return kind == CellKind::lstm ? 2 : 1; }

/// What a loop runs on. T steps, N rows, H units, G gates, P parts of the state.
struct Loop {
  Tensor x;       ///< (T, N, G H): the input's part of each step
  Tensor start;   ///< (N, P H): the state before the first step, h first
  Tensor weight;  ///< (H, G H)
  Tensor bias;    ///< (G H)
};

/// All states (T, N, P H); in f64 if one of the tensors is.
Tensor recurrence(CellKind kind, const Loop& loop);

/// The same as a graph of the operations that there are: the definition, which derivatives of second order
/// follow from.
/// @param added  (T, N, G H), added to u, or empty.
Tensor recurrence_graph(CellKind kind, const Loop& loop, const Tensor& added = {});

/// The GRU of the first paper: n = tanh(x_n + (r h) W_n + b_n), the reset before the product.
Tensor reset_before_graph(const Loop& loop);

}  // namespace chainrule::nn
