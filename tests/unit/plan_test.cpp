// Plans: the same numbers as without, found again, of little memory.
#include "chainrule/plan.h"

#include <gtest/gtest.h>

#include <thread>

#include "chainrule/chainrule.h"
#include "kernel_test.h"
#include "ops/internal.h"
#include "ops/op.h"
#include "plan/cache.h"
#include "plan/difference.h"
#include "plan_test.h"

namespace chainrule {
namespace {

using kernels::has_avx512_and_avx2;
using kernels::same_bits;
using kernels::SimdGuard;

std::vector<std::string> operations(const Program& program) {
  std::vector<std::string> names;
  for (const Step& step : program.steps) names.emplace_back(step.row->info.name);
  return names;
}

using Names = std::vector<std::string>;

TEST_F(Programs, ComputeOnceWhatIsThereTwice) {
  const Tensor x = drawn({3, 3}, 1);
  EXPECT_EQ(operations(program_of({exp(x) * exp(x)})), (Names{"exp", "mul"}));
}

TEST_F(Programs, LeaveOutWhatChangesNothing) {
  const Tensor x = drawn({3, 3}, 1);
  EXPECT_EQ(operations(program_of({exp((x * 1 - 0) / 1)})), (Names{"exp"}));
  EXPECT_EQ(operations(program_of({exp(x * 2)})), (Names{"mul", "exp"}));
  EXPECT_EQ(operations(program_of({x + 0})), (Names{"add"}));  // -0 + 0 is 0
}

TEST_F(Programs, MultiplyByTransposesWithoutMakingThem) {
  const Tensor a = drawn({3, 4}, 1), b = drawn({3, 5}, 2);
  const Tensor product = matmul(transpose(a), b), want = matmul(detach(transpose(a)), b);
  EXPECT_EQ(operations(program_of({product})), (Names{"matmul"}));
  EXPECT_EQ(product.to_vector(), want.to_vector());
}

TEST_F(Programs, ReadBroadcastInputsWhereTheyAre) {
  const Tensor x = drawn({3, 4}, 1), row = drawn({4}, 2);
  const Tensor product = x * broadcast_to(row, {3, 4});  // and nobody holds the factor any longer
  EXPECT_EQ(operations(program_of({product})), (Names{"mul"}));
  const Tensor wider = broadcast_to(row, {3, 4}) * 2;
  EXPECT_EQ(operations(program_of({wider})), (Names{"broadcast_to", "mul"}));
}

TEST_F(Programs, FuseElementwiseSteps) {
  const Tensor x = drawn({40, 30}, 1), row = drawn({30}, 2);
  const Program program = program_of({sigmoid(x * 2 + row) - x});
  ASSERT_EQ(program.instructions.size(), 1);
  EXPECT_EQ(program.instructions[0].steps.size(), 4);
  EXPECT_EQ(program.arena_bytes, 0);  // what is in between lives in registers of a block
}

// exp(x) is needed by the sum before the last step can run: fusing both would make a circle.
TEST_F(Programs, MaskAGradientInTheProductThatMakesIt) {
  const Tensor x = drawn({9, 5}, 1), v = drawn({5, 6}, 2), w = drawn({6, 4}, 3);
  const Tensor narrow = grad(sum(square(matmul(relu(matmul(x, v)), w))), v);
  const Tensor image = relu(reshape(matmul(x, v), {9, 2, 3}));  // and of another shape
  const Tensor wide = grad(sum(square(matmul(reshape(image, {9, 6}), w))), v);
  for (const Tensor& gradient : {narrow, wide}) {
    const Program program = program_of({gradient});
    const auto has_mask = [](const Instruction& i) { return i.epilogue.mask >= 0; };
    EXPECT_EQ(std::count_if(program.instructions.begin(), program.instructions.end(), has_mask), 1);
  }
}

TEST_F(Programs, FuseNoCircles) {
  const Tensor x = drawn({40, 30}, 1);
  const Tensor e = exp(x);
  const Tensor softmax_by_hand = e / sum(e, 1, true);
  const std::vector<double> got = softmax_by_hand.to_vector(), want = softmax(x).to_vector();
  for (std::size_t i = 0; i < got.size(); ++i) ASSERT_NEAR(got[i], want[i], 1e-6);
}

TEST_F(Programs, ShareMemoryOfWhatIsNoLongerNeeded) {
  Tensor x = drawn({64, 64}, 1);
  for (int i = 0; i < 20; ++i) x = matmul(x, x);
  EXPECT_EQ(program_of({x}).arena_bytes, 2 * 64 * 64 * sizeof(float));
}

TEST_F(Programs, KeepWhatSomebodyHolds) {
  const Tensor x = drawn({3}, 1);
  const Tensor held = exp(x);
  Tensor dropped = sqrt(held);
  const Tensor y = dropped * 2;
  Node* node = dropped.node();
  dropped = Tensor();  // y alone needs it now
  const std::vector<double> values = y.to_vector();
  EXPECT_TRUE(held.node()->has_value());
  EXPECT_FALSE(node->has_value());
  // It is computed anew when it is asked for after all.
  const Tensor again = Tensor::of(node);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(2 * again.to_vector()[i], values[i]);
}

TEST_F(Programs, SayInWhatTheyDiffer) {
  std::vector<Tensor> outputs;  // a trace is of nodes that are there
  const auto traced = [&](std::int64_t rows, std::int64_t begin, DType dtype = f32) {
    const Tensor x = detach(ones({rows, 4}, dtype)), w = detach(ones({4, 3}, dtype));
    outputs.push_back(slice(matmul(x, w), 0, begin, begin + 2));
    return trace_of({outputs.back()});
  };
  const Trace known = traced(8, 0);
  const auto said = [&](const Trace& trace) {
    const std::string text = difference(known, trace);
    const std::size_t place = text.find(" at plan_test.cpp:");
    return place == std::string::npos
               ? text
               : text.substr(0, place) + text.substr(text.find_first_of(":;", place + 18));
  };
  EXPECT_EQ(said(traced(7, 0)), "an input of matmul: f32(7, 4) instead of f32(8, 4)");
  EXPECT_EQ(said(traced(8, 0, f64)), "an input of matmul: f64(8, 4) instead of f32(8, 4)");
  EXPECT_EQ(difference(known, traced(8, 1)).find("the attributes of slice at plan_test.cpp:"), 0U);
  const Tensor x = detach(ones({3})), y = detach(ones({3}));
  for (const auto& [one, two] : {std::pair(x * x, x * y), std::pair(exp(x * x), exp(x * y)),
                                 std::pair(exp(x * y), exp(x * x)), std::pair(x * x - y, x * y - y)}) {
    EXPECT_EQ(difference(trace_of({one}), trace_of({two})), "how many arrays it reads");
  }
  EXPECT_EQ(difference(trace_of({x * y * x}), trace_of({x * y * y})), "which values its operations take");
  const Tensor alone = [&] { return sum(exp(x)); }();
  const Tensor held = exp(x), sums = sum(held);
  const std::string text = difference(trace_of({alone}), trace_of({sums}));
  EXPECT_EQ(text.find("whether the result of exp at plan_test.cpp:"), 0U) << text;
  EXPECT_TRUE(text.ends_with(" is held: now it is")) << text;
}

TEST_F(Programs, OfConvolutionsRunOnPiecesOfTheBatch) {
  const Tensor x = drawn({200, 8, 28, 28}, 1), w = drawn({8, 8, 3, 3}, 2), b = drawn({8}, 3);
  const Tensor pooled = max_pool2d(relu(conv2d(x, w, b, {.padding = 1})), 2);
  const std::vector<Tensor> outputs{pooled, grad(sum(square(pooled)), w)};
  const Program program = program_of(outputs);
  ASSERT_GE(program.strips.size(), 1);
  EXPECT_LT(program.strips[0].piece, 200);
  // Less than one array of the size of the convolution's result.
  EXPECT_LT(program.arena_bytes, 200 * 8 * 28 * 28 * sizeof(float));
}

TEST_F(Programs, FinishAProductWithAStepDownWrittenEitherWay) {
  const Tensor x = drawn({8, 3}, 1), g = drawn({8, 2}, 2), w = drawn({3, 2}, 3), lr = scalar(0.1);
  const std::vector<Tensor> one{descend(w, lr, matmul(transpose(x), g))};
  const std::vector<Tensor> two{w - lr * matmul(transpose(x), g)};
  EXPECT_EQ(program_of(one).instructions.size(), 1U);
  EXPECT_EQ(program_of(two).instructions.size(), 1U);
  EXPECT_EQ(one[0].to_vector(), two[0].to_vector());
}

TEST_F(Programs, PoolAndNumberTheElementsForTheGradientInOnePass) {
  const Tensor x = drawn({2, 3, 9, 9}, 1);
  const Tensor a = max_pool2d(x, 2), b = max_pool2d(x, 2, {.stride = 1});
  const Program forward = program_of({a, b});
  EXPECT_EQ(forward.instructions.size(), 2);
  const Program program = program_of({a, b, grad(sum(square(a)) + sum(square(b)), x)});
  int pairs = 0;
  for (const Instruction& instruction : program.instructions) {
    const Step& first = program.steps[instruction.steps[0]];
    EXPECT_NE(first.row->info.name, "argmax_pool");
    if (!instruction.is_pair) continue;
    ++pairs;
    const Step& second = program.steps[instruction.steps[1]];
    EXPECT_EQ(program.values[first.output].shape, program.values[second.output].shape);
  }
  EXPECT_EQ(pairs, 2);
}

TEST_F(Programs, SumAGradientBeforePoolingSpreadsIt) {
  const Tensor x = drawn({2, 3, 8, 8}, 1), b = drawn({3}, 2);
  const auto gradient = [&] { return grad(sum(square(max_pool2d(x + reshape(b, {3, 1, 1}), 2))), b); };
  const Program program = program_of({gradient()});
  for (const Step& step : program.steps) EXPECT_NE(step.row->info.name, "max_unpool");
  const std::vector<double> got = gradient().to_vector();
  const Mode before = mode();
  set_mode(Mode::eager);
  const std::vector<double> wanted = gradient().to_vector();
  set_mode(before);
  for (std::size_t i = 0; i < wanted.size(); ++i) EXPECT_NEAR(got[i], wanted[i], 1e-5 * std::abs(wanted[i]));
  // Over some of the places alone a sum is another.
  const Tensor rows = drawn({2, 3, 8, 1}, 3);
  const Program other = program_of({grad(sum(square(max_pool2d(x + rows, 2))), rows)});
  EXPECT_TRUE(std::any_of(other.steps.begin(), other.steps.end(),
                          [](const Step& step) { return step.row->info.name == "max_unpool"; }));
}

TEST_F(Programs, ComputeALossAndItsGradientInOnePass) {
  const Tensor z = drawn({4, 3}, 1);
  for (const Tensor& t : {from_data(std::vector<std::int64_t>{0, 2, 1, 1}, {4}), drawn({4, 3}, 2)}) {
    const auto loss_and_gradient = [&] {
      const Tensor loss = softmax_cross_entropy(z, t);
      // What needs the loss lies before the gradient in the trace, and has to wait for it.
      return std::vector<Tensor>{exp(loss), loss, grad(loss, z)};
    };
    const Program program = program_of(loss_and_gradient());
    int pairs = 0;
    for (const Instruction& instruction : program.instructions) {
      EXPECT_NE(program.steps[instruction.steps[0]].row->info.name, "softmax_cross_entropy");
      pairs += instruction.is_pair;
    }
    EXPECT_EQ(pairs, 1);
    const std::vector<Tensor> together = loss_and_gradient();
    evaluate(together);
    for (std::size_t i = 0; i < together.size(); ++i)
      EXPECT_EQ(together[i].to_vector(), loss_and_gradient()[i].to_vector()) << i;
  }
}

TEST_F(Programs, LeaveALossAloneWhoseGradientNeedsIt) {
  const Tensor z = drawn({4, 3}, 1), t = from_data(std::vector<std::int64_t>{0, 2, 1, 1}, {4});
  const Tensor loss = softmax_cross_entropy(z, t);
  for (const Instruction& instruction : program_of({grad(square(loss), z), loss}).instructions)
    EXPECT_FALSE(instruction.is_pair);
}

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
  if (mode() == Mode::eager) GTEST_SKIP() << "in this mode the graph is computed by other kernels";
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
  EXPECT_EQ(own[0].data<float>().data(), place);
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
