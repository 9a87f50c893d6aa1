// Reductions of what a fused instruction makes become part of it: elements are added up while they are in the
// first cache, and need no memory if nobody else reads them.
#include <algorithm>

#include "plan/cpu/fusion.h"
#include "plan/program.h"

namespace chainrule {
namespace {

// Columns of a block; of more, so many rows as are reduced at once would not stay near.
constexpr std::int64_t kMaxColumns = 2048;

class Joiner {
 public:
  explicit Joiner(Program& program) : p_(program), writer_(p_.storages.size(), -1) {
    for (std::size_t i = 0; i < p_.instructions.size(); ++i) {
      for (const std::int32_t s : p_.instructions[i].steps) {
        writer_[p_.values[p_.steps[s].output].storage] = static_cast<std::int32_t>(i);
      }
    }
  }

  void run() {
    std::vector<char> has_grown(p_.instructions.size());
    for (Instruction& instruction : p_.instructions) {
      const std::int32_t into = instruction.steps.size() == 1 ? maker_to_join(instruction.steps[0]) : -1;
      if (into < 0) continue;
      p_.instructions[into].steps.push_back(instruction.steps[0]);
      has_grown[into] = true;
      instruction.steps.clear();
    }
    for (std::size_t i = 0; i < p_.instructions.size(); ++i) {
      Instruction& instruction = p_.instructions[i];
      if (!has_grown[i]) continue;
      hide_inner_results(instruction);
      instruction.fusions = {std::make_shared<Fusion>(p_, instruction.steps)};
    }
    std::erase_if(p_.instructions, [](const Instruction& i) { return i.steps.empty(); });
  }

 private:
  std::optional<BlockReduction> reduction(std::int32_t step) const {
    const Step& s = p_.steps[step];
    const Value& from = p_.values[s.inputs[0]];
    return as_block_reduction(*s.row, s.attribute(), from.dtype, from.shape);
  }

  /// The fused instruction that makes what the step reduces, if the step can become part of it, -1 if not. It
  /// can run there, as it reads nothing else.
  std::int32_t maker_to_join(std::int32_t step) const {
    const auto block = reduction(step);
    if (!block || block->outer * block->size * block->inner == 0 || block->inner > kMaxColumns) return -1;
    const std::int32_t maker = writer_[p_.values[p_.steps[step].inputs[0]].storage];
    if (maker < 0 || !p_.instructions[maker].is_fused()) return -1;
    const std::vector<std::int32_t>& steps = p_.instructions[maker].steps;
    if (steps.size() == kMaxFusedSteps) return -1;
    if (p_.steps[steps.back()].row->run_block != nullptr) return maker;
    // A reduction that is there already takes the pieces that it needs.
    const auto other = reduction(steps.back());
    return other->size == block->size && other->inner == block->inner ? maker : -1;
  }

  void hide_inner_results(const Instruction& instruction) {
    for (const std::int32_t step : instruction.steps) {
      Storage& storage = p_.storage_of(p_.steps[step].output);
      if (storage.place != Place::arena || p_.steps[step].row->run_block == nullptr) continue;
      const bool is_inner =
          std::none_of(p_.instructions.begin(), p_.instructions.end(), [&](const Instruction& other) {
            return &other != &instruction && p_.reads(other, p_.values[p_.steps[step].output].storage);
          });
      if (is_inner) storage.place = Place::block;
    }
  }

  Program& p_;
  std::vector<std::int32_t> writer_;  // instructions, by storage
};

}  // namespace

void join_reductions(Program& program) { Joiner(program).run(); }

}  // namespace chainrule
