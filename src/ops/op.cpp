#include "ops/op.h"

#include <cstdlib>
#include <string>

#include "core/inline_array.h"
#include "ops/fast.h"

namespace chainrule {
namespace {

/// The operation that messages of this thread speak of.
struct CurrentOp {
  std::string_view name;
  const Origin* origin = nullptr;
};
thread_local CurrentOp current_op;

class CurrentOpScope {
 public:
  CurrentOpScope(std::string_view name, const Origin& origin) : previous_(current_op) {
    current_op = {name, &origin};
  }
  ~CurrentOpScope() { current_op = previous_; }
  CurrentOpScope(const CurrentOpScope&) = delete;
  CurrentOpScope& operator=(const CurrentOpScope&) = delete;

 private:
  CurrentOp previous_;
};

bool eager_from_environment() {
  const char* mode = std::getenv("CHAINRULE_MODE");
  const std::string_view text = mode ? mode : "";
  if (text == "eager") return true;
  if (text.empty() || text == "lazy") return false;
  throw ValueError(46,
                   cat("[CHAINRULE_MODE] unknown mode \"", text, "\". Known: lazy (the default), eager."));
}

// 0: look at the environment first; 1: lazy; 2: eager.
std::atomic<int> eager_state{0};

// More inputs than this cost an allocation; only concatenate and its like have more.
constexpr std::size_t kFewInputs = 4;

}  // namespace

template <class E>
E op_error(int code, std::string_view what) {
  return E(code,
           cat("[", current_op.name, "] ", what, current_op.origin ? current_op.origin->to_string() : ""));
}
template ShapeError op_error(int, std::string_view);
template DTypeError op_error(int, std::string_view);
template ValueError op_error(int, std::string_view);

OpScope::OpScope(std::string_view name, Location where)
    : origin_scope_(where),
      origin_(OriginScope::current(where)),
      previous_name_(current_op.name),
      previous_origin_(current_op.origin) {
  current_op = {name, &origin_};
}

OpScope::~OpScope() { current_op = {previous_name_, previous_origin_}; }

bool is_eager() {
  int state = eager_state.load(std::memory_order_relaxed);
  if (state == 0) {
    state = eager_from_environment() ? 2 : 1;
    eager_state.store(state, std::memory_order_relaxed);
  }
  return state == 2;
}

void set_eager(bool eager) { eager_state.store(eager ? 2 : 1, std::memory_order_relaxed); }

Tensor apply_row(const OpRow& row, const void* attributes, std::span<const Tensor> inputs, Location where) {
  const Origin origin = OriginScope::current(where);
  const CurrentOpScope scope(row.info.name, origin);
  InlineArray<Meta, kFewInputs> metas(inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Node* node = inputs[i].node();
    if (!node)
      throw op_error<ValueError>(10, cat("input ", i, " is an empty tensor. Give it a value first."));
    metas[i] = {node->dtype, node->shape};
  }
  const Meta meta = row.infer(attributes, metas.span());
  Tensor tensor = make_node(&row, attributes, row.attribute_bytes, meta.dtype, meta.shape, inputs, origin);
  if (is_eager()) run_node(*tensor.node(), Kernels::reference);
  return tensor;
}

void run_by_blocks(const OpRow& row, const void* op, const Kernel& k) {
  const DType dtype = k.inputs.back().dtype;
  if (!is_floating(dtype)) return row.run(op, k);
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
    row.run_block(op, block);
  });
}

void run_node(Node& node, Kernels kernels) {
  const std::span<Node* const> inputs = node.inputs();
  if (node.op->info.view) {
    node.value = inputs[0]->value;
    return;
  }
  const CurrentOpScope scope(node.op->info.name, node.origin);
  InlineArray<ConstArray, kFewInputs> arrays(inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) arrays[i] = inputs[i]->array();
  Buffer value = Buffer::allocate(node.bytes());
  const Kernel kernel{arrays.span(), {value.data(), node.dtype, node.shape}};
  const bool fast = kernels == Kernels::fast && node.op->run_fast;
  (fast ? node.op->run_fast : node.op->run)(node.attributes(), kernel);
  node.value = std::move(value);
}

}  // namespace chainrule
