// Fused instructions that do the same to arrays of their own become one, say an optimizer's update of all
// parameters: most are too small to be worth a dispatch, let alone threads, and none waits for another.
#include <algorithm>
#include <bit>
#include <limits>
#include <map>
#include <set>

#include "plan/cpu/fusion.h"
#include "plan/program.h"

namespace chainrule {
namespace {

// All run in the place of the last of them, so what the others read has to wait: gradients that would have
// used the same memory one after the other. As much may wait as stays in the second cache; larger arrays are
// work enough for an instruction of their own. Leaves and results are there anyway, and do not count.
constexpr std::size_t kMaxWaitingBytes = 512 * 1024;

class Joiner {
 public:
  explicit Joiner(Program& program)
      : p_(program),
        writer_(p_.storages.size(), -1),
        first_reader_(p_.storages.size(), kNever),
        last_reader_(p_.storages.size(), -1) {
    for (std::int32_t i = 0; i < count(); ++i) {
      for (const std::int32_t s : p_.instructions[i].steps) {
        for (const std::int32_t input : p_.steps[s].inputs) {
          const std::int32_t storage = p_.values[input].storage;
          if (writer_[storage] == i) continue;  // inside the instruction
          first_reader_[storage] = std::min(first_reader_[storage], i);
          last_reader_[storage] = i;
        }
        writer_[p_.values[p_.steps[s].output].storage] = i;
      }
    }
  }

  void run() {
    for (std::int32_t i = 0; i < count(); ++i) {
      if (can_join(i)) add(i);
    }
    for (auto& [key, group] : open_) finish(group);
    remove_emptied();
  }

 private:
  static constexpr std::int32_t kNever = std::numeric_limits<std::int32_t>::max();

  /// Instructions that can run in the place of the last of them.
  struct Group {
    std::vector<std::int32_t> members;
    std::size_t waiting_bytes = 0;    // of what nobody after the members reads
    std::int32_t wanted_at = kNever;  // the first instruction that reads what one of them makes
  };

  std::int32_t count() const { return static_cast<std::int32_t>(p_.instructions.size()); }

  bool can_join(std::int32_t i) const {
    const Instruction& instruction = p_.instructions[i];
    const auto is_around = [i](const Strip& strip) { return strip.begin <= i && i < strip.end; };
    return instruction.is_fused() && instruction.fusions[0]->count() > 0 &&
           !instruction.fusions[0]->reduces() && std::none_of(p_.strips.begin(), p_.strips.end(), is_around);
  }

  void add(std::int32_t i) {
    const std::size_t bytes = waiting_bytes(i);
    if (bytes > kMaxWaitingBytes) return;
    Group& group = open_[key_of(i)];
    if (group.wanted_at <= i || group.waiting_bytes + bytes > kMaxWaitingBytes) finish(group);
    group.members.push_back(i);
    group.waiting_bytes += bytes;
    for (const std::int32_t s : p_.instructions[i].steps) {
      group.wanted_at = std::min(group.wanted_at, first_reader_[p_.values[p_.steps[s].output].storage]);
    }
  }

  std::size_t waiting_bytes(std::int32_t i) const {
    std::set<std::int32_t> waiting;
    for (const std::int32_t s : p_.instructions[i].steps) {
      for (const std::int32_t input : p_.steps[s].inputs) {
        const std::int32_t storage = p_.values[input].storage;
        if (p_.storages[storage].place == Place::arena && last_reader_[storage] == i) waiting.insert(storage);
      }
    }
    std::size_t bytes = 0;
    for (const std::int32_t storage : waiting) bytes += p_.storages[storage].bytes;
    return bytes;
  }

  /// What an instruction does: its operations, their attributes and dtypes, and which of its arrays each
  /// takes and makes. Not the shapes.
  std::vector<std::uint64_t> key_of(std::int32_t i) const {
    std::vector<std::uint64_t> key;
    std::map<std::int32_t, std::uint64_t> numbers;  // of its storages, as they are met
    const auto add = [&](std::int32_t value) {
      const Value& v = p_.values[value];
      key.push_back(numbers.try_emplace(v.storage, numbers.size()).first->second);
      key.push_back(static_cast<std::uint64_t>(v.dtype));
    };
    for (const std::int32_t s : p_.instructions[i].steps) {
      const Step& step = p_.steps[s];
      key.push_back(std::bit_cast<std::uint64_t>(step.row));
      if (step.row->key != nullptr) step.row->key(step.attribute(), key);
      for (const std::int32_t input : step.inputs) add(input);
      add(step.output);
    }
    return key;
  }

  /// Makes the members one instruction, in the place of the last. Those before it are left empty.
  void finish(Group& group) {
    Instruction joined;
    for (const std::int32_t member : group.members) {
      Instruction& instruction = p_.instructions[member];
      joined.steps.insert(joined.steps.end(), instruction.steps.begin(), instruction.steps.end());
      joined.fusions.push_back(std::move(instruction.fusions[0]));
      instruction = {};
    }
    if (!group.members.empty()) p_.instructions[group.members.back()] = std::move(joined);
    group = {};
  }

  void remove_emptied() {
    const auto is_empty = [](const Instruction& instruction) { return instruction.steps.empty(); };
    const auto begin = p_.instructions.begin();
    for (Strip& strip : p_.strips) {
      const auto gone = static_cast<std::int32_t>(std::count_if(begin, begin + strip.begin, is_empty));
      strip.begin -= gone;
      strip.end -= gone;
    }
    std::erase_if(p_.instructions, is_empty);
  }

  Program& p_;
  std::vector<std::int32_t> writer_, first_reader_, last_reader_;  // instructions, by storage
  std::map<std::vector<std::uint64_t>, Group> open_;               // by what they do
};

}  // namespace

void join_alike(Program& program) { Joiner(program).run(); }

}  // namespace chainrule
