#include "ops/op.h"

#include <string>

#include "chainrule/ops.h"
#include "core/environment.h"
#include "core/inline_array.h"
#include "ops/fast.h"

namespace chainrule {
namespace {

/// What messages of this thread speak of.
struct CurrentOp {
  std::string_view operation;
  const Origin* origin = nullptr;

  /// The function that the user called, or the operation if it was the operation.
  std::string_view name() const { return origin && origin->function ? origin->function : operation; }
};
constinit thread_local CurrentOp current_op;

class CurrentOpScope {
 public:
  CurrentOpScope(std::string_view operation, const Origin& origin) : previous_(current_op) {
    current_op = {operation, &origin};
  }
  ~CurrentOpScope() { current_op = previous_; }
  CurrentOpScope(const CurrentOpScope&) = delete;
  CurrentOpScope& operator=(const CurrentOpScope&) = delete;

 private:
  CurrentOp previous_;
};

std::atomic<int> current_mode{-1};  // -1: look at the environment first

// More inputs than this cost an allocation; only concatenate and its like have more.
constexpr std::size_t kFewInputs = 4;

}  // namespace

template <class E>
E op_error(int code, std::string_view what) {
  return E(code,
           cat("[", current_op.name(), "] ", what, current_op.origin ? current_op.origin->to_string() : ""));
}
template ShapeError op_error(int, std::string_view);
template DTypeError op_error(int, std::string_view);
template ValueError op_error(int, std::string_view);

OpScope::OpScope(std::string_view name, Location where)
    : origin_scope_(where, nullptr, name.data()),
      origin_(OriginScope::current(where)),
      previous_name_(current_op.operation),
      previous_origin_(current_op.origin) {
  current_op = {name, &origin_};
}

OpScope::~OpScope() { current_op = {previous_name_, previous_origin_}; }

Mode mode() {
  int found = current_mode.load(std::memory_order_relaxed);
  if (found < 0) {
    found = environment::word(environment::kMode).value_or(static_cast<int>(Mode::lazy));
    current_mode.store(found, std::memory_order_relaxed);
  }
  return static_cast<Mode>(found);
}

void set_mode(Mode mode) { current_mode.store(static_cast<int>(mode), std::memory_order_relaxed); }

/// For inputs of which at least one is empty.
static ValueError empty_input(std::span<const TensorRef> inputs) {
  std::size_t first = 0;
  while (inputs[first].node() != nullptr) ++first;
  return op_error<ValueError>(10, cat("input ", first, " is an empty tensor. Give it a value first."));
}

/// The same with inputs in dtypes that are computed with.
static Tensor apply_computing(const OpRow& row, const void* attributes, std::span<const TensorRef> inputs,
                              Location where) {
  Tensors same;
  for (const TensorRef& input : inputs) {
    const Tensor x = Tensor::of(input.node());
    same.push_back(cast(x, computed_as(x.dtype()), where));
  }
  return apply_row(row, attributes, same, where);
}

Tensor apply_row(const OpRow& row, const void* attributes, std::span<const TensorRef> inputs,
                 Location where) {
  const Origin origin = OriginScope::current(where);
  const CurrentOpScope scope(row.info.name, origin);
  bool is_any_empty = false, is_any_storage = false;
  InlineArray<Meta, kFewInputs> metas(inputs.size(), [&](std::size_t i) -> Meta {
    const Node* node = inputs[i].node();
    if (node != nullptr) {
      is_any_storage |= is_storage(node->dtype);
      return {node->dtype, node->shape};
    }
    is_any_empty = true;
    return {};
  });
  if (is_any_empty) throw empty_input(inputs);
  if (is_any_storage && !row.info.any_dtype) return apply_computing(row, attributes, inputs, where);
  const Meta meta = row.infer(attributes, metas.span());
  Tensor tensor = make_node(&row, attributes, row.attribute_bytes, meta.dtype, meta.shape, inputs, origin);
  if (mode() == Mode::eager) run_node(*tensor.node(), Kernels::reference);
  return tensor;
}

Tensor apply_row(const OpRow& row, const void* attributes, std::span<const Tensor> inputs, Location where) {
  InlineArray<TensorRef, kFewInputs> refs(inputs.size(), [&](std::size_t i) { return TensorRef(inputs[i]); });
  return apply_row(row, attributes, std::span<const TensorRef>(refs.span()), where);
}

void run_by_blocks(const OpRow& row, const void* op, const Kernel& k) {
  const DType dtype = k.inputs.back().dtype;
  if (!is_floating(dtype)) return row.cpu->run(op, k);
  for_each_run(k, [&](const kernels::BroadcastRuns& runs, std::int64_t at, const auto& from) {
    const auto place = [](auto* data, std::int64_t offset, DType type) {
      return data + static_cast<std::size_t>(offset) * size_of(type);
    };
    Block block{.output = place(static_cast<std::byte*>(k.output.data), at, k.output.dtype),
                .count = runs.length(),
                .dtype = dtype};
    for (std::size_t i = 0; i < k.inputs.size(); ++i) {
      block.inputs[i] = place(static_cast<const std::byte*>(k.inputs[i].data), from[i], k.inputs[i].dtype);
      block.is_scalar[i] = runs.step(i) == 0;
    }
    row.cpu->run_block(op, block);
  });
}

void run_node(Node& node, Kernels kernels) {
  const std::span<Node* const> inputs = node.inputs();
  if (node.op->info.view) {
    node.value = inputs[0]->value;
    return;
  }
  InlineArray<ConstArray, kFewInputs> arrays(inputs.size(),
                                             [&](std::size_t i) { return inputs[i]->array(); });
  Buffer value = Buffer::allocate(node.bytes());
  run_row(*node.op, node.attributes(), {arrays.span(), {value.data(), node.dtype, node.shape}}, node.origin,
          kernels);
  node.value = std::move(value);
}

void run_row(const OpRow& row, const void* attributes, const Kernel& kernel, const Origin& origin,
             Kernels kernels) {
  const CurrentOpScope scope(row.info.name, origin);
  const bool fast = kernels == Kernels::fast && row.cpu->run_fast;
  (fast ? row.cpu->run_fast : row.cpu->run)(attributes, kernel);
}

}  // namespace chainrule
