// The loop over time as a graph, step by step.
#include <vector>

#include "chainrule/ops.h"
#include "nn/recurrence.h"

namespace chainrule::nn {
namespace {

Tensor part(const Tensor& x, std::int64_t i, std::int64_t size) {
  return slice(x, -1, i * size, (i + 1) * size);
}

Tensor lstm(const Tensor& sum, const Tensor& state, std::int64_t h) {
  const Tensor i = sigmoid(part(sum, 0, h)), f = sigmoid(part(sum, 1, h));
  const Tensor g = tanh(part(sum, 2, h)), o = sigmoid(part(sum, 3, h));
  const Tensor c = f * part(state, 1, h) + i * g;
  return concatenate({o * tanh(c), c}, -1);
}

Tensor gru(const Tensor& x, const Tensor& u, const Tensor& state, std::int64_t h) {
  const Tensor r = sigmoid(part(x, 0, h) + part(u, 0, h)), z = sigmoid(part(x, 1, h) + part(u, 1, h));
  const Tensor n = tanh(part(x, 2, h) + r * part(u, 2, h));
  return (1 - z) * n + z * state;
}

Tensor step(CellKind kind, const Tensor& x, const Tensor& u, const Tensor& state, std::int64_t h) {
  switch (kind) {
    case CellKind::relu:
      return relu(x + u);
    case CellKind::lstm:
      return lstm(x + u, state, h);
    case CellKind::gru:
      return gru(x, u, state, h);
    default:
      return tanh(x + u);
  }
}

template <class Step>
Tensor all_states(const Loop& loop, Step next) {
  std::vector<Tensor> states;
  Tensor state = loop.start;
  for (std::int64_t t = 0; t < loop.x.shape()[0]; ++t) {
    state = next(select(loop.x, t), state, t);
    states.push_back(state);
  }
  return stack(states);
}

}  // namespace

Tensor recurrence_graph(CellKind kind, const Loop& loop, const Tensor& added) {
  const std::int64_t h = loop.weight.shape()[0];
  return all_states(loop, [&](const Tensor& x, const Tensor& state, std::int64_t t) {
    Tensor u = matmul(part(state, 0, h), loop.weight) + loop.bias;
    if (!added.is_empty()) u = u + select(added, t);
    return step(kind, x, u, state, h);
  });
}

Tensor reset_before_graph(const Loop& loop) {
  const std::int64_t h = loop.weight.shape()[0];
  const Tensor of_gates = slice(loop.weight, 1, 0, 2 * h), of_new = part(loop.weight, 2, h);
  return all_states(loop, [&](const Tensor& x, const Tensor& state, std::int64_t) {
    const Tensor gates =
        sigmoid(slice(x, -1, 0, 2 * h) + matmul(state, of_gates) + slice(loop.bias, 0, 0, 2 * h));
    const Tensor r = part(gates, 0, h), z = part(gates, 1, h);
    const Tensor n = tanh(part(x, 2, h) + matmul(r * state, of_new) + part(loop.bias, 2, h));
    return (1 - z) * n + z * state;
  });
}

}  // namespace chainrule::nn
