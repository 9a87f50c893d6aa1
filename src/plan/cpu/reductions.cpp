// Reductions of what a fused instruction makes become part of it: elements are added up while they are in the
// first cache, and need no memory if nobody else reads them.
#include <algorithm>

#include "plan/cpu/fusion.h"
#include "plan/program.h"
#include "plan/uses.h"

namespace chainrule {
namespace {

// Columns of a block; of more, so many rows as are reduced at once would not stay near.
constexpr std::int64_t kMaxColumns = 2048;

class Joiner {
 public:
  explicit Joiner(Program& program) : p_(program), uses_(program) {}

  void run() {
    std::vector<Instruction*> grown;
    for (Instruction& instruction : p_.instructions) {
      const std::int32_t into = instruction.steps.size() == 1 ? maker_to_join(instruction.steps[0]) : -1;
      if (into < 0) continue;
      Instruction& maker = p_.instructions[into];
      if (p_.steps[maker.steps.back()].row->cpu->run_block != nullptr) grown.push_back(&maker);
      maker.steps.push_back(instruction.steps[0]);
      instruction.steps.clear();
    }
    const Uses uses(p_);
    for (Instruction* instruction : grown) {
      hide_inner_results(p_, uses, *instruction);
      instruction->kind = Elementwise{{std::make_shared<Fusion>(p_, instruction->steps)}};
    }
    std::erase_if(p_.instructions, [](const Instruction& i) { return i.steps.empty(); });
  }

 private:
  /// The fused instruction that makes what the step reduces, if the step can become part of it, -1 if not. It
  /// can run there, as it reads nothing else.
  std::int32_t maker_to_join(std::int32_t step) const {
    const auto block = block_reduction(p_, p_.steps[step]);
    if (!block || block->outer * block->size * block->inner == 0 || block->inner > kMaxColumns) return -1;
    const std::int32_t maker = uses_.writer(p_.values[p_.steps[step].inputs[0]].storage);
    if (maker < 0 || p_.instructions[maker].elementwise() == nullptr) return -1;
    const std::vector<std::int32_t>& steps = p_.instructions[maker].steps;
    if (steps.size() == kMaxFusedSteps) return -1;
    if (p_.steps[steps.back()].row->cpu->run_block != nullptr) return maker;
    // A reduction that is there already takes the pieces that it needs.
    const auto other = block_reduction(p_, p_.steps[steps.back()]);
    return other->size == block->size && other->inner == block->inner ? maker : -1;
  }

  Program& p_;
  const Uses uses_;
};

}  // namespace

void join_reductions(Program& program) { Joiner(program).run(); }

}  // namespace chainrule
