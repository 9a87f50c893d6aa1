// The public face of plans.
#include "chainrule/plan.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <utility>

#include "chainrule/error.h"
#include "core/text.h"
#include "plan/cache.h"
#include "plan/report.h"

namespace chainrule {
namespace {

constexpr std::int32_t kConstant = -1;

}  // namespace

struct Plan::State {
  std::vector<Tensor> inputs;   // as they were when the plan was made: their shapes and dtypes
  std::vector<Tensor> outputs;  // hold the graph
  Trace trace;
  std::vector<std::int32_t> input_of_leaf;  // or kConstant
  std::vector<std::int32_t> output_values;  // of the program, by output
  std::unique_ptr<CachedPlan> plan;
  std::vector<Takeover> takeovers;  // of inputs: here that is the leaf's number

  // Of a run, kept for the next.
  std::vector<Tensor> given;
  std::vector<void*> leaf_memory, result_memory;
  std::vector<Buffer> results;
};

Plan::Plan(Plan&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
Plan& Plan::operator=(Plan&& other) noexcept {
  std::swap(state_, other.state_);
  return *this;
}
Plan::~Plan() { delete state_; }

Plan make_plan(std::span<const Tensor> outputs, std::span<const Tensor> inputs, Location where) {
  auto state = std::make_unique<Plan::State>();
  state->inputs.assign(inputs.begin(), inputs.end());
  state->outputs.assign(outputs.begin(), outputs.end());
  NodeIndex given;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    static_cast<void>(inputs[i].shape());  // throws for an empty tensor
    given.insert(inputs[i].node(), static_cast<std::int32_t>(i));
  }
  std::vector<Node*> roots;
  for (const Tensor& output : outputs) {
    static_cast<void>(output.shape());
    roots.push_back(output.node());
  }
  Tracer tracer;
  tracer.start(roots, &given);
  Trace& trace = state->trace;
  tracer.next(trace, std::numeric_limits<std::size_t>::max());
  trace.held.assign(trace.nodes.size(), 0);

  NodeIndex number_of_node, number_of_leaf;
  for (std::size_t i = 0; i < trace.nodes.size(); ++i) {
    trace.kept[i] = 0;
    number_of_node.insert(trace.nodes[i], static_cast<std::int32_t>(i));
  }
  for (Node* root : roots) {  // an output may be an input as it is
    const bool is_leaf = std::find(trace.leaves.begin(), trace.leaves.end(), root) != trace.leaves.end();
    if (number_of_node.find(root) == NodeIndex::kNone && !is_leaf) trace.leaves.push_back(root);
  }
  for (std::size_t i = 0; i < trace.leaves.size(); ++i) {
    state->input_of_leaf.push_back(given.find(trace.leaves[i]));
    number_of_leaf.insert(trace.leaves[i], static_cast<std::int32_t>(i));
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (number_of_leaf.find(inputs[i].node()) != NodeIndex::kNone) continue;
    throw ValueError(49, cat("[make_plan] no output is computed from input ", i, " of shape ",
                             inputs[i].shape(), ".", Origin{where, nullptr}.to_string()));
  }
  for (Node* root : roots) {
    const std::int32_t node = number_of_node.find(root);
    if (node != NodeIndex::kNone) trace.kept[static_cast<std::size_t>(node)] = 1;
  }
  state->plan = std::make_unique<CachedPlan>(trace);
  if (verbosity() >= 1) report_miss(*state->plan, trace, nullptr);

  const Program& program = state->plan->executor.program();
  std::vector<std::int32_t> kept(trace.nodes.size(), -1);  // values
  for (const Kept& k : program.kept) kept[static_cast<std::size_t>(k.node)] = k.value;
  for (Node* root : roots) {
    const std::int32_t node = number_of_node.find(root), leaf = number_of_leaf.find(root);
    state->output_values.push_back(node != NodeIndex::kNone ? kept[static_cast<std::size_t>(node)]
                                                            : program.leaves[static_cast<std::size_t>(leaf)]);
  }
  for (Takeover t : program.takeovers) {
    const std::int32_t storage = program.values[program.leaves[static_cast<std::size_t>(t.leaf)]].storage;
    const auto is_same = [&](std::int32_t v) { return program.values[v].storage == storage; };
    if (std::any_of(state->output_values.begin(), state->output_values.end(), is_same)) continue;
    t.leaf = state->input_of_leaf[static_cast<std::size_t>(t.leaf)];
    if (t.leaf != kConstant) state->takeovers.push_back(t);
  }
  return Plan(state.release());
}

Plan make_plan(std::span<const Tensor> outputs, std::initializer_list<Tensor> inputs, Location where) {
  return make_plan(outputs, std::span(inputs.begin(), inputs.size()), where);
}

Plan make_plan(std::initializer_list<Tensor> outputs, std::initializer_list<Tensor> inputs, Location where) {
  return make_plan(std::span(outputs.begin(), outputs.size()), std::span(inputs.begin(), inputs.size()),
                   where);
}

std::vector<Tensor> Plan::run(std::span<const Tensor> inputs) {
  std::vector<Tensor> outputs(state_ == nullptr ? 0 : state_->outputs.size());
  run(inputs, outputs);
  return outputs;
}

std::vector<Tensor> Plan::run(std::initializer_list<Tensor> inputs) {
  return run(std::span(inputs.begin(), inputs.size()));
}

void Plan::run(std::span<const Tensor> inputs, std::span<Tensor> outputs) {
  if (state_ == nullptr) throw ValueError(49, "[plan] the plan is empty: it was moved from.");
  State& s = *state_;
  if (inputs.size() != s.inputs.size() || outputs.size() != s.outputs.size()) {
    throw ShapeError(49, cat("[plan] ", inputs.size(), " inputs for ", s.inputs.size(), " and ",
                             outputs.size(), " outputs for ", s.outputs.size(), "."));
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Tensor &now = inputs[i], &then = s.inputs[i];
    if (now.shape() != then.shape() || now.dtype() != then.dtype()) {
      throw ShapeError(49,
                       cat("[plan] input ", i, " is ", now.shape(), " ", name_of(now.dtype()),
                           ", but the plan was made for ", then.shape(), " ", name_of(then.dtype()), "."));
    }
  }
  evaluate(inputs);
  s.given.assign(inputs.begin(), inputs.end());  // outputs may replace them
  s.leaf_memory.clear();
  for (std::size_t i = 0; i < s.trace.leaves.size(); ++i) {
    const std::int32_t input = s.input_of_leaf[i];
    const Node* leaf =
        input == kConstant ? s.trace.leaves[i] : s.given[static_cast<std::size_t>(input)].node();
    s.leaf_memory.push_back(leaf->value.data());
  }
  const Program& program = s.plan->executor.program();
  s.results.assign(program.results.size(), Buffer());
  // A handle that is an input and an output will be let go. (The first run may fail for want of memory, and
  // the comparison under CHAINRULE_MODE=verify.)
  const auto is_output = [&](const Tensor& input) {
    return std::any_of(outputs.begin(), outputs.end(),
                       [&](const Tensor& output) { return &output == &input; });
  };
  for (const Takeover& t : s.takeovers) {
    const auto input = static_cast<std::size_t>(t.leaf);
    const Node* node = inputs[input].node();
    const bool is_last = node->refs.count() == 2 && node->value.is_unique();  // here and in given
    if (s.plan->runs > 0 && mode() != Mode::verify && is_last && is_output(inputs[input]))
      s.results[static_cast<std::size_t>(t.result)] = node->value;
  }
  s.result_memory.clear();
  for (std::size_t i = 0; i < s.results.size(); ++i) {
    if (!s.results[i]) s.results[i] = Buffer::allocate(program.storages[program.results[i]].bytes);
    s.result_memory.push_back(s.results[i].data());
  }
  s.plan->run(s.trace, s.leaf_memory, s.result_memory);
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const Value& value = program.values[s.output_values[i]];
    const Storage& storage = program.storages[value.storage];
    const auto number = static_cast<std::size_t>(storage.number);
    if (storage.place != Place::leaf) {
      outputs[i] = make_leaf(s.results[number], value.dtype, value.shape);
      continue;
    }
    const std::int32_t input = s.input_of_leaf[number];
    const Node* leaf =
        input == kConstant ? s.trace.leaves[number] : s.given[static_cast<std::size_t>(input)].node();
    outputs[i] = make_leaf(leaf->value, value.dtype, value.shape);
  }
  s.given.clear();
  s.results.clear();
}

std::string Plan::dump() const {
  return state_ == nullptr ? "an empty plan" : to_string(state_->plan->executor.program(), state_->trace);
}

}  // namespace chainrule
