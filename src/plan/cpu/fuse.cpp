// Which elementwise steps become one instruction.
#include <algorithm>

#include "plan/cpu/fusion.h"
#include "plan/program.h"

namespace chainrule {
namespace {

/// Steps of one shape that follow from each other are fused, as long as nobody outside needs an early result
/// before the last of them can be computed: they all run in the place of the last.
class Fuser {
 public:
  explicit Fuser(Program& program)
      : p_(program), writer_(p_.storages.size(), -1), users_(p_.steps.size()), group_(p_.steps.size(), -1) {
    for (std::size_t i = 0; i < p_.steps.size(); ++i) {
      const auto step = static_cast<std::int32_t>(i);
      for (const std::int32_t input : p_.steps[i].inputs) {
        const std::int32_t made_by = writer_[p_.values[input].storage];
        if (made_by >= 0) users_[made_by].push_back({step, p_.values[input].shape == shape_of(made_by)});
      }
      writer_[p_.values[p_.steps[i].output].storage] = step;
    }
  }

  void run() {
    for (std::size_t i = 0; i < p_.steps.size(); ++i) {
      const auto step = static_cast<std::int32_t>(i);
      if (!can_fuse(step)) continue;
      group_[i] = static_cast<std::int32_t>(groups_.size());
      groups_.push_back({step});
      for (const std::int32_t input : p_.steps[i].inputs) join(step, writer_[p_.values[input].storage]);
    }
    for (std::size_t i = 0; i < p_.steps.size(); ++i) {
      const auto step = static_cast<std::int32_t>(i);
      if (group_[i] < 0) {
        p_.instructions.push_back({{step}});
      } else if (const auto& steps = groups_[group_[i]]; steps.back() == step) {
        p_.instructions.push_back({steps});
        Instruction& instruction = p_.instructions.back();
        hide_inner_results(instruction);
        instruction.fusions.push_back(std::make_shared<Fusion>(p_, instruction.steps));
      }
    }
  }

 private:
  struct Use {
    std::int32_t step;
    bool is_whole;  // not through a view of another shape
  };

  const Shape& shape_of(std::int32_t step) const { return p_.values[p_.steps[step].output].shape; }

  bool can_fuse(std::int32_t step) const {
    const Step& s = p_.steps[step];
    return s.row->run_block != nullptr && is_floating(p_.values[s.inputs.back()].dtype);
  }

  /// Puts the group of an earlier step and that of the last one together, if it may be.
  void join(std::int32_t last, std::int32_t earlier) {
    if (earlier < 0 || group_[earlier] < 0 || group_[earlier] == group_[last]) return;
    if (shape_of(earlier) != shape_of(last)) return;
    const std::int32_t a = group_[earlier], b = group_[last];
    if (groups_[a].size() + groups_[b].size() > kMaxFusedSteps) return;
    for (const std::int32_t group : {a, b}) {
      for (const std::int32_t member : groups_[group]) {
        for (const Use& use : users_[member]) {
          const bool is_inside = group_[use.step] == a || group_[use.step] == b;
          if (is_inside ? !use.is_whole : use.step <= last) return;
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

  /// What nobody else reads needs no memory.
  void hide_inner_results(const Instruction& instruction) {
    for (const std::int32_t step : instruction.steps) {
      Storage& storage = p_.storage_of(p_.steps[step].output);
      const bool is_inner = std::all_of(users_[step].begin(), users_[step].end(),
                                        [&](const Use& use) { return group_[use.step] == group_[step]; });
      if (is_inner && storage.place == Place::arena) storage.place = Place::block;
    }
  }

  Program& p_;
  std::vector<std::int32_t> writer_;               // by storage
  std::vector<std::vector<Use>> users_;            // by step
  std::vector<std::int32_t> group_;                // by step; -1 for none
  std::vector<std::vector<std::int32_t>> groups_;  // of steps
};

}  // namespace

void fuse(Program& program) { Fuser(program).run(); }

}  // namespace chainrule
