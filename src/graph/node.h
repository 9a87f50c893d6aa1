#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <span>
#include <string>
#include <string_view>

#include "chainrule/array.h"
#include "chainrule/dtype.h"
#include "chainrule/location.h"
#include "chainrule/shape.h"
#include "chainrule/tensor.h"
#include "core/buffer.h"
#include "core/refs.h"
#include "core/small_blocks.h"

namespace chainrule {

struct OpRow;

/// Where a node was made: the user's line, the layer that was running, and the function that the user called,
/// if any.
struct Origin {
  Location where;
  const std::string* layer = nullptr;  // interned: never freed
  const char* function = nullptr;      // a literal; null where the operation itself was called

  /// " In layer affine1, called from train.cpp:41.", or what is known of it.
  std::string to_string() const;
};

/// Whether a leaf is one of the numbers that make a difference to what is computed: adding 0 and multiplying
/// by 1 is not computing. Part of a plan's key, where other numbers are not.
enum class Literal : std::uint8_t { none, zero, one };

/// One value of the graph: a leaf, which has its numbers, or an operation on other nodes.
///
/// Memory: one allocation holds the node, its input pointers (at most kMaxInputs) and the operation's
/// attributes. Counted by handles and by the nodes that use it; freed with a worklist, so that the longest
/// chain needs no stack.
struct Node {
  static constexpr std::size_t kMaxInputs = 0xffff;

  Node(DType own_dtype, const Shape& own_shape) : dtype(own_dtype), shape(own_shape) {}

  Refs refs;
  DType dtype;
  bool constant = false;  // no gradient goes to its inputs
  Literal literal = Literal::none;
  std::uint16_t input_count = 0;
  std::uint32_t bytes_allocated = 0;
  const OpRow* op = nullptr;  // null for a leaf
  Shape shape;
  Buffer value;  // empty until computed
  Origin origin;
  /// What tracing notes in a node that is to be computed, which only its graph's thread does: the stretch it
  /// was found in last, its number there, and how many nodes of that stretch use it.
  struct {
    std::uint64_t stretch = 0;
    std::int32_t number = 0;
    std::uint32_t uses = 0;
  } traced;
  Node* link = nullptr;  // used by the worklist that frees

  std::span<Node* const> inputs() const {
    return {reinterpret_cast<Node* const*>(this + 1), static_cast<std::size_t>(input_count)};
  }
  /// The same as handles: a handle is the address of its node.
  std::span<const Tensor> input_tensors() const {
    static_assert(sizeof(Tensor) == sizeof(Node*));
    return {reinterpret_cast<const Tensor*>(this + 1), static_cast<std::size_t>(input_count)};
  }
  const void* attributes() const {
    return reinterpret_cast<const std::byte*>(this) + attributes_offset(input_count);
  }
  /// Where the attributes of a node with so many inputs begin: after the inputs, aligned for any type.
  static constexpr std::size_t attributes_offset(std::size_t inputs);
  bool is_leaf() const { return op == nullptr; }
  bool has_value() const { return static_cast<bool>(value); }
  std::size_t bytes() const { return static_cast<std::size_t>(shape.numel()) * size_of(dtype); }
  ConstArray array() const { return {value.data(), dtype, shape}; }
};

constexpr std::size_t Node::attributes_offset(std::size_t inputs) {
  constexpr std::size_t kAlign = alignof(std::max_align_t);
  return (sizeof(Node) + inputs * sizeof(Node*) + kAlign - 1) / kAlign * kAlign;
}

/// A leaf with the given memory, which must hold shape.numel() elements.
Tensor make_leaf(Buffer value, DType dtype, const Shape& shape);

/// The number 0 or 1 as one node that all graphs share; other numbers as leaves of their own.
Tensor literal(const Number& number, DType dtype);

/// Makes a leaf of a node that has its value: it lets go of what it was computed from.
void forget_history(Node& node) noexcept;

inline void retain(Node* node) {
  if (node) node->refs.add();
}

/// What the nodes that a thread makes are given, and what its messages speak of.
struct Making {
  Origin origin;                     // see OriginScope
  bool constants = false;            // whether nodes are constant
  std::string_view operation;        // being applied or computed, see OpScope
  const Origin* operates = nullptr;  // the origin of its node

  /// This thread's. In code for shared libraries each look takes several instructions, and the compiler would
  /// look again for each member: the empty statement keeps it from that.
  static Making& here() {
    Making* found = &of_thread_;
    asm("" : "+r"(found));
    return *found;
  }

 private:
  static constinit thread_local Making of_thread_;
};

/// A node for an operation; takes its own references on the inputs and copies the attributes (trivially
/// copyable).
inline Tensor make_node(const OpRow* op, const void* attributes, std::size_t attribute_bytes, DType dtype,
                        const Shape& shape, std::span<const TensorRef> inputs, const Origin& origin,
                        bool constant) {
  assert(inputs.size() <= Node::kMaxInputs);
  const std::size_t bytes = Node::attributes_offset(inputs.size()) + attribute_bytes;
  Node* node = new (SmallBlocks::take(bytes)) Node(dtype, shape);
  node->constant = constant;
  node->input_count = static_cast<std::uint16_t>(inputs.size());
  node->bytes_allocated = static_cast<std::uint32_t>(bytes);
  node->op = op;
  node->origin = origin;
  Node** slots = reinterpret_cast<Node**>(node + 1);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    slots[i] = inputs[i].node();
    slots[i]->refs.add();
  }
  if (attribute_bytes > 0) std::memcpy(const_cast<void*>(node->attributes()), attributes, attribute_bytes);
  return Tensor::adopt(node);
}

/// A name that lives as long as the program; equal names give equal pointers.
const std::string* intern(const std::string& name);

/// While one exists, nodes made on this thread carry the first given location and function and the innermost
/// layer's name: so that a message names the user's line and what stands there, not the library's.
class OriginScope {
 public:
  explicit OriginScope(Location where, const std::string* layer = nullptr, const char* function = nullptr)
      : OriginScope(Making::here().origin, where, layer, function) {}
  /// Takes over an origin as it is: what the backward pass makes belongs to the line of the forward pass.
  explicit OriginScope(const Origin& origin) : current_(Making::here().origin), previous_(current_) {
    current_ = origin;
  }
  ~OriginScope() { current_ = previous_; }
  OriginScope(const OriginScope&) = delete;
  OriginScope& operator=(const OriginScope&) = delete;

  /// The origin for a node made now by a call from `where`.
  static Origin current(Location where) { return current(Making::here(), where); }
  static Origin current(const Making& here, Location where) {
    return {here.origin.where.file ? here.origin.where : where, here.origin.layer, here.origin.function};
  }

 private:
  OriginScope(Origin& current, Location where, const std::string* layer, const char* function)
      : current_(current), previous_(current) {
    if (!current.where.file) current.where = where;
    if (layer) current.layer = layer;
    if (!current.function) current.function = function;
  }

  Origin& current_;  // of this thread
  Origin previous_;
};

}  // namespace chainrule
