// From tensors that are asked for to numbers: trace, find or make the plan, run it.
#include <algorithm>

#include "core/interruption.h"
#include "core/reused.h"
#include "plan/cache.h"
#include "plan/renew.h"
#include "plan/report.h"

namespace chainrule {
namespace {

/// What a run needs beside the plan, kept for the next run.
struct Workspace {
  Tracer tracer;
  Trace trace;
  std::vector<Node*> outputs;
  std::vector<Buffer> results;
  std::vector<void*> leaf_memory, result_memory;
  NodeIndex replaced;  // leaves of which one handle will be let go

  /// Those of the tensors that have no value yet.
  void add_outputs(std::span<const Tensor> tensors) {
    for (const Tensor& tensor : tensors) {
      static_cast<void>(tensor.shape());  // throws for an empty tensor
      if (!tensor.node()->has_value()) outputs.push_back(tensor.node());
    }
  }
  void clear() {
    tracer.clear();
    trace.clear();
    outputs.clear();
    results.clear();
    replaced.clear();
  }
};

std::shared_ptr<CachedPlan> plan_for(const Trace& trace) {
  PlanCache& cache = PlanCache::of_this_thread();
  std::shared_ptr<CachedPlan> plan = cache.find(trace);
  if (plan && !plan->is_running) return plan;
  auto made = std::make_shared<CachedPlan>(trace);
  if (verbosity() >= 1) report_miss(*made, trace, cache.like(*made).get());
  if (!plan) cache.keep(made);
  return made;
}

/// Lets results have the memory of leaves that nobody will need; whether there is one.
bool take_over(Workspace& w, const Program& program) {
  bool any = false;
  for (const Takeover& t : program.takeovers) {
    const Node* leaf = w.trace.leaves[static_cast<std::size_t>(t.leaf)];
    const bool has_one_handle = leaf->refs.count() == t.uses + 1 && w.replaced.find(leaf) != NodeIndex::kNone;
    if (!has_one_handle || !leaf->value.is_unique()) continue;
    w.results[static_cast<std::size_t>(t.result)] = leaf->value;
    any = true;
  }
  return any;
}

void run_trace(Workspace& w) {
  ask_interruption();
  const std::shared_ptr<CachedPlan> plan = plan_for(w.trace);
  const Program& program = plan->executor.program();
  w.leaf_memory.clear();
  for (const Node* leaf : w.trace.leaves) w.leaf_memory.push_back(leaf->value.data());
  w.results.assign(program.results.size(), Buffer());
  // What fails, fails before the first takeover: a kernel that sees bad numbers by the order of instructions,
  // memory by having been enough for a run of this plan. A later stretch could still fail.
  // And the comparison under CHAINRULE_MODE=verify may fail.
  const bool destroys =
      plan->runs > 0 && w.tracer.is_done() && mode() != Mode::verify && take_over(w, program);
  const InterruptionScope whole(destroys ? nullptr : interruption);
  w.result_memory.clear();
  for (std::size_t i = 0; i < w.results.size(); ++i) {
    if (!w.results[i]) w.results[i] = Buffer::allocate(program.storages[program.results[i]].bytes);
    w.result_memory.push_back(w.results[i].data());
  }
  plan->run(w.trace, w.leaf_memory, w.result_memory);

  for (const Kept& kept : program.kept) {
    const Storage& storage = program.storage_of(kept.value);
    const auto number = static_cast<std::size_t>(storage.number);
    w.trace.nodes[static_cast<std::size_t>(kept.node)]->value =
        storage.place == Place::leaf ? w.trace.leaves[number]->value : w.results[number];
  }
}

}  // namespace

void evaluate(std::span<const Tensor> tensors) {
  const auto is_known = [](const Tensor& tensor) { return !tensor.is_empty() && tensor.node()->has_value(); };
  if (std::all_of(tensors.begin(), tensors.end(), is_known)) return;
  const Reused<Workspace> w;
  w->add_outputs(tensors);
  w->tracer.start(w->outputs);
  while (w->tracer.next(w->trace)) run_trace(*w);
}

void renew(std::span<const Tensor* const> current, std::span<Tensor> next, History history) {
  const Reused<Workspace> w;
  w->add_outputs(next);
  bool any = false;
  for (const Tensor* tensor : current) {
    const Node* leaf = tensor->node();
    if (leaf->bytes() < kMinTakeoverBytes) continue;
    w->replaced.insert(leaf, 0);
    any = true;
  }
  if (any) {
    w->tracer.start_with_last_handles(w->outputs, history == History::end);
  } else {
    w->tracer.start(w->outputs);
  }
  while (w->tracer.next(w->trace)) {
    run_trace(*w);
    if (history == History::keep) continue;
    for (Node* node : w->trace.nodes) {
      if (node->has_value()) forget_history(*node);
    }
  }
  for (Tensor& tensor : next) {
    Node& node = *tensor.node();
    if (node.is_leaf() && node.literal == Literal::none) continue;
    if (node.refs.count() == 1) {
      forget_history(node);
    } else {
      tensor = detach(tensor);
    }
  }
}

}  // namespace chainrule
