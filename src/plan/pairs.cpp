// Two steps on the same inputs that one kernel can do in one pass: a pooling and the numbers for its
// gradient.
#include <algorithm>

#include "plan/program.h"

namespace chainrule {
namespace {

bool have_same_attributes(const Step& a, const Step& b) {
  std::vector<std::uint64_t> first, second;
  if (a.row->key != nullptr) a.row->key(a.attribute(), first);
  if (b.row->key != nullptr) b.row->key(b.attribute(), second);
  return first == second;
}

}  // namespace

void join_pairs(Program& program) {
  std::vector<Instruction>& all = program.instructions;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Step& step = program.steps[all[i].steps[0]];
    if (all[i].is_fused() || step.row->makes_also.empty()) continue;
    const auto other = std::find_if(all.begin(), all.end(), [&](const Instruction& instruction) {
      const Step& twin = program.steps[instruction.steps[0]];
      return !instruction.is_fused() && twin.row->info.name == step.row->makes_also &&
             twin.inputs == step.inputs && have_same_attributes(twin, step);
    });
    if (other == all.end()) continue;
    // In the place of the earlier one: what they read is there for both.
    Instruction pair{{all[i].steps[0], other->steps[0]}};
    pair.is_pair = true;
    const auto at = static_cast<std::size_t>(other - all.begin());
    all[std::min(i, at)] = std::move(pair);
    all.erase(all.begin() + static_cast<std::ptrdiff_t>(std::max(i, at)));
    i = std::min(i, at);
  }
}

}  // namespace chainrule
