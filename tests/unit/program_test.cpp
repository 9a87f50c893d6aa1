// Programs: what a trace becomes.
#include <gtest/gtest.h>

#include "kernel_test.h"
#include "ops/internal.h"
#include "plan/cache.h"
#include "plan/difference.h"
#include "plan_test.h"

namespace chainrule {
namespace {

bool is_pair(const Instruction& instruction) { return std::holds_alternative<Pair>(instruction.kind); }

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
  const Tensor cube = drawn({2, 3, 4}, 2);
  const Tensor same = exp(transpose(transpose(x))), back = permute(permute(cube, {1, 2, 0}), {1, 2, 0});
  EXPECT_EQ(operations(program_of({same})), (Names{"exp"}));
  EXPECT_EQ(operations(program_of({back})), (Names{"permute"}));
  EXPECT_EQ(back.to_vector(), permute(cube, {2, 0, 1}).to_vector());
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

TEST_F(Programs, ReduceInThePassThatComputes) {
  const Tensor x = drawn({40, 30}, 1), y = drawn({40, 30}, 2);
  const auto steps_of_instructions = [](const Program& program) {
    std::vector<std::size_t> counts;
    for (const Instruction& instruction : program.instructions) counts.push_back(instruction.steps.size());
    return counts;
  };
  const Program loss = program_of({sum(square(x - y))});
  EXPECT_EQ(steps_of_instructions(loss), (std::vector<std::size_t>{3}));
  EXPECT_EQ(loss.arena_bytes, 0);
  // Sums of one kind share a pass, those over other axes do not; and what is asked for is in memory.
  const Tensor product = x * y;
  const Program both = program_of({product, sum(product, 0), max(product, 0), sum(product, 1)});
  EXPECT_EQ(steps_of_instructions(both), (std::vector<std::size_t>{3, 1}));
  // A sum of sums is of another shape.
  EXPECT_EQ(steps_of_instructions(program_of({sum(exp(sum(exp(x), 0)))})), (std::vector<std::size_t>{2, 2}));
}

// Rows that are summed up one by one stay part of a strip.
TEST_F(Programs, ReduceRowsInStrips) {
  const Tensor x = drawn({64, 4, 20, 20}, 1), w = drawn({16, 4, 3, 3}, 2);
  const Tensor image = conv2d(x, w), bright = square(image) * 2;
  const Program program = program_of({sum(bright, {2, 3}), max_pool2d(bright, 2)});
  ASSERT_EQ(program.strips.size(), 1);
  EXPECT_EQ(program.strips[0].end - program.strips[0].begin, 3);
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
    const auto has_mask = [](const Instruction& i) {
      return i.product() != nullptr && i.product()->mask >= 0;
    };
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
    const std::string_view file = " at program_test.cpp:";
    const std::size_t place = text.find(file);
    return place == std::string::npos
               ? text
               : text.substr(0, place) + text.substr(text.find_first_of(":;", place + file.size()));
  };
  EXPECT_EQ(said(traced(7, 0)), "an input of matmul: (7, 4) f32 instead of (8, 4) f32");
  EXPECT_EQ(said(traced(8, 0, f64)), "an input of matmul: (8, 4) f64 instead of (8, 4) f32");
  EXPECT_EQ(difference(known, traced(8, 1)).find("the attributes of slice at program_test.cpp:"), 0U);
  const Tensor x = detach(ones({3})), y = detach(ones({3}));
  for (const auto& [one, two] : {std::pair(x * x, x * y), std::pair(exp(x * x), exp(x * y)),
                                 std::pair(exp(x * y), exp(x * x)), std::pair(x * x - y, x * y - y)}) {
    EXPECT_EQ(difference(trace_of({one}), trace_of({two})), "how many arrays it reads");
  }
  EXPECT_EQ(difference(trace_of({x * y * x}), trace_of({x * y * y})), "which values its operations take");
  const Tensor alone = [&] { return sum(exp(x)); }();
  const Tensor held = exp(x), sums = sum(held);
  const std::string text = difference(trace_of({alone}), trace_of({sums}));
  EXPECT_EQ(text.find("whether the result of exp at program_test.cpp:"), 0U) << text;
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
    if (!is_pair(instruction)) continue;
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
  for (const Tensor& t : {from_data(std::vector<std::int64_t>{0, 2, 1, 1}, {4}),
                          tensor({0, 1, 0, 0.5, 0.25, 0.25, 1, 0, 0, 0.2, 0.3, 0.5}, {4, 3})}) {
    const auto loss_and_gradient = [&] {
      const Tensor loss = softmax_cross_entropy(z, t);
      // What needs the loss lies before the gradient in the trace, and has to wait for it.
      return std::vector<Tensor>{exp(loss), loss, grad(loss, z)};
    };
    const Program program = program_of(loss_and_gradient());
    int pairs = 0;
    for (const Instruction& instruction : program.instructions) {
      EXPECT_NE(program.steps[instruction.steps[0]].row->info.name, "softmax_cross_entropy");
      pairs += is_pair(instruction);
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
    EXPECT_FALSE(is_pair(instruction));
}

}  // namespace
}  // namespace chainrule
