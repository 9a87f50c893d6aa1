// Fused instructions that do the same to arrays of their own, and are one.
#include "chainrule/plan.h"
#include "plan_test.h"

namespace chainrule {
namespace {

class AlikeInstructions : public Programs {};

/// How many fusions each fused instruction has.
std::vector<std::size_t> fusions(const Program& program) {
  std::vector<std::size_t> counts;
  for (const Instruction& instruction : program.instructions) {
    if (instruction.elementwise() != nullptr) counts.push_back(instruction.elementwise()->fusions.size());
  }
  return counts;
}

using Counts = std::vector<std::size_t>;

TEST_F(AlikeInstructions, UpdateAllParametersInOneInstruction) {
  std::vector<Tensor> next;
  for (const Shape& shape : {Shape{4, 3}, Shape{3}, Shape{2, 5, 3}, Shape{}, Shape{7000}}) {
    const Tensor m = 0.9 * drawn(shape, 1) + 0.1 * drawn(shape, 2);
    next.insert(next.end(), {drawn(shape, 3) - 0.01 * m / (sqrt(square(m)) + 1e-8), m});
  }
  const Trace trace = trace_of(next);
  const Program program = compile(trace);
  EXPECT_EQ(fusions(program), Counts{5});
  const std::string text = to_string(program, trace);
  EXPECT_NE(text.find("}\n    and { "), std::string::npos) << text;
}

TEST_F(AlikeInstructions, JoinOnlyWhatDoesTheSame) {
  const Tensor a = drawn({40}, 1), b = drawn({50}, 2), c = drawn({60}, 3);
  EXPECT_EQ(fusions(program_of({a * 2 + a, b * 3 + b})), Counts{2});
  EXPECT_EQ(fusions(program_of({a * 2 + a, b * 2 - b, c * c + c})), (Counts{1, 1, 1}));
  EXPECT_EQ(fusions(program_of({exp(a), exp(detach(cast(b, f64)))})), (Counts{1, 1}));
  EXPECT_EQ(fusions(program_of({exp(a), exp(zeros({0}))})), (Counts{1, 1}));
}

TEST_F(AlikeInstructions, JoinNothingThatWaitsForTheOther) {
  const Tensor a = drawn({40, 40}, 1), b = drawn({30, 30}, 2);
  EXPECT_EQ(fusions(program_of({exp(matmul(exp(a), a)), exp(b)})), (Counts{1, 2}));
}

// Each of the eight reads what is made right before it. All in one instruction would need 2 MB for that.
TEST_F(AlikeInstructions, KeepLittleWaitingForAJoinedInstruction) {
  std::vector<Tensor> next, made;
  for (std::uint64_t i = 0; i < 8; ++i) {
    const Tensor value = drawn({1, 65536}, i);
    made.push_back(softmax(value));
    next.push_back(value - 0.1 * made.back());
  }
  std::vector<Tensor> all = next;
  all.insert(all.end(), made.begin(), made.end());
  EXPECT_EQ(fusions(program_of(all)), Counts{8});  // somebody holds what they read
  made.clear();
  all.clear();
  const Program program = program_of(next);
  EXPECT_EQ(fusions(program), (Counts{2, 2, 2, 2}));
  EXPECT_EQ(program.arena_bytes, 2 * 65536 * sizeof(float));
}

TEST_F(AlikeInstructions, JoinAroundAStrip) {
  const Tensor x = drawn({200, 8, 28, 28}, 1), w = drawn({8, 8, 3, 3}, 2), b = drawn({8}, 3);
  const Tensor first = drawn({20}, 4), last = drawn({30}, 5);
  const std::vector<Tensor> outputs{first * 2 + 1, max_pool2d(relu(conv2d(x, w, b, {.padding = 1})), 2),
                                    last * 3 + 2};
  const Program program = program_of(outputs);
  ASSERT_EQ(program.strips.size(), 1);
  const Instruction& start = program.instructions[static_cast<std::size_t>(program.strips[0].begin)];
  EXPECT_EQ(program.steps[start.steps[0]].row->info.name, "conv");
  EXPECT_EQ(fusions(program).back(), 2);
  for (std::size_t i = 0; i < 20; ++i) {
    EXPECT_EQ(outputs[0].data<float>()[i], first.data<float>()[i] * 2 + 1);
  }
}

// Both fit over the old numbers alone, but each reads those of the other, at a time that nobody knows.
TEST_F(AlikeInstructions, WriteOverNothingThatJoinedStepsRead) {
  const Tensor a = drawn({50, 40}, 1), b = drawn({50, 40}, 2), c = drawn({50, 40}, 3);
  EXPECT_EQ(make_plan({a - 0.1 * b, b - 0.1 * a}, {a, b}).dump().find("may lie"), std::string::npos);
  const std::string apart = make_plan({a - 0.1 * c, b - 0.1 * c}, {a, b}).dump();
  EXPECT_NE(apart.find("result0 may lie"), std::string::npos) << apart;
  EXPECT_NE(apart.find("result1 may lie"), std::string::npos) << apart;
}

}  // namespace
}  // namespace chainrule
