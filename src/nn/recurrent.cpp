#include "chainrule/nn/recurrent.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "chainrule/error.h"
#include "chainrule/ops.h"
#include "chainrule/random_tensor.h"
#include "core/text.h"
#include "graph/node.h"
#include "nn/recurrence.h"
#include "nn/sequences.h"
#include "nn/whole_layers.h"
#include "ops/internal.h"
#include "ops/op.h"

namespace chainrule::nn {
namespace {

constexpr std::string_view kActivations[] = {"tanh", "relu"};

/// What lengths say, for sequences with the steps first.
struct Ends {
  Tensor is_real;   // (T, N, 1): whether a step is one of its sequence
  Tensor mirrored;  // (T, N, 1): the step that stands there when each sequence is turned round
  Tensor last;      // (1, N, 1): the last real step
  Tensor is_empty;  // (N, 1): whether there is none

  Ends(const Tensor& lengths, std::int64_t steps) {
    const Tensor count = reshape(minimum(cast(lengths, i64), steps), {1, -1, 1});
    const Tensor step = reshape(arange(steps), {-1, 1, 1});
    is_real = step < count;
    mirrored = where(is_real, count - 1 - step, step);
    last = maximum(count - 1, 0);
    is_empty = reshape(count <= 0, {-1, 1});
  }
};

Tensor turned(const Tensor& x, const Ends* ends) {
  return ends == nullptr ? flip(x, 0) : take_along_axis(x, ends->mirrored, 0);
}

Tensor last_state(const Tensor& states, const Tensor& start, const Ends* ends) {
  if (ends == nullptr) return select(states, states.shape()[0] - 1);
  return where(ends->is_empty, start, select(take_along_axis(states, ends->last, 0), 0));
}

Tensor steps_first(const Tensor& x) { return transpose(x, 0, 1); }

}  // namespace

Recurrent::Recurrent(const Recurrent& other)
    : Layer(other), hidden(other.hidden), options(other.options), weights_(other.made()) {}

Recurrent& Recurrent::operator=(const Recurrent& other) {
  Layer::operator=(other);
  hidden = other.hidden;
  options = other.options;
  weights_ = other.made();
  return *this;
}

std::vector<Recurrent::Weights>& Recurrent::made() const {
  const std::int64_t layers = std::clamp<std::int64_t>(options.layers, 0, kMostLayers);
  const auto count = static_cast<std::size_t>(layers * directions());
  if (weights_.size() != count) weights_.resize(count);
  return weights_;
}

void Recurrent::shared_fields(Fields& f) {
  f("hidden", hidden, "units of a layer", at_least(1));
  f("layers", options.layers, "layers, one over another", between(1, kMostLayers));
  f("bidirectional", options.bidirectional, "whether a second loop reads from the last step to the first");
  f("dropout", options.dropout, "in training, probability that a number between layers is left out",
    fraction());
  f("bias", options.bias, "whether b_x and b_h are added");
  f("last", options.last, "whether y is what the last step says alone, (N, hidden)");
}

void Recurrent::members(Members& m) {
  std::vector<Weights>& all = made();
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto two = static_cast<std::size_t>(directions());
    const auto name = [&](const char* what) { return cat(i % two == 1 ? "back_" : "", what, i / two + 1); };
    m(name("weight_x"), all[i].x);
    m(name("weight_h"), all[i].h);
    if (!options.bias) continue;
    m(name("bias_x"), all[i].bias_x);
    m(name("bias_h"), all[i].bias_h);
  }
}

namespace {

/// A bias with a first value for each gate.
struct OfGates {
  static constexpr Info kInfo{.name = "of_gates", .doc = "A number for each gate."};
  std::vector<double> numbers;
  Tensor make(const Shape& shape, Fans, const RandomKey&) const {
    const Shape each{static_cast<std::int64_t>(numbers.size()), 1};
    return reshape(broadcast_to(from_data(numbers, each), {each[0], shape[0] / each[0]}), shape);
  }
};

}  // namespace

void Recurrent::init(Init& init) {
  std::int64_t features = init.size(2);
  const std::int64_t gates = gates_of(cell());
  Members names;
  members(names);
  std::size_t at = 0;
  const auto fill = [&](const AnyInitializer& how, std::int64_t rows) {
    const Members::Member& member = names.all()[at++];
    const Shape shape = rows > 0 ? Shape{rows, gates * hidden} : Shape{gates * hidden};
    init(member.name, *member.parameter, shape, how, {.in = rows, .out = hidden});
  };
  OfGates first;
  for (std::int64_t gate = 0; gate < gates; ++gate) first.numbers.push_back(first_bias(gate));
  for (std::size_t i = 0; i < weights_.size(); ++i) {
    fill(options.weight_init, i < static_cast<std::size_t>(directions()) ? features : hidden * directions());
    fill(options.weight_init, hidden);
    if (!options.bias) continue;
    fill(first, 0);
    fill(Zeros{}, 0);
  }
}

Tensor Recurrent::checked_state(const Tensor& state, const Tensor& x, std::string_view name) const {
  check_sequence(kind(), x);
  const Shape expected{x.shape()[0], options.layers * directions(), hidden};
  if (state.is_empty() || state.shape() == expected) return state;
  throw ShapeError(
      442, cat("[", kind(), "] ", name, " is ", state.shape(), "; need ", expected,
               ": sequences, layers times directions, hidden units.", OriginScope::current({}).to_string()));
}

