// Which elementwise steps become one instruction.
#include <algorithm>

#include "plan/cpu/fusion.h"
#include "plan/program.h"
#include "plan/uses.h"

namespace chainrule {
namespace {

/// Steps of one shape that follow from each other are fused, as long as nobody outside needs an early result
/// before the last of them can be computed: they all run in the place of the last.
class Fuser {
 public:
  /// @param program  with an instruction for each step.
  explicit Fuser(Program& program) : p_(program), uses_(program), group_(p_.steps.size(), -1) {}

  void run() {
    for (std::size_t i = 0; i < p_.steps.size(); ++i) {
      const auto step = static_cast<std::int32_t>(i);
      if (!can_fuse(step)) continue;
      group_[i] = static_cast<std::int32_t>(groups_.size());
      groups_.push_back({step});
      for (const std::int32_t input : p_.steps[i].inputs) join(step, uses_.writer(p_.values[input].storage));
    }
    p_.instructions.clear();
    for (std::size_t i = 0; i < p_.steps.size(); ++i) {
      const auto step = static_cast<std::int32_t>(i);
      if (group_[i] < 0) {
        p_.instructions.push_back({{step}});
      } else if (const auto& steps = groups_[group_[i]]; steps.back() == step) {
        p_.instructions.push_back({steps, Elementwise{}});
      }
    }
    const Uses uses(p_);
    for (Instruction& instruction : p_.instructions) {
      auto* elementwise = std::get_if<Elementwise>(&instruction.kind);
      if (elementwise == nullptr) continue;
      hide_inner_results(p_, uses, instruction);
      elementwise->fusions.push_back(std::make_shared<Fusion>(p_, instruction.steps));
    }
  }

 private:
  const Shape& shape_of(std::int32_t step) const { return p_.values[p_.steps[step].output].shape; }

  bool can_fuse(std::int32_t step) const {
    const Step& s = p_.steps[step];
    return s.row->cpu->run_block != nullptr && is_floating(p_.values[s.inputs.back()].dtype);
  }

  /// Whether a step reads another's result as it is, and nowhere through a view of another shape.
  bool reads_as_it_is(std::int32_t reader, std::int32_t made_by) const {
    const Value& made = p_.values[p_.steps[made_by].output];
    const std::vector<std::int32_t>& inputs = p_.steps[reader].inputs;
    return std::none_of(inputs.begin(), inputs.end(), [&](std::int32_t input) {
      return p_.values[input].storage == made.storage && p_.values[input].shape != made.shape;
    });
  }

  /// Puts the group of an earlier step and that of the last one together, if it may be.
  void join(std::int32_t last, std::int32_t earlier) {
    if (earlier < 0 || group_[earlier] < 0 || group_[earlier] == group_[last]) return;
    if (shape_of(earlier) != shape_of(last)) return;
    const std::int32_t a = group_[earlier], b = group_[last];
    if (groups_[a].size() + groups_[b].size() > kMaxFusedSteps) return;
    for (const std::int32_t group : {a, b}) {
      for (const std::int32_t member : groups_[group]) {
        for (const std::int32_t user : uses_.readers(p_.values[p_.steps[member].output].storage)) {
          const bool is_inside = group_[user] == a || group_[user] == b;
          if (is_inside ? !reads_as_it_is(user, member) : user <= last) return;
        }
      }
    }
    std::vector<std::int32_t> both;
    std::merge(groups_[a].begin(), groups_[a].end(), groups_[b].begin(), groups_[b].end(),
               std::back_inserter(both));
    for (const std::int32_t member : both) group_[member] = b;
    groups_[a].clear();
    groups_[b] = std::move(both);
  }

  Program& p_;
  const Uses uses_;
  std::vector<std::int32_t> group_;                // by step; -1 for none
  std::vector<std::vector<std::int32_t>> groups_;  // of steps
};

}  // namespace

void fuse(Program& program) { Fuser(program).run(); }

}  // namespace chainrule
