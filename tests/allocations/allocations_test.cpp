// What is run again allocates nothing.
#include <gtest/gtest.h>

#include "allocations/counted_new.h"
#include "chainrule/chainrule.h"
#include "core/sanitizer.h"
#include "core/thread_pool.h"
#include "ops/op.h"

namespace chainrule {
namespace {

class Allocations : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!kReusesMemory) GTEST_SKIP() << "under a sanitizer all memory is fresh";
  }
  void TearDown() override { set_num_threads(threads_); }

 private:
  int threads_ = num_threads();
};

/// A net of two layers, and one with convolution, pooling and dropout.
struct Net {
  std::vector<Tensor> parameters;
  bool has_images;

  explicit Net(bool images) : has_images(images) {
    const std::int64_t features = images ? 8 * 6 * 6 : 144;
    if (images) {
      parameters = {normal({8, 1, 3, 3}, {.seed = 9}, 0, 0.1), zeros({8}),
                    normal({8, 8, 3, 3}, {.seed = 10}, 0, 0.1), zeros({8})};
    }
    parameters.insert(parameters.end(), {normal({features, 32}, {.seed = 1}, 0, 0.1), zeros({32}),
                                         normal({32, 10}, {.seed = 2}, 0, 0.1), zeros({10})});
    for (Tensor& p : parameters) p = detach(p);
  }

  Tensor loss(std::uint64_t step) const {
    Tensor x = uniform({64, 144}, {.seed = 3, .step = step});
    std::size_t at = 0;
    if (has_images) {
      x = relu(conv2d(reshape(x, {64, 1, 12, 12}), parameters[0], parameters[1], {.padding = 1}));
      x = max_pool2d(relu(conv2d(x, parameters[2], parameters[3], {.padding = 1})), 2);
      x = dropout(flatten(x, 1), 0.3, {.seed = 4, .step = step});
      at = 4;
    }
    const Tensor hidden = relu(matmul(x, parameters[at]) + parameters[at + 1]);
    const Tensor logits = matmul(hidden, parameters[at + 2]) + parameters[at + 3];
    const Tensor targets = arange(64) - 10 * floor(cast(arange(64), f64) / 10.0);
    return softmax_cross_entropy(logits, cast(targets, i64));
  }

  std::vector<Tensor> updated(std::uint64_t step) const {
    std::vector<Tensor> updates;
    const std::vector<Tensor> gradients = grad(loss(step), parameters);
    for (std::size_t i = 0; i < parameters.size(); ++i) updates.push_back(parameters[i] - 0.1 * gradients[i]);
    return updates;
  }
};

TEST_F(Allocations, NoneWhileACachedStepRuns) {
  for (const int threads : {1, 2}) {
    set_num_threads(threads);
    for (const bool has_images : {false, true}) {
      Net net(has_images);
      // A worker makes its memory when it first gets something to do; on a busy machine that may be late.
      int quiet = 0;
      for (std::uint64_t step = 0; step < 200 && quiet < 10; ++step) {
        const std::vector<Tensor> updated = net.updated(step);
        const std::int64_t before = allocations;
        evaluate(updated);
        quiet = allocations == before ? quiet + 1 : 0;
        net.parameters.clear();
        for (const Tensor& value : updated) net.parameters.push_back(detach(value));
      }
      EXPECT_EQ(quiet, 10) << "steps in a row without an allocation" << (has_images ? ", with images" : "");
    }
  }
}

/// How many steps in a row, 10 at most, make no allocation from the gradients to the new parameters.
int quiet_steps(const optim::AnyRule& rule, bool has_images) {
  Net net(has_images);
  const std::vector<nn::Parameter> parameters(net.parameters.begin(), net.parameters.end());
  std::vector<nn::NamedParameter> named;
  for (const nn::Parameter& p : parameters) named.push_back({"", p});
  optim::Optimizer optimizer(named, rule);
  int quiet = 0;
  for (std::uint64_t step = 0; step < 200 && quiet < 10; ++step) {
    std::vector<Tensor> gradients = grad(net.loss(step), net.parameters);
    net.parameters.clear();  // so that the new numbers are written over the old ones
    const std::int64_t before = allocations;
    optimizer.step(std::move(gradients));
    quiet = allocations == before ? quiet + 1 : 0;
    for (const nn::Parameter& p : parameters) net.parameters.push_back(p.value());
  }
  return quiet;
}

