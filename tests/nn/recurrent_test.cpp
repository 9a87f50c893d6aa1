// Recurrent layers against plain loops by the formulas of the papers, in the form that PyTorch has: gates i,
// f, g, o of an LSTM and r, z, n of a GRU (https://docs.pytorch.org/docs/stable/generated/torch.nn.LSTM.html
// and torch.nn.GRU.html).
#include <gtest/gtest.h>

#include <cmath>

#include "chainrule/grad.h"
#include "chainrule/nn.h"
#include "chainrule/op.h"
#include "chainrule/ops.h"
#include "chainrule/random_tensor.h"
#include "nn/recurrence.h"

namespace chainrule::nn {
namespace {

using Vector = std::vector<double>;

constexpr std::int64_t kRows = 3, kSteps = 5, kFeatures = 4, kUnits = 3;

double logistic(double x) { return 1 / (1 + std::exp(-x)); }

/// v W + b.
Vector product(const Vector& v, const Tensor& weight, const Tensor& bias) {
  const std::int64_t columns = weight.shape()[1];
  const Vector w = weight.to_vector(), b = bias.to_vector();
  Vector y = b;
  for (std::size_t i = 0; i < v.size(); ++i) {
    for (std::int64_t j = 0; j < columns; ++j)
      y[static_cast<std::size_t>(j)] +=
          v[i] * w[i * static_cast<std::size_t>(columns) + static_cast<std::size_t>(j)];
  }
  return y;
}

struct CellState {
  Vector h, c;
};

/// One step on one row.
CellState step(const std::string& kind, const Vector& x, const CellState& before,
               const Recurrent::Weights& weights) {
  const Vector a = product(x, weights.x, weights.bias_x), u = product(before.h, weights.h, weights.bias_h);
  const std::size_t n = before.h.size();
  CellState after{Vector(n), Vector(n)};
  for (std::size_t j = 0; j < n; ++j) {
    const auto sum = [&](std::size_t gate) { return a[gate * n + j] + u[gate * n + j]; };
    if (kind == "rnn") after.h[j] = std::tanh(sum(0));
    if (kind == "relu") after.h[j] = std::max(0.0, sum(0));
    if (kind == "lstm") {
      const double i = logistic(sum(0)), f = logistic(sum(1)), g = std::tanh(sum(2)), o = logistic(sum(3));
      after.c[j] = f * before.c[j] + i * g;
      after.h[j] = o * std::tanh(after.c[j]);
    }
    if (kind == "gru") {
      const double r = logistic(sum(0)), z = logistic(sum(1));
      const double fresh = std::tanh(a[2 * n + j] + r * u[2 * n + j]);
      after.h[j] = (1 - z) * fresh + z * before.h[j];
    }
  }
  if (kind == "gru_before") {
    Vector r(n);
    for (std::size_t j = 0; j < n; ++j) r[j] = logistic(a[j] + u[j]) * before.h[j];
    const Vector reset = product(r, weights.h, weights.bias_h);
    for (std::size_t j = 0; j < n; ++j) {
      const double z = logistic(a[n + j] + u[n + j]), fresh = std::tanh(a[2 * n + j] + reset[2 * n + j]);
      after.h[j] = (1 - z) * fresh + z * before.h[j];
    }
  }
  return after;
}

Tensor drawn(const Shape& shape, std::uint64_t step) {
  return detach(normal(shape, {.seed = 3, .step = step}, 0, 1, f64));
}

/// The layer of a kind, built, with biases that are not 0.
Shared<Recurrent> make(const std::string& kind, RecurrentOptions options = {}) {
  Shared<Recurrent> layer;
  if (kind == "lstm") layer = Shared<Recurrent>(new Lstm(kUnits, options));
  if (kind == "gru") layer = Shared<Recurrent>(new Gru(kUnits, options));
  if (kind == "gru_before") layer = Shared<Recurrent>(new Gru(kUnits, options, false));
  if (kind == "rnn") layer = Shared<Recurrent>(new Rnn(kUnits, options));
  if (kind == "relu") layer = Shared<Recurrent>(new Rnn(kUnits, options, Rnn::Activation::relu));
  layer->build(zeros({1, 1, kFeatures}, f64));
  std::uint64_t number = 50;
  for (NamedParameter& p : layer->parameters()) {
    p.parameter.set_value(p.parameter.value() + 0.3 * drawn(p.parameter.value().shape(), ++number));
  }
  return layer;
}

/// Inputs in the order of the layer's ports.
Ports run(const Recurrent& layer, const Tensor& x, const Tensor& h = {}, const Tensor& c = {},
          const Tensor& lengths = {}) {
  return layer.kind() == "lstm" ? layer.predict_all({x, h, c, lengths}) : layer.predict_all({x, h, lengths});
}

void expect_near(const Tensor& found, const Vector& expected, const std::string& what) {
  const Vector numbers = found.to_vector();
  ASSERT_EQ(numbers.size(), expected.size()) << what;
  for (std::size_t i = 0; i < numbers.size(); ++i) EXPECT_NEAR(numbers[i], expected[i], 1e-12) << what << i;
}

class RecurrentValues : public ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Cells, RecurrentValues,
                         ::testing::Values("rnn", "relu", "lstm", "gru", "gru_before"),
                         [](const auto& row) { return std::string(row.param); });

TEST_P(RecurrentValues, AreThoseOfTheFormula) {
  const Shared<Recurrent> layer = make(GetParam());
  const Tensor x = drawn({kRows, kSteps, kFeatures}, 1);
  const Tensor h0 = drawn({kRows, 1, kUnits}, 2), c0 = drawn({kRows, 1, kUnits}, 3);
  const Ports found = run(*layer, x, h0, c0);
  Vector y, h, c;
  for (std::int64_t row = 0; row < kRows; ++row) {
    CellState state{select(h0, row).to_vector(), select(c0, row).to_vector()};
    for (std::int64_t t = 0; t < kSteps; ++t) {
      state = step(GetParam(), select(select(x, row), t).to_vector(), state, layer->weights()[0]);
      y.insert(y.end(), state.h.begin(), state.h.end());
    }
    h.insert(h.end(), state.h.begin(), state.h.end());
    c.insert(c.end(), state.c.begin(), state.c.end());
  }
  expect_near(found[0], y, "y ");
  expect_near(found[1], h, "h ");
  if (found.size() == 3) expect_near(found[2], c, "c ");
}

// What is beyond the end of a sequence has no influence, whatever it is.
TEST_P(RecurrentValues, OfShortSequencesAreThoseOfEachAlone) {
  const Shared<Recurrent> layer = make(GetParam(), {.layers = 2, .bidirectional = true});
  const std::vector<std::int64_t> lengths{5, 0, 2};
  const Tensor h0 = drawn({kRows, 4, kUnits}, 2), c0 = drawn({kRows, 4, kUnits}, 3);
  const Tensor of_lengths = from_data(lengths, {kRows});
  const Tensor is_real = arange(kSteps) < reshape(of_lengths, {-1, 1});
  const Tensor x = where(expand_dims(is_real, -1), drawn({kRows, kSteps, kFeatures}, 1), NAN);
  const Ports found = run(*layer, x, h0, c0, of_lengths);
  for (std::int64_t row = 0; row < kRows; ++row) {
    const auto only = [&](const Tensor& of) { return slice(of, 0, row, row + 1); };
    const std::int64_t length = lengths[static_cast<std::size_t>(row)];
    Vector y(static_cast<std::size_t>(kSteps * 2 * kUnits));
    if (length == 0) {
      expect_near(only(found[1]), only(h0).to_vector(), "h ");
    } else {
      const Ports alone = run(*layer, slice(only(x), 1, 0, length), only(h0), only(c0));
      const Vector real = alone[0].to_vector();
      std::copy(real.begin(), real.end(), y.begin());
      expect_near(only(found[1]), alone[1].to_vector(), "h ");
      if (found.size() == 3) expect_near(only(found[2]), alone[2].to_vector(), "c ");
    }
    expect_near(only(found[0]), y, "y ");
  }
  const Tensor of_weight = grad(sum(found[0]) + sum(found[1]), layer->weights()[0].x.value());
  for (const double number : of_weight.to_vector()) EXPECT_TRUE(std::isfinite(number));
}

TEST_P(RecurrentValues, GoOnFromTheStateOfTheStepBefore) {
  const Shared<Recurrent> layer = make(GetParam(), {.layers = 2});
  const Tensor x = drawn({kRows, kSteps, kFeatures}, 1);
  const Ports whole = run(*layer, x);
  Ports state;
  std::vector<Tensor> said;
  for (std::int64_t t = 0; t < kSteps; ++t) {
    const bool is_first = state.size() == 0;
    state = run(*layer, slice(x, 1, t, t + 1), is_first ? Tensor() : state[1],
                is_first || state.size() < 3 ? Tensor() : state[2]);
    said.push_back(state[0]);
  }
  expect_near(concatenate(said, 1), whole[0].to_vector(), "y ");
  for (std::size_t i = 1; i < whole.size(); ++i) expect_near(state[i], whole[i].to_vector(), "state ");
}

/// By the definition of two directions and of layers over each other.
TEST_P(RecurrentValues, OfTwoDirectionsAreThoseOfTwoLayers) {
  const Shared<Recurrent> both = make(GetParam(), {.bidirectional = true}), one = make(GetParam());
  const Tensor x = drawn({kRows, kSteps, kFeatures}, 1);
  const Ports found = run(*both, x);
  for (std::size_t direction = 0; direction < 2; ++direction) {
    const Recurrent::Weights &from = both->weights()[direction], &to = one->weights()[0];
    Parameter(to.x).set_value(from.x.value()), Parameter(to.h).set_value(from.h.value());
    Parameter(to.bias_x).set_value(from.bias_x.value()), Parameter(to.bias_h).set_value(from.bias_h.value());
    const auto turned = [&](const Tensor& of) { return direction == 0 ? of : flip(of, 1); };
    const Ports alone = run(*one, turned(x));
    const auto at = static_cast<std::int64_t>(direction);
    expect_near(slice(found[0], 2, at * kUnits, (at + 1) * kUnits), turned(alone[0]).to_vector(), "y ");
    expect_near(slice(found[1], 1, at, at + 1), alone[1].to_vector(), "h ");
  }
}

// Of the second direction the last step is the first of the sequence.
TEST_P(RecurrentValues, OfTheLastStepAlone) {
  const Tensor x = drawn({kRows, kSteps, kFeatures}, 1);
  const Shared<Recurrent> whole = make(GetParam(), {.layers = 2, .bidirectional = true});
  const Shared<Recurrent> alone = make(GetParam(), {.layers = 2, .bidirectional = true, .last = true});
  const Tensor y = run(*whole, x)[0];
  const auto at = [&](std::int64_t step, std::int64_t direction) {
    return slice(squeeze(slice(y, 1, step, step + 1), 1), 1, direction * kUnits, (direction + 1) * kUnits);
  };
  const Ports found = run(*alone, x);
  expect_near(found[0], concatenate({at(kSteps - 1, 0), at(0, 1)}, 1).to_vector(), "y ");
  expect_near(found[1], run(*whole, x)[1].to_vector(), "h ");
}

TEST(Recurrent, NamesItsParametersAndStartsForgetGatesOpen) {
  Lstm lstm(2, {.layers = 2, .bidirectional = true});
  lstm.build(zeros({1, 1, 3}));
  std::string names;
  for (const NamedParameter& p : lstm.parameters()) names += p.name + " ";
  EXPECT_EQ(names,
            "weight_x1 weight_h1 bias_x1 bias_h1 back_weight_x1 back_weight_h1 back_bias_x1 back_bias_h1 "
            "weight_x2 weight_h2 bias_x2 bias_h2 back_weight_x2 back_weight_h2 back_bias_x2 back_bias_h2 ");
  EXPECT_EQ(lstm.parameter("weight_x2").value().shape(), (Shape{4, 8}));
  EXPECT_EQ(lstm.parameter("bias_x1").value().to_vector(), (Vector{0, 0, 1, 1, 0, 0, 0, 0}));
  EXPECT_EQ(lstm.parameter("bias_h1").value().to_vector(), Vector(8));
}

// A copy made before the layer has seen an input shares its parameters, as copies of all layers do.
TEST(Recurrent, CopiesShareParametersThatAreMadeLater) {
  const Gru first(3, {.layers = 2});
  const Gru second = first;
  first.predict(zeros({1, 2, 2}));
  EXPECT_TRUE(second.parameter("weight_h2") == first.parameter("weight_h2"));
  EXPECT_EQ(second.parameter("weight_h2").value().shape(), (Shape{3, 9}));
}

TEST(Recurrent, TakesBytesAsLengthsAndMoreThanThereIsAsAll) {
  const Shared<Recurrent> layer = make("gru");
  const Tensor x = drawn({2, kSteps, kFeatures}, 1);
  const Tensor all = run(*layer, x)[0];
  EXPECT_EQ(run(*layer, x, {}, {}, tensor({200, 5}, u8))[0].to_vector(), all.to_vector());
}

}  // namespace
}  // namespace chainrule::nn
