#pragma once

#include <memory>
#include <span>
#include <vector>

#include "plan/cpu/executor.h"
#include "plan/trace.h"

namespace chainrule {

/// A program that is kept to be run again, and what is known of its runs.
struct CachedPlan {
  TraceKey key;
  std::uint64_t hash = 0;
  std::uint64_t operations = 0;  // a hash of the operations alone
  std::uint64_t runs = 0;
  std::size_t bytes = 0;  // that its instructions read and write
  Executor executor;
  bool is_running = false;
  /// What was run after it the last time; an address to compare, as the plan may be gone.
  const CachedPlan* followed_by = nullptr;

  explicit CachedPlan(const Trace& trace);

  /// Computes the results, in the way that CHAINRULE_MODE asks for, and says so if CHAINRULE_VERBOSE does.
  ///
  /// If it throws, the results are undefined.
  /// @param trace  one with this key; the other parameters are those of Executor::run.
  void run(const Trace& trace, std::span<void* const> leaves, std::span<void* const> results);
};

/// The plans that this thread has run lately, by their keys.
class PlanCache {
 public:
  static constexpr std::size_t kMaxPlans = 128;

  /// The plan of a trace: the one that was used last, the one that came after it before, or one that the hash
  /// finds; the whole key is compared. Null if there is none.
  std::shared_ptr<CachedPlan> find(const Trace& trace);
  /// Keeps a plan; the one that has been idle longest makes room.
  void keep(std::shared_ptr<CachedPlan> plan);
  /// The plan with the same operations that was run last, which can differ in shapes, attributes or what is
  /// kept. Null if there is none.
  std::shared_ptr<const CachedPlan> like(const CachedPlan& plan) const;

  std::size_t size() const { return plans_.size(); }
  /// Plans that were ever kept.
  std::size_t plans_made() const { return plans_made_; }

  /// Bytes that the instructions of all runs read and wrote, each array once an instruction.
  std::uint64_t bytes_moved = 0;

  static PlanCache& of_this_thread();

 private:
  std::vector<std::shared_ptr<CachedPlan>> plans_;  // the latest first
  std::size_t plans_made_ = 0;
};

}  // namespace chainrule
