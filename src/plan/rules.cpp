#include "plan/rules.h"

#include <utility>

#include "plan/simplify.h"

namespace chainrule {
namespace {

bool is(const Step* step, const OpRow& row) { return step != nullptr && step->row == &row; }

/// Whether a step is x <= 0.
bool is_mask(const Simplifier& steps, const Step* step) {
  return is(step, row_of_LessEqual()) && steps.value(step->inputs[1]).literal == Literal::zero;
}

/// Whether it is where(..., 0, ...).
bool puts_zeros(const Simplifier& steps, const Step& step) {
  return is(&step, row_of_Where()) && steps.value(step.inputs[1]).literal == Literal::zero;
}

/// What max_pool and argmax_pool of the same windows over one image have in common.
std::vector<std::uint64_t> pool_key(const Step& step) {
  std::vector<std::uint64_t> key{static_cast<std::uint64_t>(step.inputs[0])};
  step.append_key(key);
  return key;
}

}  // namespace

std::int32_t before_broadcast(const Simplifier& steps, const Step& step, std::int32_t input,
                              const Shape& result) {
  const Step* made_by = steps.maker_as_it_is(input);
  if (!is(made_by, row_of_BroadcastTo())) return input;
  const std::int32_t source = made_by->inputs[0];
  std::vector<Meta> metas;
  for (const std::int32_t other : step.inputs) {
    metas.push_back({DType::f32, steps.value(other == input ? source : other).shape});
  }
  return broadcast_shape(metas) == result ? source : input;
}

void ReluMasks::note(const Simplifier& steps, const Step& made) {
  if (!puts_zeros(steps, made)) return;
  const Step* mask = steps.maker(made.inputs[0]);
  if (!is_mask(steps, mask) || mask->inputs[0] != made.inputs[2]) return;
  if (steps.value(made.inputs[2]).shape != steps.value(made.output).shape) return;
  results_.emplace(made.inputs[0], made.output);
}

std::int32_t ReluMasks::instead_of(Simplifier& steps, std::int32_t input) const {
  const auto relu = results_.find(input);
  if (relu == results_.end()) return input;
  Step mask = *steps.maker(input);
  const Meta meta{steps.value(input).dtype, steps.value(input).shape};
  mask.inputs[0] = relu->second;
  return steps.add(std::move(mask), meta);
}

void MaskedUnpools::note(const Step& made) {
  if (is(&made, row_of_MaxPool())) pools_.emplace(pool_key(made), made.output);
}

std::optional<std::int32_t> MaskedUnpools::instead_of(Simplifier& steps, const Step& step,
                                                      const Meta& meta) const {
  if (!puts_zeros(steps, step)) return std::nullopt;
  const Step* mask = steps.maker(step.inputs[0]);
  const Step* unpool = steps.maker(step.inputs[2]);
  if (!is_mask(steps, mask) || !is(unpool, row_of_MaxUnpool())) return std::nullopt;
  const Step* argmax = steps.maker(unpool->inputs[1]);
  if (!is(argmax, row_of_ArgmaxPool()) || argmax->inputs[0] != mask->inputs[0]) return std::nullopt;
  if (steps.value(step.inputs[2]).shape != meta.shape) return std::nullopt;
  const auto pool = pools_.find(pool_key(*argmax));
  if (pool == pools_.end()) return std::nullopt;
  const std::int32_t pooled = pool->second;
  const Shape shape = steps.value(pooled).shape;  // a copy, as of the steps: adding moves them
  Step small_mask = *mask, small_where = step, new_unpool = *unpool;
  small_mask.inputs[0] = pooled;
  const std::int32_t where_zero = steps.add(std::move(small_mask), {DType::boolean, shape});
  small_where.inputs = {where_zero, step.inputs[1], new_unpool.inputs[0]};
  new_unpool.inputs[0] = steps.add(std::move(small_where), {meta.dtype, shape});
  return steps.add(std::move(new_unpool), meta);
}

}  // namespace chainrule
