// From a trace to steps: what is computed twice is computed once, what changes nothing or is not needed not
// at all.
#include <bit>
#include <map>
#include <optional>

#include "plan/program.h"

namespace chainrule {
namespace {

class Simplifier {
 public:
  explicit Simplifier(const Trace& trace) : trace_(trace) {}

  Program run() {
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
    return std::move(p_);
  }

 private:
  static bool is(const Step& step, const OpRow& row) { return step.row == &row; }

  const Value& value(std::int32_t v) const { return p_.values[v]; }
  const Step* maker(std::int32_t v) const { return value(v).step < 0 ? nullptr : &p_.steps[value(v).step]; }

  std::int32_t add_value(DType dtype, const Shape& shape, std::int32_t step, Literal literal) {
    const std::size_t bytes = static_cast<std::size_t>(shape.numel()) * size_of(dtype);
    p_.values.push_back({dtype, shape, static_cast<std::int32_t>(p_.storages.size()), step, literal});
    p_.storages.push_back({Place::arena, bytes});
    return static_cast<std::int32_t>(p_.values.size()) - 1;
  }

  void keep(std::int32_t node) {
    const std::int32_t v = value_of_node_[node];
    p_.kept.push_back({node, v});
    Storage& storage = p_.storage_of(v);
    if (storage.place != Place::arena) return;
    storage.place = Place::result;
    storage.number = static_cast<std::int32_t>(p_.results.size());
    p_.results.push_back(value(v).storage);
  }

  /// The value of a step: of a new one, or of one that there is.
  std::int32_t add(Step step, const Meta& meta) {
    if (step.row->info.elementwise || step.row->run_block != nullptr) {
      for (std::int32_t& input : step.inputs) input = before_broadcast(step, input, meta.shape);
      for (std::int32_t& input : step.inputs) input = mask_by_result(input);
    }
    if (is(step, row_of_Matmul())) {
      for (std::size_t i = 0; i < 2; ++i) fold_transpose(step, i);
    }
    join_permutes(step);
    if (const auto same = unchanged(step, meta)) return *same;
    if (const auto masked = mask_before_unpool(step, meta)) return *masked;
    if (const auto sum = sum_before_unpool(step, meta)) return *sum;

    std::vector<std::uint64_t> key{std::bit_cast<std::uint64_t>(step.row)};
    if (step.row->key != nullptr) step.row->key(step.attribute(), key);
    for (const std::int32_t input : step.inputs) key.push_back(static_cast<std::uint64_t>(input));
    const auto [known, is_new] = known_.try_emplace(std::move(key), 0);
    if (is_new) known->second = add_new(std::move(step), meta);
    return known->second;
  }

  std::int32_t add_new(Step step, const Meta& meta) {
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
    note_relu(p_.steps.back());
    if (is(p_.steps.back(), row_of_MaxPool())) pools_.emplace(pool_key(p_.steps.back()), result);
    return result;
  }

  /// x times 1, x over 1, x minus 0, x with its axes in their places: x itself, if it has the result's shape.
  std::optional<std::int32_t> unchanged(const Step& step, const Meta& meta) const {
    const auto is_whole = [&](std::int32_t v) { return value(v).shape == meta.shape; };
    const auto literal = [&](std::size_t i) { return value(step.inputs[i]).literal; };
    if (is(step, row_of_Mul()) && literal(0) == Literal::one && is_whole(step.inputs[1]))
      return step.inputs[1];
    if ((is(step, row_of_Mul()) || is(step, row_of_Div())) && literal(1) == Literal::one &&
        is_whole(step.inputs[0])) {
      return step.inputs[0];
    }
    if (is(step, row_of_Sub()) && literal(1) == Literal::zero && is_whole(step.inputs[0]))
      return step.inputs[0];
    if (is(step, row_of_BroadcastTo()) && is_whole(step.inputs[0])) return step.inputs[0];
    if (leaves_axes(*step.row, step.attribute())) return step.inputs[0];
    return std::nullopt;
  }

  /// Elementwise operations repeat their inputs by themselves.
  std::int32_t before_broadcast(const Step& step, std::int32_t input, const Shape& result) const {
    const Step* made_by = maker(input);
    if (made_by == nullptr || !is(*made_by, row_of_BroadcastTo()) ||
        value(input).shape != made_by_shape(*made_by)) {
      return input;
    }
    const std::int32_t source = made_by->inputs[0];
    std::vector<Meta> metas;
    for (const std::int32_t other : step.inputs) {
      metas.push_back({DType::f32, value(other == input ? source : other).shape});
    }
    return broadcast_shape(metas) == result ? source : input;
  }
  const Shape& made_by_shape(const Step& step) const { return value(step.output).shape; }

