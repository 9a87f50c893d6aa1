// Attention and the layers of transformers against plain loops by the formulas of "Attention is all you need"
// (Vaswani et al. 2017, https://arxiv.org/abs/1706.03762).
#include <gtest/gtest.h>

#include <cmath>

#include "chainrule/grad.h"
#include "chainrule/nn.h"
#include "chainrule/normalize.h"
#include "chainrule/ops.h"
#include "chainrule/random_tensor.h"

namespace chainrule::nn {
namespace {

using Vector = std::vector<double>;

Tensor drawn(const Shape& shape, std::uint64_t step) {
  return detach(normal(shape, {.seed = 4, .step = step}, 0, 1, f64));
}

/// Of (..., n) by place.
struct Numbers {
  Vector all;
  Shape shape;
  explicit Numbers(const Tensor& x) : all(x.to_vector()), shape(x.shape()) {}
  double operator()(std::int64_t i, std::int64_t j) const {
    return all[static_cast<std::size_t>(i * shape[1] + j)];
  }
  double operator()(std::int64_t i, std::int64_t j, std::int64_t k) const {
    return all[static_cast<std::size_t>((i * shape[1] + j) * shape[2] + k)];
  }
};

/// Row (n, t) of x times W, plus b.
Vector projected(const Numbers& x, std::int64_t n, std::int64_t t, const Tensor& weight, const Tensor& bias) {
  const Numbers w(weight);
  Vector y = bias.to_vector();
  for (std::int64_t i = 0; i < w.shape[0]; ++i) {
    for (std::int64_t j = 0; j < w.shape[1]; ++j) y[static_cast<std::size_t>(j)] += x(n, t, i) * w(i, j);
  }
  return y;
}

/// softmax(q k' / sqrt(d)) v, head by head; `sees(n, t, s)` says what is seen.
template <class Sees>
Vector attended(const Attention& layer, const Tensor& query, const Tensor& key, const Tensor& value,
                Sees sees) {
  const Numbers q(query), k(key), v(value);
  const std::int64_t size = q.shape[2], d = size / layer.heads;
  Vector result;
  for (std::int64_t n = 0; n < q.shape[0]; ++n) {
    for (std::int64_t t = 0; t < q.shape[1]; ++t) {
      const Vector asks = projected(q, n, t, layer.query_weight, layer.query_bias);
      Vector mean(static_cast<std::size_t>(size));
      for (std::int64_t head = 0; head < layer.heads; ++head) {
        Vector weights;
        double total = 0;
        for (std::int64_t s = 0; s < k.shape[1]; ++s) {
          const Vector answers = projected(k, n, s, layer.key_weight, layer.key_bias);
          double score = 0;
          for (std::int64_t i = head * d; i < (head + 1) * d; ++i)
            score += asks[static_cast<std::size_t>(i)] * answers[static_cast<std::size_t>(i)];
          weights.push_back(sees(n, t, s) ? std::exp(score / std::sqrt(static_cast<double>(d))) : 0);
          total += weights.back();
        }
        for (std::int64_t s = 0; s < k.shape[1] && total > 0; ++s) {
          const Vector says = projected(v, n, s, layer.value_weight, layer.value_bias);
          for (std::int64_t i = head * d; i < (head + 1) * d; ++i)
            mean[static_cast<std::size_t>(i)] +=
                weights[static_cast<std::size_t>(s)] / total * says[static_cast<std::size_t>(i)];
        }
      }
      const Vector y =
          projected(Numbers(from_data(mean, {1, 1, size})), 0, 0, layer.output_weight, layer.output_bias);
      result.insert(result.end(), y.begin(), y.end());
    }
  }
  return result;
}

void expect_near(const Tensor& found, const Vector& expected) {
  const Vector numbers = found.to_vector();
  ASSERT_EQ(numbers.size(), expected.size());
  for (std::size_t i = 0; i < numbers.size(); ++i) EXPECT_NEAR(numbers[i], expected[i], 1e-12) << i;
}

void move_biases(const Layer& layer) {
  std::uint64_t number = 70;
  for (NamedParameter& p : layer.parameters())
    p.parameter.set_value(p.parameter.value() + 0.3 * drawn(p.parameter.value().shape(), ++number));
}

constexpr auto kAll = [](std::int64_t, std::int64_t, std::int64_t) { return true; };

TEST(Attention, OfASequenceToItselfIsThePapersFormula) {
  const Tensor x = drawn({2, 4, 6}, 1);
  for (const bool is_causal : {false, true}) {
    Attention layer(3, {.causal = is_causal});
    layer.build(x);
    move_biases(layer);
    const auto sees = [&](std::int64_t, std::int64_t t, std::int64_t s) { return !is_causal || s <= t; };
    expect_near(layer.predict(x), attended(layer, x, x, x, sees));
  }
}

TEST(Attention, ToAnotherSequenceWithAMask) {
  const Tensor query = drawn({2, 3, 4}, 1), key = drawn({2, 5, 2}, 2), value = drawn({2, 5, 3}, 3);
  Attention layer(2);
  layer.build({query, key, value});
  move_biases(layer);
  expect_near(layer.predict_all({query, key, value})[0], attended(layer, query, key, value, kAll));
  // Sequence 1 sees nothing at all.
  const Tensor mask = tensor({1, 0, 1, 1, 0, 0, 0, 0, 0, 0}, {2, 1, 5}, i64);
  const auto sees = [](std::int64_t n, std::int64_t, std::int64_t s) { return n == 0 && s != 1 && s != 4; };
  const Ports found = layer.predict_all({query, key, value, mask});
  expect_near(found[0], attended(layer, query, key, value, sees));
  EXPECT_EQ(found[1].shape(), (Shape{2, 2, 3, 5}));
  const Vector sums = sum(found[1], -1).to_vector();
  for (std::size_t i = 0; i < sums.size(); ++i) EXPECT_NEAR(sums[i], i < 6 ? 1 : 0, 1e-12);
  EXPECT_EQ(found[0].to_vector(), layer.predict_all({query, key, value, not_equal(mask, 0)})[0].to_vector());
}

// A step that the mask hides from itself sees nothing: not what is still to come.
TEST(Attention, CausalWithAMaskSeesNothingOfTheFuture) {
  const Tensor x = drawn({1, 3, 2}, 1), mask = tensor({0, 1, 1}, {1, 3}, u8);
  Attention layer(1, {.causal = true});
  layer.build(x);
  const auto sees = [](std::int64_t, std::int64_t t, std::int64_t s) { return s <= t && s != 0; };
  expect_near(layer.predict_all({x, {}, {}, mask})[0], attended(layer, x, x, x, sees));
}

TEST(Attention, FloatingMasksAreAdded) {
  const Tensor x = drawn({1, 3, 2}, 1);
  const Attention layer(1);
  layer.predict(x);
  const Tensor added =
      where(tensor({1, 0, 1, 1, 1, 0, 0, 1, 1}, {3, 3}, i64) > 0, zeros({3, 3}, f64), -INFINITY);
  EXPECT_EQ(layer.predict_all({x, {}, {}, added})[0].to_vector(),
            layer.predict_all({x, {}, {}, equal(added, 0)})[0].to_vector());
}

// What numbers hide stays hidden, as by a mask of yes and no: a step that sees nothing has no weights,
// neither of the future nor of what it is not to see.
TEST(Attention, NumbersThatHideAreAsAMaskOfYesAndNo) {
  const Tensor x = drawn({2, 4, 2}, 1), sees = tensor({0, 1, 1, 0, 0, 0, 0, 0}, {2, 1, 4}, i64);
  for (const bool causal : {false, true}) {
    const Attention layer(1, {.causal = causal});
    layer.predict(x);
    const Ports expected = layer.predict_all({x, {}, {}, sees});
    for (const double hidden : {-HUGE_VAL, -3e38, -1e30}) {
      const Tensor numbers = where(sees > 0, zeros({2, 1, 4}, f64), hidden);
      const Ports found = layer.predict_all({x, {}, {}, numbers});
      EXPECT_EQ(found[0].to_vector(), expected[0].to_vector()) << hidden;
      EXPECT_EQ(found[1].to_vector(), expected[1].to_vector()) << hidden;
    }
  }
}

// The last step that asks stands beside the last one that is seen, as when steps are asked one after another.
TEST(Attention, CausalWithFewerQueriesIsTheEndOfAllOfThem) {
  const Tensor x = drawn({2, 5, 4}, 1);
  const Attention layer(2, {.causal = true});
  const Tensor whole = layer.predict(x);
  const Tensor end = layer.predict_all({slice(x, 1, 3, 5), x})[0];
  expect_near(end, slice(whole, 1, 3, 5).to_vector());
}

TEST(TransformerEncoderLayer, IsThePapersFormulaBeforeAndBehind) {
  const Tensor x = drawn({2, 3, 4}, 1);
  for (const bool first : {true, false}) {
    const TransformerEncoderLayer layer(
        2, {.feed_forward = 5, .activation = FeedForwardActivation::relu, .norm_first = first});
    layer.predict(x);
    move_biases(layer);
    const auto norm = [&](const Tensor& of, const NormParameters& p) {
      return layer_norm(of, -1, p.scale, p.shift);
    };
    const auto net = [&](const Tensor& of) {
      const Tensor hidden = relu(matmul(of, layer.expand.weight.value()) + layer.expand.bias.value());
      return matmul(hidden, layer.shrink.weight.value()) + layer.shrink.bias.value();
    };
    Tensor y = x;
    if (first) {
      y = y + layer.attention.predict(norm(y, layer.norm1));
      y = y + net(norm(y, layer.norm2));
    } else {
      y = norm(y + layer.attention.predict(y), layer.norm1);
      y = norm(y + net(y), layer.norm2);
    }
    expect_near(layer.predict(x), y.to_vector());
  }
}

TEST(TransformerDecoderLayer, AsksItselfThenTheMemory) {
  const Tensor x = drawn({2, 3, 4}, 1), memory = drawn({2, 5, 6}, 2);
  const TransformerDecoderLayer layer(2);
  layer.predict(x, memory);
  move_biases(layer);
  const auto norm = [&](const Tensor& of, const NormParameters& p) {
    return layer_norm(of, -1, p.scale, p.shift);
  };
  EXPECT_TRUE(layer.attention.options.causal);
  Tensor y = x + layer.attention.predict(norm(x, layer.norm1));
  y = y + layer.memory_attention.predict(norm(y, layer.norm2), memory);
  y = y + layer.shrink.predict(gelu(layer.expand.predict(norm(y, layer.norm3))));
  expect_near(layer.predict(x, memory), y.to_vector());
}

TEST(Embedding, TakesVectorsAndLeavesPaddingAt0) {
  Embedding layer(4, 2, {.padding = 2});
  const Tensor x = tensor({3, 2, 0}, {1, 3}, u8);
  const Tensor y = layer.predict(x);
  const Vector w = layer.weight.value().to_vector();
  EXPECT_EQ(y.to_vector(), (Vector{w[6], w[7], 0, 0, w[0], w[1]}));
  EXPECT_EQ(w[4], 0);
  EXPECT_EQ(w[5], 0);
  EXPECT_NE(w[6], 0);
  EXPECT_EQ(grad(sum(y), layer.weight.value()).to_vector(), (Vector{1, 1, 0, 0, 0, 0, 1, 1}));
}

// The formula of section 3.5 of the paper.
TEST(SinusoidalPositions, AreThePapersFormula) {
  const Vector found = SinusoidalPositions().predict(ones({1, 3, 4}, f64)).to_vector();
  for (std::size_t t = 0; t < 3; ++t) {
    const auto at = static_cast<double>(t);
    EXPECT_DOUBLE_EQ(found[4 * t], 1 + std::sin(at));
    EXPECT_DOUBLE_EQ(found[4 * t + 1], 1 + std::cos(at));
    EXPECT_DOUBLE_EQ(found[4 * t + 2], 1 + std::sin(at / 100));
    EXPECT_DOUBLE_EQ(found[4 * t + 3], 1 + std::cos(at / 100));
  }
}

TEST(PositionalEmbedding, AddsTheFirstVectors) {
  PositionalEmbedding layer(5);
  const Vector found = layer.predict(zeros({2, 3, 2}, f64)).to_vector(), w = layer.weight.value().to_vector();
  for (std::size_t i = 0; i < 12; ++i) EXPECT_EQ(found[i], w[i % 6]);
}

}  // namespace
}  // namespace chainrule::nn
