// Fused instructions that do the same to arrays of their own become one, say an optimizer's update of all
// parameters: most are too small to be worth a dispatch, let alone threads, and none waits for another.
#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include "plan/cpu/fusion.h"
#include "plan/program.h"
#include "plan/uses.h"

namespace chainrule {
namespace {

// All run in the place of the last of them, so what the others read has to wait: gradients that would have
// used the same memory one after the other. As much may wait as stays in the second cache; larger arrays are
// work enough for an instruction of their own. Leaves and results are there anyway, and do not count.
constexpr std::size_t kMaxWaitingBytes = 512 * 1024;

class Joiner {
 public:
  explicit Joiner(Program& program) : p_(program), uses_(program) {}

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
    if (instruction.elementwise() == nullptr || p_.is_in_strip(i)) return false;
    const Fusion& fusion = *instruction.elementwise()->fusions[0];
    return fusion.count() > 0 && !fusion.reduces();
  }

  void add(std::int32_t i) {
    const std::size_t bytes = waiting_bytes(i);
    if (bytes > kMaxWaitingBytes) return;
    Group& group = open_[key_of(i)];
    if (group.wanted_at <= i || group.waiting_bytes + bytes > kMaxWaitingBytes) finish(group);
    group.members.push_back(i);
    group.waiting_bytes += bytes;
    for (const std::int32_t s : p_.instructions[i].steps) {
      const auto readers = uses_.readers(p_.values[p_.steps[s].output].storage);
      if (!readers.empty()) group.wanted_at = std::min(group.wanted_at, readers.front());
    }
  }

  std::size_t waiting_bytes(std::int32_t i) const {
    std::set<std::int32_t> waiting;
    for (const std::int32_t s : p_.instructions[i].steps) {
      for (const std::int32_t input : p_.steps[s].inputs) {
        const std::int32_t storage = p_.values[input].storage;
        if (p_.storages[storage].place == Place::arena && uses_.last_reader(storage) == i)
          waiting.insert(storage);
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
      key.push_back(reinterpret_cast<std::uintptr_t>(step.row));
      step.append_key(key);
      for (const std::int32_t input : step.inputs) add(input);
      add(step.output);
    }
    return key;
  }

  /// Makes the members one instruction, in the place of the last. Those before it are left empty.
  void finish(Group& group) {
    Instruction joined;
    Elementwise& all = joined.kind.emplace<Elementwise>();
    for (const std::int32_t member : group.members) {
      Instruction& instruction = p_.instructions[member];
      joined.steps.insert(joined.steps.end(), instruction.steps.begin(), instruction.steps.end());
      all.fusions.push_back(instruction.elementwise()->fusions[0]);
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
  const Uses uses_;
  std::map<std::vector<std::uint64_t>, Group> open_;  // by what they do
};

}  // namespace

void join_alike(Program& program) { Joiner(program).run(); }

}  // namespace chainrule
