#pragma once

#include <concepts>
#include <cstring>
#include <ostream>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

#include "chainrule/error.h"
#include "chainrule/tensor.h"
#include "core/array.h"
#include "core/text.h"
#include "graph/node.h"

// What an operation is. Each is one struct in one family file of this folder, and one line of op_list.def:
//
//     struct Exp {
//       static constexpr OpInfo kInfo{...};                         name, number of inputs, documentation,
//       domain bool operator==(const Exp&) const = default;                attributes are plain members Meta
//       infer(std::span<const Meta> in) const;                 dtype and shape of the result, or an error
//       Tensors vjp(const Vjp& v) const;                            or: static constexpr std::string_view
//                                                                   kNotDifferentiable = "the reason";
//       void run(const Kernel& k) const;                            plain loops: the reference, f32 and f64
//       void run_fast(const Kernel& k) const;                       optional: SIMD, several threads
//       static std::vector<Sample> samples();                       inputs for the generated tests;
//       elementwise
//                                                                   operations have theirs made from the
//                                                                   domain
//       template <class V> void fields(V visit) const;              only with attributes: visit("name",
//       member)
//     };
namespace chainrule {

struct Meta {
  DType dtype = DType::f32;
  Shape shape;
};

using Tensors = std::vector<Tensor>;

/// Where tests draw an input's elements from: between the two, or with a grid at low, low + grid, ... below
/// high, so that a function's kinks and ties can be kept at a distance.
struct Domain {
  double low = -2;
  double high = 2;
  double grid = 0;
};

/// The largest error of an elementwise operation's result, in units in the last place of the exact one, for
/// numbers of any size, by the kernel and by the reference loop. Tests measure it. Negative: not stated.
struct Ulp {
  double f32 = -1;
  double f64 = -1;
};

struct OpInfo {
  std::string_view name;
  int arity = 1;  // number of inputs; -1 for any number from one
  /// Each element of the result depends on the same element of each input, after broadcasting.
  bool elementwise = false;
  /// The result is the first input's memory, seen with another shape: nothing is computed.
  bool view = false;
  std::string_view doc;
  Domain domain = {};
  Domain second_domain = {};
  Ulp ulp = {};
};

/// What `vjp` gets. It returns one tensor an input: the cotangent times the derivative of the output by that
/// input, of the output's shape where the input was broadcast (the caller sums), or an empty tensor where
/// `needs` is false or where the input's dtype has no gradient.
struct Vjp {
  std::span<const Tensor> inputs;
  const Tensor& output;
  const Tensor& cotangent;
  std::span<const bool> needed;

