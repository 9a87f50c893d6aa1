// From a trace to steps: what is computed twice is computed once, what changes nothing or is not needed not
// at all.
#include "plan/simplify.h"

#include <iterator>
#include <utility>

namespace chainrule {

Program Simplifier::run() {
  for (const Node* leaf : trace_.leaves) {
    p_.leaves.push_back(add_value(leaf->dtype, leaf->shape, -1, leaf->literal));
    p_.storages.back().place = Place::leaf;
    p_.storages.back().number = static_cast<std::int32_t>(p_.leaves.size()) - 1;
  }
  std::size_t input = 0;
  for (std::size_t i = 0; i < trace_.nodes.size(); ++i) {
    const Node& node = *trace_.nodes[i];
    const auto* bytes = static_cast<const std::byte*>(node.attributes());
    Step step{node.op, {bytes, bytes + node.op->attribute_bytes}, {}, 0, static_cast<std::int32_t>(i)};
    for (std::size_t j = 0; j < node.inputs().size(); ++j) {
      const std::int32_t number = trace_.inputs[input++];
      step.inputs.push_back(number < 0 ? p_.leaves[~number] : value_of_node_[number]);
    }
    value_of_node_.push_back(add(std::move(step), {node.dtype, node.shape}));
  }
  for (std::size_t i = 0; i < trace_.nodes.size(); ++i) {
    if (trace_.kept[i]) keep(static_cast<std::int32_t>(i));
  }
  remove_dead();
  for (std::size_t i = 0; i < p_.steps.size(); ++i)
    p_.instructions.push_back({{static_cast<std::int32_t>(i)}});
  return std::move(p_);
}

const Step* Simplifier::maker_as_it_is(std::int32_t v) const {
  const Step* made_by = maker(v);
  return made_by != nullptr && value(v).shape == value(made_by->output).shape ? made_by : nullptr;
}

std::int32_t Simplifier::add_value(DType dtype, const Shape& shape, std::int32_t step, Literal literal) {
  const std::size_t bytes = static_cast<std::size_t>(shape.numel()) * size_of(dtype);
  p_.values.push_back({dtype, shape, static_cast<std::int32_t>(p_.storages.size()), step, literal});
  p_.storages.push_back({Place::arena, bytes});
  return static_cast<std::int32_t>(p_.values.size()) - 1;
}

std::int32_t Simplifier::add(Step step, const Meta& meta) {
  if (step.row->info.elementwise || step.row->cpu->run_block != nullptr) {
    for (std::int32_t& input : step.inputs) input = before_broadcast(*this, step, input, meta.shape);
    for (std::int32_t& input : step.inputs) input = relu_masks_.instead_of(*this, input);
  }
  if (const auto same = simplify_by_itself(step, meta)) return *same;
  if (const auto masked = masked_unpools_.instead_of(*this, step, meta)) return *masked;

  std::vector<std::uint64_t> key{reinterpret_cast<std::uintptr_t>(step.row)};
  step.append_key(key);
  for (const std::int32_t input : step.inputs) key.push_back(static_cast<std::uint64_t>(input));
  const auto [known, is_new] = known_.try_emplace(std::move(key), 0);
  if (is_new) known->second = add_new(std::move(step), meta);
  return known->second;
}

std::int32_t Simplifier::add_new(Step step, const Meta& meta) {
  if (step.row->info.view) {
    const std::int32_t source = step.inputs[0];
    p_.values.push_back(value(source));
    p_.values.back().shape = meta.shape;
    return static_cast<std::int32_t>(p_.values.size()) - 1;
  }
  const std::int32_t result =
      add_value(meta.dtype, meta.shape, static_cast<std::int32_t>(p_.steps.size()), Literal::none);
  step.output = result;
  p_.steps.push_back(std::move(step));
  relu_masks_.note(*this, p_.steps.back());
  masked_unpools_.note(p_.steps.back());
  return result;
}

std::optional<std::int32_t> Simplifier::simplify_by_itself(Step& step, const Meta& meta) const {
  while (step.row->simplify != nullptr) {
    std::vector<Known> inputs;
    for (const std::int32_t input : step.inputs) {
      const Value& v = value(input);
      const Step* made_by = maker_as_it_is(input);
      inputs.push_back({{v.dtype, v.shape}, v.literal == Literal::zero, v.literal == Literal::one});
      if (made_by == nullptr) continue;
      inputs.back().row = made_by->row;
      inputs.back().attributes = made_by->attribute();
    }
    const Simpler found = step.row->simplify(step.attributes.data(), inputs, meta);
    if (found.same_as >= 0) return step.inputs[found.same_as];
    if (found.through < 0) break;
    std::int32_t& input = step.inputs[found.through];
    input = maker(input)->inputs[0];
  }
  return std::nullopt;
}

void Simplifier::keep(std::int32_t node) {
  const std::int32_t v = value_of_node_[node];
  p_.kept.push_back({node, v});
  Storage& storage = p_.storage_of(v);
  if (storage.place != Place::arena) return;
  storage.place = Place::result;
  storage.number = static_cast<std::int32_t>(p_.results.size());
  p_.results.push_back(value(v).storage);
}

void Simplifier::remove_dead() {
  std::vector<char> needed(p_.storages.size());
  for (const Kept& kept : p_.kept) needed[value(kept.value).storage] = 1;
  std::vector<Step> left;
  for (std::size_t i = p_.steps.size(); i-- > 0;) {
    Step& step = p_.steps[i];
    if (!needed[value(step.output).storage]) continue;
    for (const std::int32_t input : step.inputs) needed[value(input).storage] = 1;
    left.push_back(std::move(step));
  }
  p_.steps.assign(std::make_move_iterator(left.rbegin()), std::make_move_iterator(left.rend()));
  for (Value& v : p_.values) v.step = -1;
  for (std::size_t i = 0; i < p_.steps.size(); ++i) {
    p_.values[p_.steps[i].output].step = static_cast<std::int32_t>(i);
  }
}

Program simplify(const Trace& trace) { return Simplifier(trace).run(); }

}  // namespace chainrule
