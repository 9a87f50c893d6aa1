#include "ops/op.h"

#include <string>

#include "chainrule/ops.h"
#include "core/environment.h"
#include "core/inline_array.h"
#include "ops/fast.h"

namespace chainrule {
namespace {

std::atomic<int> current_mode{-1};  // -1: look at the environment first

// More inputs than this cost an allocation; only concatenate and its like have more.
constexpr std::size_t kFewInputs = 4;

}  // namespace

template <class E>
E op_error(int code, std::string_view what) {
  const Making& here = Making::here();
  // The function that the user called, or the operation if it was the operation.
  const bool by_function = here.operates && here.operates->function;
  const std::string_view name = by_function ? here.operates->function : here.operation;
  return E(code, cat("[", name, "] ", what, here.operates ? here.operates->to_string() : ""));
}
template ShapeError op_error(int, std::string_view);
template DTypeError op_error(int, std::string_view);
template ValueError op_error(int, std::string_view);

void throw_not_written_for(DType dtype) {
  throw op_error<DTypeError>(15, cat("the kernel met ", name_of(dtype), ", for which it is not written."));
}

OpScope::OpScope(std::string_view name, Location where)
    : origin_scope_(where, nullptr, name.data()), operating_(Making::here(), name) {}

Mode mode() {
  int found = current_mode.load(std::memory_order_relaxed);
  if (found < 0) {
    found = environment::word(environment::kMode).value_or(static_cast<int>(Mode::lazy));
    current_mode.store(found, std::memory_order_relaxed);
  }
  return static_cast<Mode>(found);
}

void set_mode(Mode mode) { current_mode.store(static_cast<int>(mode), std::memory_order_relaxed); }

/// Inputs of which one is empty, or in a dtype that is only for keeping numbers: an error, or the same with
/// inputs in dtypes that are computed with. Rare, and long: kept out of what applies an operation.
[[gnu::noinline]] static Tensor apply_unusual(const OpRow& row, const void* attributes,
                                              std::span<const TensorRef> inputs, Location where) {
  Tensors same;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i].node() == nullptr) {
      throw op_error<ValueError>(10, cat("input ", i, " is an empty tensor. Give it a value first."));
    }
  }
  for (const TensorRef& input : inputs) {
    const Tensor x = Tensor::of(input.node());
    same.push_back(cast(x, computed_as(x.dtype()), where));
  }
  return apply_row(row, attributes, same, where);
}

Tensor apply_row(const OpRow& row, const void* attributes, std::span<const TensorRef> inputs,
                 Location where) {
  Making& here = Making::here();
  const Origin origin = OriginScope::current(here, where);
  const Operating operating(here, row.info.name, origin);
  bool is_usual = true;
  InlineArray<Meta, kFewInputs> metas(inputs.size(), [&](std::size_t i) -> Meta {
    const Node* node = inputs[i].node();
    if (node == nullptr || (is_storage(node->dtype) && !row.info.any_dtype)) {
      is_usual = false;
      return {};
    }
    return {node->dtype, node->shape};
  });
  if (!is_usual) return apply_unusual(row, attributes, inputs, where);
  const Meta meta = row.infer(attributes, metas.span());
  Tensor tensor = make_node(&row, attributes, row.attribute_bytes, meta.dtype, meta.shape, inputs, origin,
                            here.constants);
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
  const Operating operating(Making::here(), row.info.name, origin);
  const bool fast = kernels == Kernels::fast && row.cpu->run_fast;
  (fast ? row.cpu->run_fast : row.cpu->run)(attributes, kernel);
}

}  // namespace chainrule
