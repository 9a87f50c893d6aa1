// Two steps that one kernel can do in one pass: a pooling and the numbers for its gradient, a loss and its
// gradient.
#include <algorithm>
#include <set>

#include "plan/program.h"

namespace chainrule {
namespace {

bool have_same_attributes(const Step& a, const Step& b) {
  std::vector<std::uint64_t> first, second;
  a.append_key(first);
  b.append_key(second);
  return first == second;
}

/// Whether the kernel of a step can make the result of another one as well.
bool makes_also(const Step& step, const Step& other) {
  return other.row == step.row->cpu->makes_also && other.inputs.size() <= step.inputs.size() &&
         std::equal(other.inputs.begin(), other.inputs.end(), step.inputs.begin()) &&
         have_same_attributes(step, other);
}

/// Moves what needs the result of instruction `first`, between that and instruction `last`, behind both.
/// Returns where `last` is then; -1, and nothing moved, if that needs it itself.
std::ptrdiff_t bring_near(Program& program, std::ptrdiff_t first, std::ptrdiff_t last) {
  std::set<std::int32_t> late;  // storages
  const auto is_late = [&](const Instruction& instruction) {
    bool needs = false;
    for (const std::int32_t s : instruction.steps) {
      for (const std::int32_t input : program.steps[s].inputs)
        needs |= late.contains(program.values[input].storage);
    }
    return needs;
  };
  const auto make_late = [&](const Instruction& instruction) {
    for (const std::int32_t s : instruction.steps)
      late.insert(program.values[program.steps[s].output].storage);
  };
  make_late(program.instructions[first]);
  std::vector<Instruction> early, moved;
  for (std::ptrdiff_t i = first + 1; i <= last; ++i) {
    const Instruction& instruction = program.instructions[i];
    if (!is_late(instruction)) {
      early.push_back(instruction);
    } else if (i == last) {
      return -1;
    } else {
      make_late(instruction);
      moved.push_back(instruction);
    }
  }
  const auto end = std::move(early.begin(), early.end(), program.instructions.begin() + first + 1);
  std::move(moved.begin(), moved.end(), end);
  return end - program.instructions.begin() - 1;
}

}  // namespace

void join_pairs(Program& program) {
  std::vector<Instruction>& all = program.instructions;
  const auto step_of = [&](const Instruction& i) -> const Step& { return program.steps[i.steps[0]]; };
  const auto is_call = [](const Instruction& i) { return std::holds_alternative<Call>(i.kind); };
  for (std::ptrdiff_t maker = 0; maker < std::ssize(all); ++maker) {
    if (!is_call(all[maker]) || step_of(all[maker]).row->cpu->makes_also == nullptr) continue;
    const auto other = std::find_if(all.begin(), all.end(), [&](const Instruction& instruction) {
      return is_call(instruction) && makes_also(step_of(all[maker]), step_of(instruction));
    });
    if (other == all.end()) continue;
    Instruction pair{{all[maker].steps[0], other->steps[0]}, Pair{}};
    const std::ptrdiff_t at = other - all.begin(), first = std::min(maker, at);
    const std::ptrdiff_t last = bring_near(program, first, std::max(maker, at));
    if (last < 0) continue;
    all[last] = std::move(pair);
    all.erase(all.begin() + first);
    maker = first - 1;  // what was behind it has moved up
  }
}

}  // namespace chainrule
