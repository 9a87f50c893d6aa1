// Results that may lie where a leaf did: an optimizer's new numbers where its old ones are, if nobody needs
// those.
#include <algorithm>
#include <optional>

#include "kernels/simd/gemm.h"
#include "plan/cpu/fusion.h"
#include "plan/program.h"
#include "plan/uses.h"

namespace chainrule {
namespace {

/// Whether a kernel may throw when it sees the numbers. Of users' operations nothing is known.
bool may_fail(const OpRow& row) {
  const auto table = op_table();
  return row.checks_values || std::find(table.begin(), table.end(), &row) == table.end();
}

class Finder {
 public:
  Finder(const Trace& trace, Program& program)
      : p_(program), uses_(program), needed_(trace.leaves.size()), readers_(trace.leaves.size()) {
    find_needed_leaves(trace);
    for (std::size_t i = 0; i < p_.instructions.size(); ++i) {
      for (const std::int32_t s : p_.instructions[i].steps) {
        if (may_fail(*p_.steps[s].row)) last_to_fail_ = static_cast<std::int32_t>(i);
      }
    }
  }

  std::int32_t put_last() {
    std::vector<Instruction> early, late;
    for (std::size_t i = 0; i < p_.instructions.size(); ++i) {
      (can_wait(static_cast<std::int32_t>(i)) ? late : early).push_back(std::move(p_.instructions[i]));
    }
    const auto count = static_cast<std::int32_t>(early.size());
    std::move(late.begin(), late.end(), std::back_inserter(early));
    p_.instructions = std::move(early);
    return count;
  }

  void run() {
    for (std::int32_t i = last_to_fail_ + 1; i < static_cast<std::int32_t>(p_.instructions.size()); ++i) {
      if (p_.is_in_strip(i)) continue;  // its pieces take turns
      const Instruction& instruction = p_.instructions[i];
      for (std::size_t at = 0; at < instruction.steps.size(); ++at) {
        const std::optional<std::int32_t> leaf = leaf_below(instruction, at);
        if (!leaf || uses_.last_reader(*leaf) != i) continue;
        const std::int32_t number = p_.storages[*leaf].number;
        const Step& step = p_.steps[instruction.steps[at]];
        p_.takeovers.push_back({p_.storage_of(step.output).number, number, readers_[number]});
        needed_[number] = true;
      }
    }
  }

 private:
  /// What a node that will go on being there was made from can be asked for again.
  void find_needed_leaves(const Trace& trace) {
    std::vector<char> needed = trace.held.empty() ? trace.kept : trace.held;
    std::size_t end = trace.inputs.size();
    for (std::size_t i = trace.nodes.size(); i-- > 0;) {
      const std::size_t begin = end - trace.nodes[i]->input_count;
      for (; end > begin; --end) {
        const std::int32_t input = trace.inputs[end - 1];
        if (input >= 0) {
          needed[input] |= needed[i];
        } else {
          needed_[~input] |= needed[i];
          ++readers_[~input];
        }
      }
    }
    for (const Kept& kept : p_.kept) {  // a result that is a leaf
      const Storage& storage = p_.storage_of(kept.value);
      if (storage.place == Place::leaf) needed_[storage.number] = true;
    }
  }

  bool can_wait(std::int32_t instruction) const {
    const Instruction& found = p_.instructions[instruction];
    bool gains = false;
    for (std::size_t at = 0; at < found.steps.size(); ++at) {
      if (uses_.last_reader(p_.values[p_.steps[found.steps[at]].output].storage) > instruction) return false;
      const std::optional<std::int32_t> leaf = leaf_below(found, at);
      gains = gains || (leaf && (uses_.last_reader(*leaf) > instruction || last_to_fail_ > instruction));
    }
    return gains;
  }

  /// The storage of a leaf that the result of an instruction's step, counted from 0, could be written over,
  /// if only its instruction mattered.
  std::optional<std::int32_t> leaf_below(const Instruction& instruction, std::size_t at) const {
    const Value& result = p_.values[p_.steps[instruction.steps[at]].output];
    if (p_.storages[result.storage].place != Place::result || bytes_of(result) < kMinTakeoverBytes) return {};
    const bool is_fused = instruction.elementwise() != nullptr;
    const Product* product = instruction.product();
    const bool is_update =
        product != nullptr && product->base >= 0 && keeps_sums(p_.steps[instruction.steps[0]]);
    if (!is_fused && !is_update) return {};
    if (is_fused && p_.steps[instruction.steps[at]].row->cpu->run_block == nullptr) return {};
    for (const std::int32_t s : instruction.steps) {
      for (const std::int32_t input : p_.steps[s].inputs) {
        const Value& leaf = p_.values[input];
        if (!is_free(leaf) || leaf.shape.numel() != result.shape.numel() ||
            bytes_of(leaf) != bytes_of(result))
          continue;
        // Fused steps read by blocks, and know nothing of those on other arrays; a product reads its base by
        // tiles and all else before.
        const auto [first, last] = readers_of(leaf.storage, instruction);
        const std::size_t begin =
            is_fused ? at - at % instruction.steps_of_each() : instruction.steps.size() - 1;
        if (begin <= first && last <= at) return leaf.storage;
      }
    }
    return {};
  }

  bool is_free(const Value& value) const {
    const Storage& storage = p_.storages[value.storage];
    return storage.place == Place::leaf && !needed_[storage.number];
  }
  std::size_t bytes_of(const Value& value) const {
    return static_cast<std::size_t>(value.shape.numel()) * size_of(value.dtype);
  }
  /// Whether a matrix product never leaves unfinished sums in its result.
  bool keeps_sums(const Step& product) const {
    const Value& result = p_.values[product.output];
    const std::int64_t k = p_.values[product.inputs[0]].shape.numel() / result.shape[0];
    return k <=
           (result.dtype == DType::f32 ? kernels::Gemm<float>::kMaxDepth : kernels::Gemm<double>::kMaxDepth);
  }
  /// The first and the last step of an instruction that read what one of them does, counted from 0.
  std::pair<std::size_t, std::size_t> readers_of(std::int32_t storage, const Instruction& instruction) const {
    const auto is_read = [&](std::int32_t step) {
      const std::vector<std::int32_t>& inputs = p_.steps[step].inputs;
      return std::any_of(inputs.begin(), inputs.end(),
                         [&](std::int32_t input) { return p_.values[input].storage == storage; });
    };
    const std::vector<std::int32_t>& steps = instruction.steps;
    const auto first = std::find_if(steps.begin(), steps.end(), is_read);
    const auto behind_last = std::find_if(steps.rbegin(), steps.rend(), is_read).base();
    return {static_cast<std::size_t>(first - steps.begin()),
            static_cast<std::size_t>(behind_last - steps.begin()) - 1};
  }

  Program& p_;
  const Uses uses_;
  std::vector<char> needed_;            // by leaf
  std::vector<std::uint32_t> readers_;  // by leaf, nodes of the trace
  std::int32_t last_to_fail_ = -1;      // instruction
};

}  // namespace

std::int32_t put_updates_last(const Trace& trace, Program& program) {
  return Finder(trace, program).put_last();
}
void find_takeovers(const Trace& trace, Program& program) { Finder(trace, program).run(); }

}  // namespace chainrule
