// Where the program's arrays lie: those whose lifetimes do not meet share memory.
#include <algorithm>
#include <map>

#include "core/memory.h"
#include "plan/program.h"
#include "plan/uses.h"

namespace chainrule {
namespace {

constexpr std::size_t kAlignment = 64;

/// The free pieces of a growing arena; the smallest that fits is given out.
class Arena {
 public:
  std::size_t take(std::size_t bytes) {
    auto best = free_.end();
    for (auto piece = free_.begin(); piece != free_.end(); ++piece) {
      if (piece->second >= bytes && (best == free_.end() || piece->second < best->second)) best = piece;
    }
    if (best == free_.end()) {
      // The last piece grows, if it reaches the end.
      std::size_t offset = size_;
      if (!free_.empty()) {
        const auto last = std::prev(free_.end());
        if (last->first + last->second == size_) {
          offset = last->first;
          free_.erase(last);
        }
      }
      if (__builtin_add_overflow(offset, bytes, &size_)) throw_no_memory(SIZE_MAX);
      return offset;
    }
    const auto [offset, size] = *best;
    free_.erase(best);
    if (size > bytes) free_.emplace(offset + bytes, size - bytes);
    return offset;
  }

  void give(std::size_t offset, std::size_t bytes) {
    const auto next = free_.lower_bound(offset);
    if (next != free_.end() && next->first == offset + bytes) {
      bytes += next->second;
      free_.erase(next);
    }
    const auto after = free_.lower_bound(offset);
    if (after != free_.begin()) {
      const auto before = std::prev(after);
      if (before->first + before->second == offset) {
        before->second += bytes;
        return;
      }
    }
    free_.emplace(offset, bytes);
  }

  std::size_t size() const { return size_; }

 private:
  std::map<std::size_t, std::size_t> free_;  // bytes by offset
  std::size_t size_ = 0;
};

/// Each piece passes through all instructions of a strip: what is there as a whole must stay to the last.
void keep_through(const Strip& strip, Program& program) {
  const auto keep = [&](std::int32_t value) {
    Storage& storage = program.storage_of(value);
    if (storage.place == Place::piece) return;
    if (storage.first >= strip.begin) storage.first = strip.begin;
    storage.last = std::max(storage.last, strip.end - 1);
  };
  for (std::int32_t i = strip.begin; i < strip.end; ++i) {
    if (const std::int32_t kept = program.instructions[i].kept; kept >= 0) {
      program.storages[kept].first = strip.begin;
      program.storages[kept].last = strip.end - 1;
    }
    for (const std::int32_t s : program.instructions[i].steps) {
      keep(program.steps[s].output);
      for (const std::int32_t input : program.steps[s].inputs) keep(input);
    }
  }
}

}  // namespace

void assign_memory(Program& program) {
  const auto count = static_cast<std::int32_t>(program.instructions.size());
  std::vector<std::vector<std::int32_t>> begins(count), ends(count);
  const Uses uses(program);
  for (std::size_t s = 0; s < program.storages.size(); ++s) {
    const auto storage = static_cast<std::int32_t>(s);
    program.storages[s].first = uses.writer(storage);
    program.storages[s].last = std::max(uses.writer(storage), uses.last_reader(storage));
  }
  for (const Strip& strip : program.strips) keep_through(strip, program);
  for (std::size_t s = 0; s < program.storages.size(); ++s) {
    const Storage& storage = program.storages[s];
    if ((storage.place != Place::arena && storage.place != Place::piece) || storage.first < 0) continue;
    begins[storage.first].push_back(static_cast<std::int32_t>(s));
    ends[storage.last].push_back(static_cast<std::int32_t>(s));
  }
  Arena arena;
  const auto rounded = [](std::size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; };
  for (std::int32_t i = 0; i < count; ++i) {
    for (const std::int32_t s : begins[i]) {
      program.storages[s].offset = arena.take(rounded(std::max<std::size_t>(1, program.storages[s].bytes)));
    }
    for (const std::int32_t s : ends[i]) {
      arena.give(program.storages[s].offset, rounded(std::max<std::size_t>(1, program.storages[s].bytes)));
    }
  }
  program.arena_bytes = arena.size();
}

}  // namespace chainrule
