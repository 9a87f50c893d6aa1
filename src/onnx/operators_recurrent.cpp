// Recurrent nets: RNN, GRU, LSTM, one direction after the other, step by step.
#include <algorithm>
#include <cctype>

#include "core/text.h"
#include "onnx/numbers.h"

namespace chainrule::onnx {
namespace {

struct Activation {
  std::string name;
  double alpha = 0, beta = 0;

  Tensor operator()(const Tensor& x) const {
    if (name == "sigmoid") return sigmoid(x);
    if (name == "tanh") return tanh(x);
    if (name == "relu") return relu(x);
    if (name == "affine") return alpha * x + beta;
    if (name == "leakyrelu") return leaky_relu(x, alpha);
    if (name == "thresholdedrelu") return where(x > alpha, x, 0);
    if (name == "scaledtanh") return alpha * tanh(beta * x);
    if (name == "hardsigmoid") return hard_sigmoid(x, alpha, beta);
    if (name == "elu") return elu(x, alpha);
    if (name == "softsign") return softsign(x);
    return softplus(x);
  }
};

/// The activations of each direction, in order.
std::vector<Activation> activations_of(const Call& c, const std::vector<std::string>& usual,
                                       std::size_t directions) {
  std::vector<std::string> names = c.texts("activations");
  const std::vector<double> alphas = c.numbers("activation_alpha"), betas = c.numbers("activation_beta");
  if (names.empty()) {
    for (std::size_t d = 0; d < directions; ++d) names.insert(names.end(), usual.begin(), usual.end());
  }
  if (names.size() != usual.size() * directions)
    throw c.error(cat("needs ", usual.size(), " activations a direction."));
  std::vector<Activation> all;
  std::size_t alpha = 0, beta = 0;
  for (std::string name : names) {
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char ch) { return static_cast<char>(std::tolower(ch)); });
    Activation a{name};
    const auto next = [](const std::vector<double>& list, std::size_t& at, double other) {
      return at < list.size() ? list[at++] : other;
    };
    if (name == "affine" || name == "scaledtanh") {
      a.alpha = next(alphas, alpha, 1), a.beta = next(betas, beta, name == "affine" ? 0 : 1);
    } else if (name == "leakyrelu") {
      a.alpha = next(alphas, alpha, 0.01);
    } else if (name == "thresholdedrelu" || name == "elu") {
      a.alpha = next(alphas, alpha, 1);
    } else if (name == "hardsigmoid") {
      a.alpha = next(alphas, alpha, 0.2), a.beta = next(betas, beta, 0.5);
    } else if (name != "sigmoid" && name != "tanh" && name != "relu" && name != "softsign" &&
               name != "softplus") {
      throw c.error("activation \"" + name + "\" is not known.");
    }
    all.push_back(std::move(a));
  }
  return all;
}

/// What one direction works with. `wx` is x W^T + Wb, for all steps.
struct Direction {
  Tensor w, r, wb, rb, h, cell, peep;
  std::span<const Activation> f;
  double clip = 0;

  Tensor held(const Tensor& x) const { return clip > 0 ? chainrule::clip(x, -clip, clip) : x; }
  Tensor gate(const Tensor& x, std::int64_t i) const {
    const std::int64_t hidden = r.shape()[1];
    return slice(x, x.ndim() - 1, i * hidden, (i + 1) * hidden);
  }
  Tensor peephole(std::int64_t i) const { return gate(peep, i); }
};

using StepFunction = void (*)(Direction& d, const Tensor& wx, const Call& c);

void rnn_step(Direction& d, const Tensor& wx, const Call&) {
  d.h = d.f[0](d.held(wx + matmul(d.h, transpose(d.r)) + d.rb));
}

void lstm_step(Direction& d, const Tensor& wx, const Call& c) {
  const Tensor all = wx + matmul(d.h, transpose(d.r)) + d.rb;  // i, o, f, c
  const bool peeps = !d.peep.is_empty();
  const auto gate = [&](std::int64_t i, std::int64_t peep, const Tensor& cell) {
    const Tensor x = d.gate(all, i);
    return d.f[0](d.held(peeps ? x + d.peephole(peep) * cell : x));
  };
  const Tensor i = gate(0, 0, d.cell);
  const Tensor f = c.flag("input_forget") ? 1 - i : gate(2, 2, d.cell);
  const Tensor candidate = d.f[1](d.held(d.gate(all, 3)));
  d.cell = f * d.cell + i * candidate;
  d.h = gate(1, 1, d.cell) * d.f[2](d.cell);
}

void gru_step(Direction& d, const Tensor& wx, const Call& c) {
  const std::int64_t hidden = d.r.shape()[1];
  const Tensor r_t = transpose(d.r);
  if (c.flag("linear_before_reset")) {
    const Tensor rh = matmul(d.h, r_t) + d.rb;
    const Tensor z = d.f[0](d.held(d.gate(wx, 0) + d.gate(rh, 0))),
                 r = d.f[0](d.held(d.gate(wx, 1) + d.gate(rh, 1)));
    const Tensor n = d.f[1](d.held(d.gate(wx, 2) + r * d.gate(rh, 2)));
    d.h = (1 - z) * n + z * d.h;
    return;
  }
  const Tensor rh = matmul(d.h, slice(r_t, 1, 0, 2 * hidden)) + slice(d.rb, 0, 0, 2 * hidden);
  const Tensor z = d.f[0](d.held(d.gate(wx, 0) + d.gate(rh, 0))),
               r = d.f[0](d.held(d.gate(wx, 1) + d.gate(rh, 1)));
  const Tensor n = d.f[1](d.held(d.gate(wx, 2) + matmul(r * d.h, slice(r_t, 1, 2 * hidden, 3 * hidden)) +
                                 slice(d.rb, 0, 2 * hidden, 3 * hidden)));
  d.h = (1 - z) * n + z * d.h;
}