  /// relu(x) = where(x <= 0, 0, x) is at most 0 just where x is: with its result as the mask for gradients x
  /// need not be kept for them.
  void note_relu(const Step& step) {
    if (!is(step, row_of_Where())) return;
    const Step* mask = maker(step.inputs[0]);
    if (mask == nullptr || !is(*mask, row_of_LessEqual()) || mask->inputs[0] != step.inputs[2]) return;
    if (value(mask->inputs[1]).literal != Literal::zero || value(step.inputs[1]).literal != Literal::zero)
      return;
    if (value(step.inputs[2]).shape != value(step.output).shape) return;
    relus_.emplace(step.inputs[0], step.output);
  }

  std::int32_t mask_by_result(std::int32_t input) {
    const auto relu = relus_.find(input);
    if (relu == relus_.end()) return input;
    Step mask = *maker(input);
    const Meta meta{value(input).dtype, value(input).shape};
    mask.inputs[0] = relu->second;
    return add(std::move(mask), meta);
  }

  /// The gradient through max pooling after relu, where(h <= 0, 0, max_unpool(g, argmax_pool(h))) with
  /// h = relu(...) and max_pool(h) at hand: only the largest elements get a gradient, so that the mask can be
  /// applied to the few before, and h need not be kept.
  std::optional<std::int32_t> mask_before_unpool(const Step& step, const Meta& meta) {
    if (!is(step, row_of_Where()) || value(step.inputs[1]).literal != Literal::zero) return std::nullopt;
    const Step* mask = maker(step.inputs[0]);
    const Step* unpool = maker(step.inputs[2]);
    if (mask == nullptr || unpool == nullptr) return std::nullopt;
    if (!is(*mask, row_of_LessEqual()) || !is(*unpool, row_of_MaxUnpool())) return std::nullopt;
    if (value(mask->inputs[1]).literal != Literal::zero) return std::nullopt;
    const Step* argmax = maker(unpool->inputs[1]);
    if (argmax == nullptr || !is(*argmax, row_of_ArgmaxPool())) return std::nullopt;
    if (argmax->inputs[0] != mask->inputs[0] || value(step.inputs[2]).shape != meta.shape)
      return std::nullopt;
    const auto pool = pools_.find(pool_key(*argmax));
    if (pool == pools_.end()) return std::nullopt;
    const Shape shape = value(pool->second).shape;  // a copy: adding values moves them
    const std::int32_t zero = step.inputs[1], gradient = unpool->inputs[0];
    Step small_mask = *mask, small_where = step, new_unpool = *unpool;
    small_mask.inputs[0] = pool->second;
    small_where.inputs = {add(std::move(small_mask), {DType::boolean, shape}), zero, gradient};
    new_unpool.inputs[0] = add(std::move(small_where), {meta.dtype, shape});
    return add(std::move(new_unpool), meta);
  }

  /// The sum of max_unpool(g) over all places of an image is that of g: the others are zeros.
  std::optional<std::int32_t> sum_before_unpool(const Step& step, const Meta& meta) {
    if (!is(step, row_of_Sum())) return std::nullopt;
    const Step* unpool = maker(step.inputs[0]);
    if (unpool == nullptr || !is(*unpool, row_of_MaxUnpool())) return std::nullopt;
    const Shape& image = made_by_shape(*unpool);
    if (value(step.inputs[0]).shape != image) return std::nullopt;
    if (!sums_from_axis(*step.row, step.attribute(), 2, image.ndim())) return std::nullopt;
    Step small = step;
    small.inputs[0] = unpool->inputs[0];
    return add(std::move(small), meta);
  }

  /// What max_pool and argmax_pool of the same windows over one image have in common.
  static std::vector<std::uint64_t> pool_key(const Step& step) {
    std::vector<std::uint64_t> key{static_cast<std::uint64_t>(step.inputs[0])};
    step.row->key(step.attribute(), key);
    return key;
  }

  void join_permutes(Step& step) const {
    const Step* first = step.inputs.size() == 1 ? maker(step.inputs[0]) : nullptr;
    if (first == nullptr || value(step.inputs[0]).shape != made_by_shape(*first)) return;
    if (skip_permute(*step.row, step.attributes.data(), *first->row, first->attribute()))
      step.inputs[0] = first->inputs[0];
  }

  void fold_transpose(Step& step, std::size_t i) const {
    const Step* made_by = maker(step.inputs[i]);
    if (made_by == nullptr || value(step.inputs[i]).shape != made_by_shape(*made_by)) return;
    if (swaps_last_axes(*made_by->row, made_by->attribute())) {
      transpose_input(step.attributes.data(), i);
      step.inputs[i] = made_by->inputs[0];
    }
  }

  void remove_dead() {
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

  const Trace& trace_;
  Program p_;
  std::vector<std::int32_t> value_of_node_;
  std::map<std::vector<std::uint64_t>, std::int32_t> known_;
  std::map<std::int32_t, std::int32_t> relus_;                // from the mask to the result
  std::map<std::vector<std::uint64_t>, std::int32_t> pools_;  // results of max_pool by pool_key
};

}  // namespace

Program simplify(const Trace& trace) { return Simplifier(trace).run(); }

}  // namespace chainrule
