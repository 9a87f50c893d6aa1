#include "plan/cache.h"

#include <algorithm>
#include <bit>
#include <optional>

#include "ops/op.h"
#include "plan/dump.h"
#include "plan/reference.h"
#include "plan/report.h"

namespace chainrule {
namespace {

/// Marks a plan as being run: a kernel that evaluates tensors by itself must not find it.
class RunningScope {
 public:
  explicit RunningScope(CachedPlan& plan) : plan_(plan) { plan_.is_running = true; }
  ~RunningScope() { plan_.is_running = false; }
  RunningScope(const RunningScope&) = delete;
  RunningScope& operator=(const RunningScope&) = delete;

 private:
  CachedPlan& plan_;
};

}  // namespace

CachedPlan::CachedPlan(const Trace& trace) : key(trace), hash(trace.hash()), executor(compile(trace)) {
  for (std::size_t i = 0; i < executor.program().instructions.size(); ++i) {
    bytes += chainrule::bytes(executor.program(), i);
  }
  for (const Node* node : trace.nodes) {
    operations =
        (std::rotl(operations, 7) ^ reinterpret_cast<std::uintptr_t>(node->op)) * 0x9E3779B97F4A7C15u;
  }
  executor.set_timed(verbosity() >= 2);
}

void CachedPlan::run(const Trace& trace, std::span<void* const> leaves, std::span<void* const> results) {
  const RunningScope scope(*this);
  const Mode mode = chainrule::mode();
  std::optional<Reference> reference;
  if (mode != Mode::lazy) reference.emplace(trace, leaves);
  if (mode == Mode::eager) {
    reference->copy_to(executor.program(), results);
  } else {
    executor.run(leaves, results, trace.nodes);
    if (verbosity() >= 1) report_run(*this, trace);
  }
  if (mode == Mode::verify) reference->verify(executor.program(), leaves, results);
  ++runs;
  PlanCache::of_this_thread().bytes_moved += bytes;
}

std::shared_ptr<CachedPlan> PlanCache::find(const Trace& trace) {
  if (plans_.empty()) return nullptr;
  // Most steps are like the one before, or are several in the same order; comparing costs less than the hash.
  CachedPlan& last = *plans_.front();
  if (last.key == trace) return plans_.front();
  auto found = std::find_if(plans_.begin(), plans_.end(),
                            [&](const auto& plan) { return plan.get() == last.followed_by; });
  if (found == plans_.end() || (*found)->key != trace) {
    const std::uint64_t hash = trace.hash();
    found = std::find_if(plans_.begin(), plans_.end(),
                         [&](const auto& plan) { return plan->hash == hash && plan->key == trace; });
    if (found == plans_.end()) return nullptr;
    last.followed_by = found->get();
  }
  std::rotate(plans_.begin(), found, found + 1);
  return plans_.front();
}

void PlanCache::keep(std::shared_ptr<CachedPlan> plan) {
  if (!plans_.empty()) plans_.front()->followed_by = plan.get();
  if (plans_.size() == kMaxPlans) plans_.pop_back();
  plans_.insert(plans_.begin(), std::move(plan));
  ++plans_made_;
}

std::shared_ptr<const CachedPlan> PlanCache::like(const CachedPlan& plan) const {
  const auto found = std::find_if(plans_.begin(), plans_.end(),
                                  [&](const auto& other) { return other->operations == plan.operations; });
  return found == plans_.end() ? nullptr : *found;
}

PlanCache& PlanCache::of_this_thread() {
  thread_local PlanCache cache;
  return cache;
}

}  // namespace chainrule
