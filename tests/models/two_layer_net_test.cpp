#include <gtest/gtest.h>

#include <cstring>

#include "chainrule/chainrule.h"
#include "core/thread_pool.h"
#include "kernels/simd/dispatch.h"

namespace chainrule {
namespace {

constexpr std::int64_t kBatch = 100;

struct Batch {
  Tensor x, t;
};

Batch random_batch(DType dtype, std::int64_t rows = kBatch) {
  Random random(3);
  std::vector<double> pixels(static_cast<std::size_t>(rows * 784));
  std::vector<std::int64_t> labels(static_cast<std::size_t>(rows));
  for (double& pixel : pixels) pixel = random.uniform();
  for (std::int64_t& label : labels) label = static_cast<std::int64_t>(random.below(10));
  return {detach(cast(from_data(pixels, {rows, 784}), dtype)), from_data(labels, {rows})};
}

bool same_bits(const Tensor& a, const Tensor& b) {
  return a.shape() == b.shape() && a.dtype() == b.dtype() &&
         std::memcmp(a.data<float>().data(), b.data<float>().data(), a.data<float>().size_bytes()) == 0;
}

TEST(TwoLayerNet, HasTheBooksParameters) {
  nn::TwoLayerNet net({.input = 784});
  const std::vector<nn::NamedParameter> params = net.params();
  ASSERT_EQ(params.size(), 4u);
  const char* names[] = {"W1", "b1", "W2", "b2"};
  const Shape shapes[] = {{784, 50}, {50}, {50, 10}, {10}};
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(params[i].name, names[i]);
    EXPECT_EQ(params[i].parameter.value().shape(), shapes[i]);
  }
  EXPECT_EQ(net.layers().parameters()[0].name, "affine1.weight");
  EXPECT_EQ(net.layers().parameter("affine2.bias"), params[3].parameter);
  const double deviation = sqrt(mean(square(params[0].parameter.value()))).item();
  EXPECT_NEAR(deviation, 0.01, 0.01 * 0.02);  // 39,200 draws: a deviation of the deviation of 0.36 %
}

// The books call backward on each layer in reverse; the graph does the same work in the same order.
TEST(TwoLayerNet, LayersBackwardsByHandGiveTheBitsOfGrad) {
  nn::TwoLayerNet net({.input = 784});
  const Batch batch = random_batch(f32);
  const Tensor loss = net.loss(batch.x, batch.t);
  const std::vector<Tensor> by_graph = grad(loss, nn::values(net.params()));

  Tensor out = batch.x;
  for (std::size_t i = 0; i < net.layers().size(); ++i) out = net.layers()[i].forward(out);
  EXPECT_EQ(net.last_layer().forward(out, batch.t).item(), loss.item());
  Tensor dout = net.last_layer().backward();
  for (std::size_t i = net.layers().size(); i-- > 0;) dout = net.layers()[i].backward(dout);
  EXPECT_EQ(dout.shape(), batch.x.shape());
  const std::vector<nn::NamedParameter> params = net.params();
  for (std::size_t i = 0; i < params.size(); ++i) {
    EXPECT_TRUE(same_bits(params[i].parameter.grad(), by_graph[i])) << params[i].name;
  }

  // The container does what its layers do.
  net.last_layer().forward(net.layers().forward(batch.x), batch.t);
  net.layers().backward(net.last_layer().backward());
  for (std::size_t i = 0; i < params.size(); ++i) {
    EXPECT_TRUE(same_bits(params[i].parameter.grad(), by_graph[i])) << params[i].name;
  }
}

TEST(TwoLayerNet, GradientIsTheNumericalGradient) {
  nn::TwoLayerNet net({.input = 20, .hidden = 7, .output = 5, .dtype = f64});
  const Tensor x = normal({4, 20}, {9}, 0, 1, f64);
  const Tensor t = tensor({0, 4, 2, 2}, i64);
  const NamedTensors analytic = net.gradient(x, t);
  const NamedTensors numeric = net.numerical_gradient(x, t);
  for (const auto& [name, gradient] : analytic) {
    const std::vector<double> difference = (gradient - numeric[name]).to_vector();
    for (double d : difference) EXPECT_NEAR(d, 0, 1e-8) << name;
  }
  EXPECT_GT(max(analytic["W1"]).item(), 1e-4);  // there is something to compare
}

/// The parameters after some steps of SGD.
std::vector<Tensor> train(int steps) {
  nn::TwoLayerNet net({.input = 784});
  optim::Optimizer sgd(net, optim::Sgd{}, {.lr = 0.1});
  const Batch batch = random_batch(f32);
  for (int i = 0; i < steps; ++i) sgd.step(grad(net.loss(batch.x, batch.t), nn::values(net.params())));
  return nn::values(net.params());
}

TEST(TwoLayerNet, SgdLowersTheLoss) {
  nn::TwoLayerNet net({.input = 784});
  optim::Optimizer sgd(net, optim::Sgd{}, {.lr = 0.1});
  const Batch batch = random_batch(f32);
  const double before = net.loss(batch.x, batch.t).item();
  for (int i = 0; i < 50; ++i) {
    net.last_layer().forward(net.layers().forward(batch.x), batch.t);
    net.layers().backward(net.last_layer().backward());
    sgd.step();
  }
  EXPECT_LT(net.loss(batch.x, batch.t).item(), before - 0.05);
}

TEST(TwoLayerNet, BitsDoNotDependOnThreads) {
  const int before = num_threads();
  set_num_threads(1);
  const std::vector<Tensor> expected = train(10);
  for (int threads : {2, 3, 4}) {
    set_num_threads(threads);
    const std::vector<Tensor> values = train(10);
    for (std::size_t i = 0; i < values.size(); ++i)
      EXPECT_TRUE(same_bits(values[i], expected[i])) << threads << " threads";
  }
  set_num_threads(before);
}

TEST(TwoLayerNet, BitsDoNotDependOnTheVectorWidth) {
  using kernels::SimdCeiling;
  kernels::set_simd_ceiling(SimdCeiling::none);
  const bool wide = kernels::simd_name() == "avx512";
  const std::vector<Tensor> expected = train(10);
  kernels::set_simd_ceiling(SimdCeiling::avx2);
  const std::vector<Tensor> values = train(10);
  kernels::set_simd_ceiling(SimdCeiling::none);
  if (!wide) GTEST_SKIP() << "this CPU has no AVX-512 to compare AVX2 with";
  for (std::size_t i = 0; i < values.size(); ++i) EXPECT_TRUE(same_bits(values[i], expected[i]));
}

TEST(TwoLayerNet, AccuracyTakesNumbersAndOneHotRows) {
  nn::TwoLayerNet net({.input = 784});
  const Batch batch = random_batch(f32);
  const double by_number = net.accuracy(batch.x, batch.t);
  EXPECT_EQ(net.accuracy(batch.x, one_hot(batch.t, 10)), by_number);
  EXPECT_EQ(net.accuracy(batch.x, argmax(net.predict(batch.x), 1)), 1);
}

}  // namespace
}  // namespace chainrule