struct Kind {
  std::int64_t gates;
  std::vector<std::string> activations;
  StepFunction step;
  bool has_cell;
};

/// The outputs of one direction at each step, (T, N, H); d keeps the last ones.
Tensor run_direction(const Call& c, const Kind& kind, Direction& d, const Tensor& x, bool backwards) {
  const std::int64_t steps = x.shape()[0];
  const Tensor wx = matmul(x, transpose(d.w)) + d.wb;
  const Tensor lengths = c.has(4) ? expand_dims(c[4], 1) : Tensor();
  Tensors outputs(static_cast<std::size_t>(steps));
  for (std::int64_t s = 0; s < steps; ++s) {
    const std::int64_t t = backwards ? steps - 1 - s : s;
    const Tensor h = d.h, cell = d.cell;
    kind.step(d, select(wx, t), c);
    Tensor output = d.h;
    if (!lengths.is_empty()) {  // behind a sequence's end nothing happens
      const Tensor alive = lengths > t;
      output = where(alive, d.h, 0);
      d.h = where(alive, d.h, h);
      if (kind.has_cell) d.cell = where(alive, d.cell, cell);
    }
    outputs[static_cast<std::size_t>(t)] = output;
  }
  return stack(outputs);
}

Tensors recurrent(const Call& c, const Kind& kind) {
  const bool batch_first = c.flag("layout");
  const Tensor x = batch_first ? transpose(c[0], 0, 1) : c[0];
  if (x.ndim() != 3 || x.shape()[0] < 1 || c[1].ndim() != 3 || c[2].ndim() != 3)
    throw c.error("needs x (T, N, I), W (D, GH, I) and R (D, GH, H).");
  const std::string direction = c.text("direction", "forward");
  if (direction != "forward" && direction != "reverse" && direction != "bidirectional")
    throw c.error("direction \"" + direction + "\"; need forward, reverse or bidirectional.");
  const std::size_t directions = direction == "bidirectional" ? 2 : 1;
  const std::int64_t batch = x.shape()[1], hidden = c[2].shape()[2], width = kind.gates * hidden;
  if (c[1].shape()[0] != static_cast<std::int64_t>(directions) ||
      c[2].shape() != Shape{c[1].shape()[0], width, hidden})
    throw c.error(cat("W ", c[1].shape(), " and R ", c[2].shape(), " do not fit."));
  const std::vector<Activation> f = activations_of(c, kind.activations, directions);
  const auto start = [&](std::size_t input, std::size_t i) {
    if (!c.has(input)) return zeros({batch, hidden}, x.dtype());
    return select(c[input], static_cast<std::int64_t>(i), batch_first ? 1 : 0);
  };
  Tensors outputs, last_h, last_c;
  for (std::size_t i = 0; i < directions; ++i) {
    const auto at = static_cast<std::int64_t>(i);
    const Tensor bias = c.has(3) ? select(c[3], at) : zeros({2 * width}, x.dtype());
    Direction d{select(c[1], at),
                select(c[2], at),
                slice(bias, 0, 0, width),
                slice(bias, 0, width, 2 * width),
                start(5, i),
                kind.has_cell ? start(6, i) : Tensor(),
                kind.has_cell && c.has(7) ? select(c[7], at) : Tensor(),
                std::span(f).subspan(i * kind.activations.size(), kind.activations.size()),
                c.number("clip", 0)};
    outputs.push_back(run_direction(c, kind, d, x, i == 1 || direction == "reverse"));
    last_h.push_back(d.h);
    if (kind.has_cell) last_c.push_back(d.cell);
  }
  Tensor y = stack(outputs, 1);  // (T, D, N, H)
  if (batch_first) y = permute(y, {2, 0, 1, 3});
  const int at = batch_first ? 1 : 0;
  Tensors results{y, stack(last_h, at)};
  if (kind.has_cell) results.push_back(stack(last_c, at));
  return results;
}

Tensors rnn(const Call& c) { return recurrent(c, {1, {"Tanh"}, rnn_step, false}); }
Tensors gru(const Call& c) { return recurrent(c, {3, {"Sigmoid", "Tanh"}, gru_step, false}); }
Tensors lstm(const Call& c) { return recurrent(c, {4, {"Sigmoid", "Tanh", "Tanh"}, lstm_step, true}); }

constexpr Operator kRows[] = {
    {"GRU", 3, 6, gru, 0b10000},
    {"LSTM", 3, 8, lstm, 0b10000},
    {"RNN", 3, 6, rnn, 0b10000},
};

}  // namespace

std::span<const Operator> recurrent_operators() { return kRows; }

}  // namespace chainrule::onnx