TEST_F(Allocations, NoneWhileAnOptimizerSteps) {
  for (const int threads : {1, 2}) {
    set_num_threads(threads);
    for (const bool has_images : {false, true}) {
      EXPECT_EQ(quiet_steps(optim::Sgd{}, has_images), 10) << threads << " threads";
      EXPECT_EQ(quiet_steps(optim::Adam{}, has_images), 10) << threads << " threads";
    }
  }
}

/// A net, what it takes, and how it is trained.
struct Training {
  const char* name;
  nn::Sequential net;
  Shape input;
  optim::AnyRule rule;
  optim::Options options;
};

std::vector<Training> trainings() {
  using namespace nn;
  const Sequential dense(Affine(64), Relu(), Dropout(0.3), Affine(10));
  const Sequential normed(Affine(64), BatchNorm(), Tanh(), Affine(10));
  const Sequential images(Conv2d(8, 3, {.padding = 1}), BatchNorm(), Relu(), MaxPool2d(2),
                          Residual(Sequential(Conv2d(8, 3, {.padding = 1}), Sigmoid())), Flatten(),
                          Dropout(0.2), Affine(10));
  const Sequential pooled(Conv2d(8, 3, {.padding = 1}), BatchNorm(), Relu(), GlobalAvgPool(), Affine(10));
  const auto clone = [](const Sequential& net) { return dynamic_cast<const Sequential&>(*net.clone()); };
  const optim::Rate rate = optim::warm_up(steps(5), optim::cosine(0.01, steps(1000)));
  std::vector<Training> all;
  for (const Registry::Row& row : registry<optim::Rule>().rows()) {
    const Shared<optim::Rule> rule(static_cast<optim::Rule*>(row.make()));
    all.push_back({row.info->name.data(), clone(dense), {32, 144}, rule, {.lr = rate}});
  }
  all.push_back({"batch norm", clone(normed), {32, 144}, optim::Adam{}, {.lr = rate}});
  all.push_back({"images", clone(images), {16, 1, 12, 12}, optim::Adam{}, {.lr = rate}});
  all.push_back({"pooled images", clone(pooled), {16, 1, 12, 12}, optim::Momentum{}, {.lr = rate}});
  all.push_back({"weight decay", clone(dense), {32, 144}, optim::Sgd{}, {.lr = rate, .weight_decay = 1e-4}});
  all.push_back({"clip_value", clone(dense), {32, 144}, optim::Sgd{}, {.lr = rate, .clip_value = 0.1}});
  all.push_back({"clip_norm", clone(dense), {32, 144}, optim::Adam{}, {.lr = rate, .clip_norm = 0.1}});
  all.push_back({"groups",
                 clone(dense),
                 {32, 144},
                 optim::Adam{},
                 {.lr = rate,
                  .groups = {{.match = "*.bias", .lr_factor = 2}, {.match = "affine2.*", .frozen = true}}}});
  return all;
}

/// The same for the whole call: gradients, update, statistics.
int quiet_whole_steps(const Training& training) {
  optim::Optimizer optimizer(training.net, training.rule, training.options);
  int quiet = 0;
  for (std::int64_t step = 0; step < 200 && quiet < 10; ++step) {
    const Tensor x = uniform(training.input, {.seed = 3, .step = static_cast<std::uint64_t>(step)});
    nn::Pass pass = nn::Pass::training(1, step);
    Tensor loss = softmax_cross_entropy(training.net.forward(x, pass), zeros({training.input[0]}, i64));
    const std::int64_t before = allocations;
    optimizer.step(std::move(loss), pass);
    quiet = allocations == before ? quiet + 1 : 0;
  }
  return quiet;
}

TEST_F(Allocations, NoneInAWholeStep) {
  for (const int threads : {1, 2}) {
    set_num_threads(threads);
    for (const Training& training : trainings()) {
      EXPECT_EQ(quiet_whole_steps(training), 10) << training.name << ", " << threads << " threads";
    }
  }
}

TEST_F(Allocations, NoneWhileAPlanRuns) {
  const Tensor x = zeros({4, 2});
  Tensor w = tensor({0.1, 0.2, 0.3, 0.4, 0.5, 0.6}, {2, 3});
  const Tensor loss = sum(square(sigmoid(matmul(x, w)) - 0.25));
  Plan plan = make_plan({w - 0.5 * grad(loss, w)}, {x, w});
  std::vector<Tensor> state{tensor({0, 0, 0, 1, 1, 0, 1, 1}, {4, 2}), w};
  std::int64_t before = 0;
  for (int i = 0; i < 10; ++i) {
    if (i == 3) before = allocations;
    plan.run(state, std::span(state).last(1));
  }
  EXPECT_EQ(allocations - before, 0);
}

}  // namespace
}  // namespace chainrule