  bool needs(std::size_t input) const { return needed[input]; }
};

/// What `run` gets: the inputs' numbers and the memory to fill.
struct Kernel {
  std::span<const ConstArray> inputs;
  Array output;
};

/// The inputs for one generated test. A floating dtype stands for both floating dtypes.
struct SampleInput {
  Shape shape;
  DType dtype = DType::f64;
  Domain domain = {};
};
struct Sample {
  std::vector<std::byte> attributes;
  std::vector<SampleInput> inputs;
  int error = 0;  // the number of the error that infer must throw; 0 for none
};

template <class Op>
Sample sample(const Op& op, std::vector<SampleInput> inputs, int error = 0) {
  Sample made{std::vector<std::byte>(sizeof(Op)), std::move(inputs), error};
  std::memcpy(made.attributes.data(), &op, sizeof(Op));
  return made;
}

/// A line of the table: the struct with its type erased.
struct OpRow {
  OpInfo info;
  std::size_t attribute_bytes = 0;
  std::string_view not_differentiable;
  bool (*equal)(const void* a, const void* b) = nullptr;
  void (*print)(const void* op, std::ostream& out) = nullptr;
  Meta (*infer)(const void* op, std::span<const Meta> in) = nullptr;
  Tensors (*vjp)(const void* op, const Vjp& v) = nullptr;
  void (*run)(const void* op, const Kernel& k) = nullptr;
  void (*run_fast)(const void* op, const Kernel& k) = nullptr;
  std::vector<Sample> (*samples)() = nullptr;
};

/// The struct behind a row's pointer.
template <class Op>
const Op& op_cast(const void* op) {
  if constexpr (std::is_empty_v<Op>) {
    static constexpr Op kNoAttributes{};  // nothing to point at: callers may pass null
    return kNoAttributes;
  } else {
    return *static_cast<const Op*>(op);
  }
}

template <class Op>
consteval OpRow make_row() {
  static_assert(std::is_trivially_copyable_v<Op>, "attributes are copied with the node as bytes");
  OpRow row;
  row.info = Op::kInfo;
  row.attribute_bytes = std::is_empty_v<Op> ? 0 : sizeof(Op);
  row.equal = [](const void* a, const void* b) { return op_cast<Op>(a) == op_cast<Op>(b); };
  row.print = [](const void* op, std::ostream& out) {
    if constexpr (!std::is_empty_v<Op>) {
      const char* separator = "";
      op_cast<Op>(op).fields([&](std::string_view name, const auto& value) {
        out << separator << name << "=" << value;
        separator = ", ";
      });
    }
  };
  row.infer = [](const void* op, std::span<const Meta> in) { return op_cast<Op>(op).infer(in); };
  if constexpr (requires { Op::kNotDifferentiable; }) {
    row.not_differentiable = Op::kNotDifferentiable;
  } else {
    row.vjp = [](const void* op, const Vjp& v) { return op_cast<Op>(op).vjp(v); };
  }
  row.run = [](const void* op, const Kernel& k) { op_cast<Op>(op).run(k); };
  if constexpr (requires(const Op& op, const Kernel& k) { op.run_fast(k); }) {
    row.run_fast = [](const void* op, const Kernel& k) { op_cast<Op>(op).run_fast(k); };
  }
  if constexpr (!Op::kInfo.elementwise) row.samples = [] { return Op::samples(); };
  return row;
}

template <class Op>
inline constexpr OpRow kRow = make_row<Op>();

/// Makes the struct's row known to the table; stands once behind each struct.
#define CHAINRULE_OP_ROW(Name) \
  const OpRow& row_of_##Name() { return kRow<Name>; }

/// Every operation, in the order of op_list.def.
std::span<const OpRow* const> op_table();
/// The row of that name, or null.
const OpRow* find_op(std::string_view name);

/// An error of the operation that is being called or run: "[name] what In layer ..., called from ....
/// (E012)".
template <class E>
E op_error(int code, std::string_view what);

/// What op_error speaks of while one exists, and the origin of the nodes made meanwhile: for functions that
/// check arguments before they apply an operation, or are made of several.
class OpScope {
 public:
  OpScope(std::string_view name, Location where);
  ~OpScope();
  OpScope(const OpScope&) = delete;
  OpScope& operator=(const OpScope&) = delete;

 private:
  OriginScope origin_scope_;
  Origin origin_;
  std::string_view previous_name_;
  const Origin* previous_origin_;
};

/// Checks the inputs (infer) and makes the node. Throws what infer throws.
Tensor apply_row(const OpRow& row, const void* attributes, std::span<const Tensor> inputs, Location where);

template <class Op>
Tensor apply(const Op& op, std::span<const Tensor> inputs, Location where) {
  return apply_row(kRow<Op>, &op, inputs, where);
}
template <class Op>
Tensor apply(const Op& op, std::initializer_list<Tensor> inputs, Location where) {
  return apply_row(kRow<Op>, &op, std::span(inputs.begin(), inputs.size()), where);
}

/// Which kernels compute a node: the reference loops, or the fast ones where there are any.
enum class Kernels : std::uint8_t { reference, fast };

/// Computes a node whose inputs have their values.
void run_node(Node& node, Kernels kernels);

/// Whether operations run at once, with the reference kernels (CHAINRULE_MODE=eager).
bool is_eager();
/// For tests: overrides CHAINRULE_MODE.
void set_eager(bool eager);

}  // namespace chainrule
