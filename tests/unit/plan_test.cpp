// Plans: the same numbers as without, found again, of little memory.
#include "chainrule/plan.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <thread>

#include "chainrule/chainrule.h"
#include "kernel_test.h"
#include "ops/internal.h"
#include "ops/op.h"
#include "plan/cache.h"
#include "plan/report.h"
#include "plan_test.h"

namespace chainrule {
namespace {

using kernels::has_avx512_and_avx2;
using kernels::same_bits;
using kernels::SimdGuard;

TEST(Plans, OfEqualGraphsAreOne) {
  if (mode() == Mode::eager) GTEST_SKIP() << "in this mode there are no plans";
  PlanCache& cache = PlanCache::of_this_thread();
  double lr = 0.1;
  std::size_t made = 0;
  Tensor w = drawn({4, 4}, 1);
  for (int step = 0; step < 5; ++step, lr *= 0.9) {
    const Tensor x = drawn({3, 4}, static_cast<std::uint64_t>(step));
    w = detach(w - lr * grad(sum(square(matmul(x, w))), w));
    if (step == 0) made = cache.plans_made();
  }
  EXPECT_EQ(cache.plans_made(), made);
}

TEST(Plans, TellSquaresFromProducts) {
  const Tensor x = tensor({2}), y = tensor({3});
  EXPECT_EQ((x * x).item(), 4);
  EXPECT_EQ((x * y).item(), 6);
  EXPECT_EQ((y * x).item(), 6);
  EXPECT_EQ((sum(reshape(x, {1, 1}), 0)).ndim(), 1);  // another attribute
  EXPECT_EQ((sum(reshape(x, {1, 1}), 1)).ndim(), 1);
  EXPECT_EQ(slice(arange(5), 0, 1, 3).to_vector(), (std::vector<double>{1, 2}));
  EXPECT_EQ(slice(arange(5), 0, 2, 4).to_vector(), (std::vector<double>{2, 3}));
}

TEST(Plans, TellWhichInputsAreWhose) {
  const Tensor a = tensor({1.0}), b = tensor({2.0});
  const auto both = [&](std::vector<Tensor> first, std::vector<Tensor> second) {
    const std::vector<Tensor> outputs{concatenate(first, 0), concatenate(second, 0)};
    evaluate(outputs);
    return std::pair(outputs[0].to_vector(), outputs[1].to_vector());
  };
  using Values = std::vector<double>;
  EXPECT_EQ(both({a, b}, {a, a, b}), std::pair(Values({1, 2}), Values({1, 1, 2})));
  EXPECT_EQ(both({a, b, a}, {a, b}), std::pair(Values({1, 2, 1}), Values({1, 2})));
}

TEST(Plans, KeptAreBounded) {
  if (mode() == Mode::eager) GTEST_SKIP() << "in this mode there are no plans";
  for (std::int64_t n = 1; n < 300; ++n) EXPECT_EQ(sum(ones({n}) + 1).item(), 2 * static_cast<double>(n));
  EXPECT_EQ(PlanCache::of_this_thread().size(), PlanCache::kMaxPlans);
}

// Which one is guessed from the last and what followed it: in whatever order, each is the one that was made
// for its sizes, also after others took the place of what followed.
TEST(Plans, AreFoundInAnyOrder) {
  if (mode() == Mode::eager) GTEST_SKIP() << "in this mode there are no plans";
  PlanCache& cache = PlanCache::of_this_thread();
  const auto run = [](std::int64_t n) {
    EXPECT_EQ(sum(2 * ones({n}) - 1).item(), static_cast<double>(n)) << n;
    return PlanCache::of_this_thread().plans_made();
  };
  for (const std::int64_t n : {1, 2, 3}) run(n);
  const std::size_t made = cache.plans_made();
  for (const std::int64_t n : {1, 2, 3, 1, 2, 3, 3, 2, 1, 1, 3, 2, 2, 1, 3}) EXPECT_EQ(run(n), made) << n;
  for (std::int64_t n = 4; n < 300; ++n) run(n);
  EXPECT_EQ(run(2), made + 297);
  EXPECT_EQ(run(299), made + 297);
}

// In a fresh process, where CHAINRULE_VERBOSE has not been read yet.
TEST(Plans, SayThatACallMakesMany) {
  if (mode() == Mode::eager) GTEST_SKIP() << "in this mode there are no plans";
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto make_plans = [](std::int64_t count) {
    setenv("CHAINRULE_VERBOSE", "1", 1);
    for (std::int64_t n = 1; n <= count; ++n) sum(ones({n}) + 1).item();
    std::fprintf(stderr, "done");
    std::_Exit(0);
  };
  // The first is unlike none.
  EXPECT_EXIT(make_plans(17), ::testing::ExitedWithCode(0),
              "16 plans for one call, the last unlike plan [0-9a-f]{8} in .*plan_test.cpp.*done$");
  EXPECT_EXIT(make_plans(16), ::testing::ExitedWithCode(0),
              "^([^f]|f[^o]|fo[^r]|for[^ ])*done$");  // no "for "
}

TEST(Plans, SayItToWhoIsSet) {
  if (mode() == Mode::eager) GTEST_SKIP() << "in this mode there are no plans";
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto run = [](const char* level) {
    setenv("CHAINRULE_VERBOSE", level, 1);
    set_report_sink(
        [](std::string_view line) { std::fprintf(stderr, "%s, ", line.substr(0, 4) == "plan" ? "it" : ""); });
    try {
      sum(ones({2}) + 1).item();
    } catch (const ValueError& error) {
      std::fputs(error.what(), stderr);
    }
    std::_Exit(0);
  };
  EXPECT_EXIT(run("1"), ::testing::ExitedWithCode(0), "^it, it, $");  // made, and run
  EXPECT_EXIT(run("0"), ::testing::ExitedWithCode(0), "^$");
  EXPECT_EXIT(run("yes"), ::testing::ExitedWithCode(0),
              "^\\[environment\\] CHAINRULE_VERBOSE is \"yes\". Need 0, 1 or 2; or unset it. \\(E003\\)$");
}

/// Loss and updated parameters of a net with all that is fused: convolution, relu, pooling, dropout, matrix
/// products, Adam's formula.
std::vector<Tensor> step_of_a_net(bool hold_all, DType dtype) {
  std::vector<Tensor> held;
  const auto hold = [&](const Tensor& t) {
    if (hold_all) held.push_back(t);
    return t;
  };
  const auto leaf = [&](const Shape& shape, std::uint64_t seed) {
    return detach(cast(drawn(shape, seed), dtype));
  };
  const std::vector<Tensor> p{leaf({16, 3, 3, 3}, 1), leaf({16}, 2),          leaf({16, 16, 3, 3}, 3),
                              leaf({16}, 4),          leaf({16 * 81, 10}, 5), leaf({10}, 6)};
  const Tensor x = leaf({40, 3, 36, 36}, 7);
  Tensor h = hold(max_pool2d(hold(relu(hold(conv2d(x, p[0], p[1], {.padding = 1})))), 2));
  h = hold(max_pool2d(hold(relu(hold(conv2d(h, p[2], p[3], {.padding = 1})))), 2));
  h = hold(dropout(flatten(h, 1), 0.3, {.seed = 8}));
  const Tensor logits = hold(matmul(h, p[4]) + p[5]);
  const Tensor loss = softmax_cross_entropy(logits, cast(fmod(arange(40), 10), i64));
  std::vector<Tensor> results{loss};
  const std::vector<Tensor> gradients = grad(loss, p);
  for (std::size_t i = 0; i < p.size(); ++i) {
    const Tensor& g = hold(gradients[i]);
    results.push_back(p[i] - 0.01 * (0.1 * g) / (sqrt(0.001 * square(g)) + 1e-8));
  }
  evaluate(results);
  return results;
}

void expect_same_bits(const std::vector<Tensor>& a, const std::vector<Tensor>& b) {
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_TRUE(same_bits(a[i].to_vector(), b[i].to_vector())) << i;
}

TEST(Plans, GiveTheSameBitsHoweverTheyRun) {
  const SimdGuard guard;
  for (const DType dtype : {f32, f64}) {
    set_num_threads(1);
    const std::vector<Tensor> alone = step_of_a_net(false, dtype);
    expect_same_bits(alone, step_of_a_net(true, dtype));  // nothing is hidden in a fused instruction
    for (const int threads : {2, 3, 4}) {
      set_num_threads(threads);
      expect_same_bits(alone, step_of_a_net(false, dtype));
    }
  }
}

/// A sum, a maximum and two sums at once of what is computed for them: while it is, or from memory.
std::vector<Tensor> reductions(const Shape& shape, const Shape& factor, int axis, DType dtype, bool hidden) {
  const Tensor x = detach(cast(drawn(shape, 1), dtype)), f = detach(cast(drawn(factor, 2), dtype));
  const Axes axes = axis < 0 ? Axes() : Axes(axis);
  const auto made = [hidden](const Tensor& t) {
    if (!hidden) evaluate({&t, 1});
    return t;
  };
  std::vector<Tensor> results{sum(made(x * f + x), axes), max(made(x * f), axes, true)};
  const Tensor difference = made(x - f);
  results.push_back(sum(difference, axes));
  results.push_back(sum(made(square(difference)), axes));
  evaluate(results);
  return results;
}

TEST(Plans, ReduceWithTheSameBitsWhileTheyCompute) {
  const SimdGuard guard;
  struct Case {
    Shape shape, factor;
    int axis;  // -1: all
  };
  const Case cases[] = {{{7}, {7}, -1},
                        {{300, 70}, {70}, -1},
                        {{300, 70}, {300, 1}, 0},
                        {{300, 70}, {300, 70}, 1},
                        {{3, 9001}, {3, 1}, 1},
                        {{5000, 3}, {3}, 0},
                        {{6, 40, 50}, {40, 1}, 1},
                        {{6, 40, 50}, {6, 1, 50}, 2},
                        {{2, 3, 2100}, {2100}, 0},
                        {{20, 2500}, {20, 2500}, 0}};
  for (const DType dtype : {f32, f64}) {
    for (const Case& c : cases) {
      set_num_threads(1);
      const std::vector<Tensor> wanted = reductions(c.shape, c.factor, c.axis, dtype, false);
      for (const int threads : {1, 2, 3, 4}) {
        set_num_threads(threads);
        expect_same_bits(reductions(c.shape, c.factor, c.axis, dtype, true), wanted);
      }
    }
  }
}

TEST(Plans, GiveTheSameBitsOnBothWidths) {
  CHAINRULE_SKIP_WITHOUT_BOTH_WIDTHS();
  if (mode() != Mode::lazy) GTEST_SKIP() << "for the kernels of plans";
  kernels::expect_same_on_both_widths([] {
    std::vector<double> all;
    for (const Tensor& t : step_of_a_net(false, f32)) {
      for (const double value : t.to_vector()) all.push_back(value);
    }
    return all;
  });
}

// Threads that share leaves, and nothing else.
TEST(Plans, BelongToTheirThread) {
  const Tensor w = drawn({20, 20}, 1);
  const auto work = [&w] {
    std::vector<double> values;
    for (int i = 0; i < 50; ++i) values = grad(sum(square(relu(matmul(w, w) * 0.5))), w).to_vector();
    return values;
  };
  std::vector<double> first, second;
  std::thread other([&] { first = work(); });
  second = work();
  other.join();
  EXPECT_EQ(first, second);
}

TEST(Plan, RunsWithOtherNumbers) {
  const Tensor x = tensor({1, 2, 3, 4}, {2, 2}), w = tensor({1, 0, 0, 1}, {2, 2});
  Plan plan = make_plan({relu(matmul(x, w) - 2)}, {x});
  EXPECT_EQ(plan.run({x})[0].to_vector(), (std::vector<double>{0, 0, 1, 2}));
  EXPECT_EQ(plan.run({tensor({4, 3, 2, 1}, {2, 2})})[0].to_vector(), (std::vector<double>{2, 1, 0, 0}));
  EXPECT_EQ(plan.run({x * 2})[0].to_vector(), (std::vector<double>{0, 2, 4, 6}));  // computed on the way
  EXPECT_NE(plan.dump().find("matmul"), std::string::npos) << plan.dump();
}

TEST(Plan, SaysWhoKeepsItsResults) {
  const Tensor x = tensor({1, 2, 3, 4}, {2, 2}), w = tensor({1, 0, 0, 1}, {2, 2});
  const Tensor h = matmul(x, w);
  const std::string made_by_relu = cat("Called from plan_test.cpp:", __LINE__ + 1);
  const Tensor y = relu(h);
  const std::string text = make_plan({y}, {x}).dump();
  EXPECT_NE(text.find("result0 is kept: somebody holds this where. " + made_by_relu), std::string::npos)
      << text;
  EXPECT_EQ(text.find("this matmul"), std::string::npos) << text;  // held, but no output
}

TEST(Plan, TrainsAsItsGraphDoes) {
  const Tensor x = drawn({8, 3}, 1);
  Tensor w = drawn({3, 2}, 2);
  const auto updated = [&](const Tensor& at) {
    return at - 0.1 * grad(sum(square(sigmoid(matmul(x, at)))), at);
  };
  Plan plan = make_plan({updated(w)}, {w});
  std::vector<Tensor> state{w};
  for (int i = 0; i < 5; ++i) {
    plan.run(state, state);
    w = detach(updated(w));
  }
  EXPECT_EQ(state[0].to_vector(), w.to_vector());
}

TEST(Plan, WritesOverInputsThatAreOutputs) {
  const Tensor w = drawn({50, 40}, 1), x = drawn({30, 50}, 2);
  const Tensor loss = mean(square(matmul(x, w)));
  const std::vector<Tensor> next{w - 0.1 * grad(loss, w), w};
  Plan plan = make_plan(next, {w, x});
  const std::vector<Tensor> step = plan.run({w, x}), second = plan.run({step[0], x});

  std::vector<Tensor> state{step[0], zeros({})};
  plan.run(std::vector{state[0], x}, state);  // those inputs are copies: nothing is known of them
  EXPECT_EQ(state[0].to_vector(), second[0].to_vector());
  EXPECT_EQ(state[1].to_vector(), step[0].to_vector());  // an output that is an input

  Plan update = make_plan({next[0]}, {w});
  std::vector<Tensor> own{detach(w + 0)};
  const Tensor before = own[0];
  update.run(own, own);
  EXPECT_EQ(own[0].to_vector(), step[0].to_vector());
  EXPECT_EQ(before.to_vector(), w.to_vector());  // somebody holds it
  const float* place = own[0].data<float>().data();
  update.run(own, own);
  if (mode() != Mode::verify) {  // there it could still fail
    EXPECT_EQ(own[0].data<float>().data(), place);
  }
  EXPECT_EQ(own[0].to_vector(), second[0].to_vector());
}

// The rows are taken from the new numbers, so those are there before it can fail.
TEST(Plan, KeepsItsInputsWhereItFails) {
  const Tensor w = drawn({50, 40}, 1), rows = cast(arange(50), i64), next = w - 0.1;
  Plan plan = make_plan({next, take(next, rows)}, {w, rows});
  std::vector<Tensor> state{detach(w + 0), rows};
  plan.run(state, state);
  const std::vector<double> before = state[0].to_vector();
  state[1] = rows + 1;
  EXPECT_THROW(plan.run(state, state), ValueError);
  EXPECT_EQ(state[0].to_vector(), before);
}

TEST(Plan, MayCutAGraphAnywhere) {
  const Tensor x = tensor({4.0});
  const Tensor root = sqrt(x);
  Plan plan = make_plan({root * 3, x, root}, {root, x});
  const std::vector<Tensor> outputs = plan.run({tensor({5.0}), tensor({7.0})});
  EXPECT_EQ(outputs[0].item(), 15);
  EXPECT_EQ(outputs[1].item(), 7);
  EXPECT_EQ(outputs[2].item(), 5);
}

TEST(Plan, SaysWhatDoesNotFit) {
  const Tensor x = zeros({2}), other = zeros({2});
  EXPECT_THROW(make_plan({exp(x)}, {other}), ValueError);
  EXPECT_THROW(make_plan({exp(x)}, {Tensor()}), ValueError);
  Plan plan = make_plan({exp(x)}, {x});
  EXPECT_THROW(plan.run({zeros({3})}), ShapeError);
  EXPECT_THROW(plan.run({zeros({2}, f64)}), ShapeError);
  EXPECT_THROW(plan.run({x, x}), ShapeError);
  const Plan taken = std::move(plan);
  EXPECT_THROW(plan.run({x}), ValueError);
  EXPECT_EQ(plan.dump(), "an empty plan");
}

/// Twice x; its fast kernel is wrong.
struct WrongTwice {
  static constexpr OpInfo kInfo{.name = "wrong_twice", .doc = "2 x."};
  static constexpr std::string_view kNotDifferentiable = "no test needs its derivative";
  bool operator==(const WrongTwice&) const = default;
  Meta infer(std::span<const Meta> in) const { return in[0]; }
  void run(const Kernel& k) const { k.output.as<float>()[0] = 2 * k.inputs[0].as<float>()[0]; }
  void run_fast(const Kernel& k) const { k.output.as<float>()[0] = 1.99F * k.inputs[0].as<float>()[0]; }
  static std::vector<Sample> samples() { return {}; }
};

TEST(Verify, FindsAWrongKernel) {
  const Mode before = mode();
  set_mode(Mode::verify);
  std::string message;
  try {
    apply(WrongTwice{}, {tensor({1.0})}, {"train.cpp", 41}).to_vector();
  } catch (const ValueError& error) {
    message = error.what();
  }
  EXPECT_EQ(
      message,
      "[verify] wrong_twice (1,) f32: element 0 is 1.99 by the plan and 2 by the reference. Called from "
      "train.cpp:41. (E048)");
  set_mode(Mode::lazy);
  EXPECT_FLOAT_EQ(static_cast<float>(apply(WrongTwice{}, {tensor({1.0})}, {}).item()), 1.99F);
  set_mode(before);
}

/// A fast kernel that rounds otherwise, and one of a comparison that is wrong.
struct TwiceRoundedUp {
  static constexpr OpInfo kInfo{.name = "twice_rounded_up", .elementwise = true, .doc = "2 x."};
  static constexpr std::string_view kNotDifferentiable = "no test needs its derivative";
  bool operator==(const TwiceRoundedUp&) const = default;
  Meta infer(std::span<const Meta> in) const { return in[0]; }
  void run(const Kernel& k) const { k.output.as<float>()[0] = 2 * k.inputs[0].as<float>()[0]; }
  void run_fast(const Kernel& k) const {
    k.output.as<float>()[0] = std::nextafter(2 * k.inputs[0].as<float>()[0], HUGE_VALF);
  }
  static std::vector<Sample> samples() { return {}; }
};
struct WrongPositive {
  static constexpr OpInfo kInfo{.name = "wrong_positive", .elementwise = true, .doc = "Whether x > 0."};
  static constexpr std::string_view kNotDifferentiable = "no test needs its derivative";
  bool operator==(const WrongPositive&) const = default;
  Meta infer(std::span<const Meta> in) const { return {boolean, in[0].shape}; }
  void run(const Kernel& k) const { k.output.as<bool>()[0] = k.inputs[0].as<float>()[0] > 0; }
  void run_fast(const Kernel& k) const { k.output.as<bool>()[0] = k.inputs[0].as<float>()[0] <= 0; }
  static std::vector<Sample> samples() { return {}; }
};

TEST(Verify, BlamesNoComparisonThatRoundingDecides) {
  const Mode before = mode();
  set_mode(Mode::verify);
  const Tensor x = tensor({0.7});
  EXPECT_EQ(equal(apply(TwiceRoundedUp{}, {x}, {}), 2 * x).to_vector(), std::vector<double>{0});
  EXPECT_THROW(apply(WrongPositive{}, {x}, {}).to_vector(), ValueError);
  set_mode(before);
}

// 3e38 + 3e38 comes first in the order of the fast kernel: infinite. An infinity that stands elsewhere among
// the numbers tells nothing of it, nor does the exact sum, 0.
TEST(Verify, BlamesNoSumThatOverflowsOnTheWay) {
  const Mode before = mode();
  set_mode(Mode::verify);
  for (const float elsewhere : {0.0F, HUGE_VALF}) {
    std::vector<float> numbers(32);
    numbers[0] = numbers[8] = 3e38F;
    numbers[1] = numbers[2] = -3e38F;
    numbers[16] = elsewhere;
    const std::vector<double> sums = sum(from_data(numbers, {2, 16}), 1).to_vector();
    EXPECT_EQ(sums, (std::vector<double>{INFINITY, elsewhere}));
    const Tensor ones_below = ones({16, 1});
    EXPECT_NO_THROW(matmul(from_data(numbers, {2, 16}), ones_below).to_vector());
  }
  set_mode(before);
}

TEST(Plan, RunsAsTheModeHasIt) {
  const Mode before = mode();
  set_mode(Mode::lazy);
  const Tensor x = tensor({1.0});
  Plan plan = make_plan({apply(WrongTwice{}, {x}, {"train.cpp", 41})}, {x});
  EXPECT_FLOAT_EQ(static_cast<float>(plan.run({x})[0].item()), 1.99F);
  set_mode(Mode::eager);
  EXPECT_EQ(plan.run({x})[0].item(), 2);
  set_mode(Mode::verify);
  EXPECT_THROW(plan.run({x}), ValueError);
  set_mode(before);
}

TEST(Plan, KeepsItsInputsWhereItsResultsAreWrong) {
  const Mode before = mode();
  set_mode(Mode::lazy);
  const Tensor w = drawn({50, 40}, 1), one = tensor({1.0});
  Plan plan = make_plan({w - 0.1, apply(WrongTwice{}, {one}, {})}, {w, one});
  std::vector<Tensor> state{detach(w + 0), detach(one + 0)};
  plan.run(state, state);
  const std::vector<double> numbers = state[0].to_vector();
  set_mode(Mode::verify);
  EXPECT_THROW(plan.run(state, state), ValueError);
  EXPECT_EQ(state[0].to_vector(), numbers);
  set_mode(before);
}

// A label that is not there is found by the kernel, in the middle of the plan.
TEST(Plans, ErrorsNameTheLineOfTheGraphThatIsRun) {
  if (mode() == Mode::eager) GTEST_SKIP() << "in this mode operations run at their call";
  const auto losses = [](const Tensor& targets, Location where) {
    return softmax_cross_entropy(zeros({2, 3}) * 2, targets, Reduction::none, where);
  };
  losses(tensor({0, 1}, i64), {"first.cpp", 10}).to_vector();
  try {
    losses(tensor({0, 7}, i64), {"second.cpp", 20}).to_vector();
    ADD_FAILURE() << "no error";
  } catch (const ValueError& error) {
    EXPECT_NE(std::string(error.what()).find("second.cpp:20"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace chainrule