void Recurrent::check_lengths(const Tensor& lengths, const Tensor& x) const {
  if (lengths.dtype() != i64 && lengths.dtype() != u8) {
    throw DTypeError(443, cat("[", kind(), "] lengths are ", name_of(lengths.dtype()),
                              "; need whole numbers, i64 or u8.", OriginScope::current({}).to_string()));
  }
  if (lengths.shape() == Shape{x.shape()[0]}) return;
  throw ShapeError(442, cat("[", kind(), "] lengths are ", lengths.shape(), "; need ", Shape{x.shape()[0]},
                            ": one a sequence.", OriginScope::current({}).to_string()));
}

Tensor Recurrent::unroll(const Loop& loop) const { return recurrence(cell(), loop); }

Ports Recurrent::read(const Tensor& x, const Tensor& state, const Tensor& given_lengths, Pass& pass) const {
  const std::int64_t rows = x.shape()[0], units = parts_of(cell()) * hidden;
  std::vector<Ends> given;
  Tensor lengths;
  if (!given_lengths.is_empty()) {
    check_lengths(given_lengths, x);
    const OpScope scope(kind(), OriginScope::current({}).where);
    lengths = check_range(cast(given_lengths, i64), 0, INFINITY, Bounded::length);
    given.emplace_back(lengths, x.shape()[1]);
  }
  const Ends* ends = given.empty() ? nullptr : given.data();
  const auto only_real = [&](const Tensor& of) { return ends == nullptr ? of : where(ends->is_real, of, 0); };
  Tensor y = only_real(steps_first(x));
  std::optional<Handover> whole;
  if (WholeLayers::taker() != nullptr && !pass.is_training())
    whole.emplace(*this, cell(), steps_first(x), state, lengths);
  const std::vector<Weights>& all = weights();
  std::vector<Tensor> said, last;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const bool is_back = options.bidirectional && i % 2 == 1;
    Loop loop;
    loop.x = linear(is_back ? turned(y, ends) : y, all[i].x, options.bias ? all[i].bias_x.value() : Tensor());
    loop.start =
        state.is_empty()
            ? zeros({rows, units}, x.dtype())
            : reshape(slice(state, 1, static_cast<std::int64_t>(i), static_cast<std::int64_t>(i) + 1),
                      {rows, units});
    loop.weight = all[i].h;
    loop.bias = options.bias ? all[i].bias_h.value() : zeros({gates_of(cell()) * hidden}, x.dtype());
    const Tensor found = unroll(loop);
    last.push_back(last_state(found, loop.start, ends));
    const Tensor h = units == hidden ? found : slice(found, 2, 0, hidden);
    said.push_back(is_back ? turned(h, ends) : h);
    if (options.bidirectional && !is_back) continue;
    if (whole) {
      for (Tensor& each : said) each = only_real(each);
      whole->add(said, std::span(last).last(said.size()));
    }
    y = only_real(said.size() == 1 ? said[0] : concatenate(said, 2));
    said.clear();
    if (i + 1 < all.size() && options.dropout > 0 && pass.is_training())
      y = dropout(y, options.dropout, pass.key());
  }
  if (whole) return whole->said();
  if (!options.last) return {steps_first(y), stack(last, 1)};
  for (std::size_t i = all.size() - static_cast<std::size_t>(directions()); i < all.size(); ++i) {
    said.push_back(slice(last[i], 1, 0, hidden));
  }
  return {concatenate(said, 1), stack(last, 1)};
}

void Rnn::fields(Fields& f) {
  shared_fields(f);
  f("activation", activation, kActivations, "of the sum");
  f("weight_init", options.weight_init.handle(), "first values of weights; biases start at 0");
}

CellKind Rnn::cell() const { return activation == Activation::relu ? CellKind::relu : CellKind::tanh; }

Ports Rnn::compute(const Inputs& in, Pass& pass) const {
  return read(in[0], checked_state(in[1], in[0], "h"), in[2], pass);
}

void Lstm::fields(Fields& f) {
  shared_fields(f);
  f("forget_bias", forget_bias, "where the forget gates' bias starts");
  f("weight_init", options.weight_init.handle(), "first values of weights; other biases start at 0");
}

CellKind Lstm::cell() const { return CellKind::lstm; }

Ports Lstm::compute(const Inputs& in, Pass& pass) const {
  const Tensor &x = in[0], h = checked_state(in[1], x, "h"), c = checked_state(in[2], x, "c");
  Tensor state;
  if (!h.is_empty() || !c.is_empty()) {
    const Tensor& given = h.is_empty() ? c : h;
    const Tensor none = zeros(given.shape(), given.dtype());
    state = concatenate({h.is_empty() ? none : h, c.is_empty() ? none : c}, 2);
  }
  const Ports found = read(x, state, in[3], pass);
  if (found.size() == 3) return found;  // it was handed over
  return {found[0], slice(found[1], 2, 0, hidden), slice(found[1], 2, hidden, 2 * hidden)};
}

void Gru::fields(Fields& f) {
  shared_fields(f);
  f("reset_after", reset_after, "whether r is multiplied after the product");
  f("weight_init", options.weight_init.handle(), "first values of weights; biases start at 0");
}

CellKind Gru::cell() const { return CellKind::gru; }

Tensor Gru::unroll(const Loop& loop) const {
  return reset_after ? recurrence(CellKind::gru, loop) : reset_before_graph(loop);
}

Ports Gru::compute(const Inputs& in, Pass& pass) const {
  return read(in[0], checked_state(in[1], in[0], "h"), in[2], pass);
}

Rnn::Rnn(std::int64_t units, RecurrentOptions more, Activation a) : activation(a) {
  hidden = units;
  options = std::move(more);
}

Lstm::Lstm(std::int64_t units, RecurrentOptions more, double forget) : forget_bias(forget) {
  hidden = units;
  options = std::move(more);
}

Gru::Gru(std::int64_t units, RecurrentOptions more, bool after) : reset_after(after) {
  hidden = units;
  options = std::move(more);
}

}  // namespace chainrule::nn
