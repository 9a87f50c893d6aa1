#pragma once

#include <array>
#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "chainrule/array.h"
#include "chainrule/error.h"
#include "chainrule/tensor.h"

// What an operation is: one struct, which says everything about it. The library's own are written like this,
// and so is a user's (include this header by itself; chainrule.h does not):
//
//     struct Cube {
//       static constexpr OpInfo kInfo{.name = "cube", .elementwise = true, .doc = "x^3."};
//       bool operator==(const Cube&) const = default;        // attributes are plain members, compared here
//       Meta infer(std::span<const Meta> in) const {         // dtype and shape of the result, or an error
//         if (!is_floating(in[0].dtype)) throw op_error<DTypeError>(0, "takes f32 or f64.");
//         return in[0];
//       }
//       Gradients vjp(const Vjp& v) const {                  // graph: the gradient has a gradient
//         return {v.cotangent * 3 * square(v.inputs[0])};
//       }
//       void run(const Kernel& k) const {                    // plain loops
//         with_floating(k.output.dtype, [&]<class T>(std::type_identity<T>) {
//           const T* x = k.inputs[0].as<T>();
//           for (std::int64_t i = 0; i < k.output.numel(); ++i) k.output.as<T>()[i] = x[i] * x[i] * x[i];
//         });
//       }
//     };
//
//     Tensor cube(const Tensor& x, Location where = Location::current()) { return apply(Cube{}, {x}, where);
//     }
//
// An operation without derivative has `static constexpr std::string_view kNotDifferentiable = "the reason";`
// in place of vjp. Further members: run_fast (as run, with SIMD or threads), or for elementwise operations
// run_block (which can be fused with its neighbours in a graph); split (how it can be computed in pieces);
// MakesAlso (another operation's struct, whose result on the same inputs, or the first of them, with the
// same attributes run_fast can write in the same pass); simplify (changes its attributes to those of another
// form of it, with fewer steps in front or none, for what a plan knows of its inputs: the bits must be the
// same); flops (floating operations of a call, for reports: one an element without it); samples (inputs for
// check_op; elementwise operations have theirs made from kInfo.domain), and with attributes fields(visit),
// which calls visit("name", member) for each.
// check_op<Cube>() proves it like the library's own.
namespace chainrule {

/// What is known of a tensor without its numbers; messages have it in this form: "(4, 9) f32".
struct Meta {
  DType dtype = DType::f32;
  Shape shape;

  friend std::ostream& operator<<(std::ostream& out, const Meta& meta) {
    return out << meta.shape << " " << meta.dtype;
  }
};
inline Meta meta_of(const Tensor& tensor) { return {tensor.dtype(), tensor.shape()}; }

using Tensors = std::vector<Tensor>;

/// What `vjp` returns: a tensor an input. Few of them need no memory of their own.
class Gradients {
 public:
  template <std::same_as<Tensor>... T>
  requires(sizeof...(T) >= 1 && sizeof...(T) <= 3) Gradients(T... gradients)
      : few_{std::move(gradients)...} {}
  Gradients(Tensors gradients) : many_(std::move(gradients)) {}

  /// Whether there is a place for this input's.
  bool has(std::size_t input) const { return input < (many_.empty() ? few_.size() : many_.size()); }
  Tensor& operator[](std::size_t input) { return many_.empty() ? few_[input] : many_[input]; }

 private:
  std::array<Tensor, 3> few_;
  Tensors many_;
};

/// Where tests draw an input's elements from: between the two, or with a grid at low, low + grid, ... below
/// high, so that a function's kinks and ties can be kept at a distance.
struct Domain {
  double low = -2;
  double high = 2;
  double grid = 0;
};

/// The largest error of a result's numbers, in units in the last place of the exact ones, for inputs of any
/// size, by the kernel and by the reference loop. 0: nothing is rounded. Negative: not stated. Tests look.
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
  /// Takes inputs of every dtype, as what only moves numbers does. Other operations never see those that are
  /// for keeping numbers (f16, bf16, i32): such inputs are converted first (computed_as).
  bool any_dtype = false;
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

/// What may follow a matrix product or a convolution in the same pass over its result y.
struct Epilogue {
  const void* bias = nullptr;  // y + bias, one number a column of a matrix, a channel of images; or null
  bool relu = false;           // y <= 0 ? 0 : y
  const void* mask = nullptr;  // mask <= 0 ? 0 : y, of y's shape, for a matrix; or null
  const void* base = nullptr;  // base - scale * y, of y's shape, for a matrix; or null
  const void* scale = nullptr;

  bool is_empty() const { return bias == nullptr && !relu && mask == nullptr && base == nullptr; }
};

/// Which piece of the whole a call computes. The pieces come in order.
struct Piece {
  bool first = true, last = true;
  void* kept = nullptr;  // what Split::kept asked for; null if there is but one piece
};

/// What `run` gets: the inputs' numbers and the memory to fill.
struct Kernel {
  std::span<const ConstArray> inputs;
  Array output;
  Epilogue epilogue = {};  // run_fast, if the operation has kTakesEpilogue: what follows
  Piece piece = {};        // run_fast, if the operation has split
  void* also = nullptr;    // run_fast, if the operation has MakesAlso: memory for that result too, or null
};

/// How run_fast can compute a result in pieces along the first axis, so that what one operation leaves for
/// the next stays in the cache. In the order of the pieces, the bits must be those of one call.
struct Split {
  std::uint32_t inputs = 0;  // bit i: input i is cut along its first axis as well; no bit: not in pieces
  bool adds_up = false;      // the output is no piece: each call but the first adds to it
  std::int64_t kept = 0;     // memory for so many of the output's numbers stays from piece to piece
};

/// What `run_block` gets: some elements in a row of each input, or one number that stands for all of them.
/// Only where the last input is f32 or f64; other dtypes go to `run`.
struct Block {
  std::array<const void*, 3> inputs{};
  std::array<bool, 3> is_scalar{};  // never all of them, unless count is 1
  void* output = nullptr;           // may be an input that is not scalar and has elements of the same size
  std::int64_t count = 0;
  DType dtype = DType::f32;  // of the last input
};

/// The inputs for one generated test. A floating dtype stands for both floating dtypes.
struct SampleInput {
  Shape shape;
  DType dtype = DType::f64;
  Domain domain = {};
  /// What is done to the drawn numbers, in operations: to make matrices that are not singular, for one.
  Tensor (*prepare)(const Tensor& drawn) = nullptr;
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

struct OpRow;
struct BlockReduction;

/// An input as a plan knows it, for `simplify`.
struct Known {
  Meta meta;
  bool is_zero = false, is_one = false;  // a number that was written as 0 or 1
  /// The operation that made it, if it is seen with the shape that was made; else null.
  const OpRow* row = nullptr;
  const void* attributes = nullptr;
};

/// What `simplify` found: at most one of the two, the number of an input.
struct Simpler {
  std::int32_t same_as = -1;  // the result is that input
  std::int32_t through =
      -1;  // the operation, as it has become, takes the first input of what made that input
};

/// How a processor runs an operation.
struct CpuRow {
  void (*run)(const void* op, const Kernel& k) = nullptr;
  void (*run_fast)(const void* op, const Kernel& k) = nullptr;
  void (*run_block)(const void* op, const Block& b) = nullptr;
  bool takes_epilogue = false;
  const OpRow* makes_also = nullptr;
  Split (*split)(const void* op, std::span<const Shape> in) = nullptr;
  /// Whether it is a sum or a maximum that fused steps can be followed by: which.
  bool (*reduces_block)(const void* op, const Meta& in, BlockReduction& found) = nullptr;
};

/// A line of the table: the struct with its type erased, as to what it means; `cpu` says how it is run.
struct OpRow {
  OpInfo info;
  std::size_t attribute_bytes = 0;
  std::string_view not_differentiable;
  bool checks_values = false;  // run may throw for the numbers it sees; of users' operations that is assumed
  bool (*equal)(const void* a, const void* b) = nullptr;
  void (*print)(const void* op, std::ostream& out) = nullptr;
  void (*key)(const void* op, std::vector<std::uint64_t>& words) = nullptr;  // null without attributes
  Meta (*infer)(const void* op, std::span<const Meta> in) = nullptr;
  Gradients (*vjp)(const void* op, const Vjp& v) = nullptr;
  Simpler (*simplify)(void* op, std::span<const Known> in, const Meta& out) = nullptr;
  double (*flops)(const void* op, std::span<const Shape> in, const Shape& out) = nullptr;
  std::vector<Sample> (*samples)() = nullptr;
  const CpuRow* cpu = nullptr;
};

/// An elementwise operation on whole arrays, block by block: what run_fast is where there is a run_block.
void run_by_blocks(const OpRow& row, const void* op, const Kernel& k);

/// Appends an attribute as words: equal attributes give equal words.
template <class T>
void append_key(const T& value, std::vector<std::uint64_t>& words) {
  if constexpr (std::is_floating_point_v<T>) {
    words.push_back(std::bit_cast<std::uint64_t>(static_cast<double>(value)));
  } else if constexpr (std::is_integral_v<T> || std::is_enum_v<T>) {
    words.push_back(static_cast<std::uint64_t>(value));
  } else if constexpr (requires { value.begin(), value.end(); }) {  // a shape, text, an array
    words.push_back(static_cast<std::uint64_t>(value.end() - value.begin()));
    for (const auto& element : value) append_key(element, words);
  } else {
    static_assert(std::has_unique_object_representations_v<T>,
                  "an attribute is a number, text, a range of them, or a struct without padding");
    std::array<std::uint64_t, (sizeof(T) + 7) / 8> bytes{};
    std::memcpy(bytes.data(), &value, sizeof(T));
    words.insert(words.end(), bytes.begin(), bytes.end());
  }
}

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
consteval OpRow make_row();
template <class Op>
inline constexpr OpRow kRow = make_row<Op>();

template <class Op>
consteval CpuRow make_cpu_row() {
  CpuRow row;
  row.run = [](const void* op, const Kernel& k) { op_cast<Op>(op).run(k); };
  if constexpr (requires(const Op& op, const Block& b) { op.run_block(b); }) {
    row.run_block = [](const void* op, const Block& b) { op_cast<Op>(op).run_block(b); };
    row.run_fast = [](const void* op, const Kernel& k) { run_by_blocks(kRow<Op>, op, k); };
  } else if constexpr (requires(const Op& op, const Kernel& k) { op.run_fast(k); }) {
    row.run_fast = [](const void* op, const Kernel& k) { op_cast<Op>(op).run_fast(k); };
  }
  if constexpr (requires { Op::kTakesEpilogue; }) row.takes_epilogue = Op::kTakesEpilogue;
  if constexpr (requires { typename Op::MakesAlso; }) row.makes_also = &kRow<typename Op::MakesAlso>;
  if constexpr (requires(const Op& op, std::span<const Shape> in) { op.split(in); }) {
    row.split = [](const void* op, std::span<const Shape> in) { return op_cast<Op>(op).split(in); };
  }
  if constexpr (requires(const Op& op, const Meta& in, BlockReduction& found) {
                  op.reduces_block(in, found);
                }) {
    row.reduces_block = [](const void* op, const Meta& in, BlockReduction& found) {
      return op_cast<Op>(op).reduces_block(in, found);
    };
  }
  return row;
}
template <class Op>
inline constexpr CpuRow kCpuRow = make_cpu_row<Op>();

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
  if constexpr (!std::is_empty_v<Op>) {
    row.key = [](const void* op, std::vector<std::uint64_t>& words) {
      op_cast<Op>(op).fields([&](std::string_view, const auto& value) { append_key(value, words); });
    };
  }
  row.infer = [](const void* op, std::span<const Meta> in) { return op_cast<Op>(op).infer(in); };
  if constexpr (requires { Op::kNotDifferentiable; }) {
    row.not_differentiable = Op::kNotDifferentiable;
  } else {
    row.vjp = [](const void* op, const Vjp& v) -> Gradients { return op_cast<Op>(op).vjp(v); };
  }
  if constexpr (requires { Op::kChecksValues; }) row.checks_values = Op::kChecksValues;
  if constexpr (requires(Op & op, std::span<const Known> in, const Meta& out) { op.simplify(in, out); }) {
    row.simplify = [](void* op, std::span<const Known> in, const Meta& out) {
      Op none{};  // without attributes there is nothing to point at
      return (std::is_empty_v<Op> ? none : *static_cast<Op*>(op)).simplify(in, out);
    };
  }
  if constexpr (requires(const Op& op, std::span<const Shape> in) { op.flops(in, in[0]); }) {
    row.flops = [](const void* op, std::span<const Shape> in, const Shape& out) {
      return op_cast<Op>(op).flops(in, out);
    };
  }
  if constexpr (!Op::kInfo.elementwise) row.samples = [] { return Op::samples(); };
  row.cpu = &kCpuRow<Op>;
  return row;
}

/// An error of the operation that is being called or run: "[name] what In layer ..., called from ....
/// (E012)". E is ShapeError, DTypeError or ValueError; the numbers of users' operations are theirs.
template <class E>
E op_error(int code, std::string_view what);

/// Checks the inputs (infer) and makes the node. Throws what infer throws.
Tensor apply_row(const OpRow& row, const void* attributes, std::span<const TensorRef> inputs, Location where);
Tensor apply_row(const OpRow& row, const void* attributes, std::span<const Tensor> inputs, Location where);

template <class Op>
Tensor apply(const Op& op, std::span<const Tensor> inputs, Location where) {
  return apply_row(kRow<Op>, &op, inputs, where);
}
template <class Op>
Tensor apply(const Op& op, std::initializer_list<TensorRef> inputs, Location where) {
  return apply_row(kRow<Op>, &op, std::span(inputs.begin(), inputs.size()), where);
}

/// Makes a row findable by name beside the table: `chainrule explain` and find_op know it then.
/// @throws ValueError  if the name is taken or the row is not documented (E134).
void register_op(const OpRow& row);
template <class Op>
void register_op() {
  register_op(kRow<Op>);
}

/// What check_op found.
struct OpCheck {
  int cases = 0;
  /// The largest difference of a value to that of the reference loops in f64, relative to the value or 1.
  double value_error_f32 = 0, value_error_f64 = 0;
  /// The largest difference of a derivative to central differences, relative to the derivative or 1.
  double first_order_error = 0, second_order_error = 0;
  /// What was not checked and why, each once: "its result is not a floating number".
  std::vector<std::string> exemptions;
  /// What is wrong, a sentence each.
  std::vector<std::string> failures;

  bool ok() const { return failures.empty(); }
};

/// Checks an operation as the library's own are checked, over all its samples in f32 and f64: documentation;
/// attributes compared and printed; infer against bad inputs; fast kernels against reference loops; the first
/// and the second derivative against central differences.
OpCheck check_op(const OpRow& row);
template <class Op>
OpCheck check_op() {
  return check_op(kRow<Op>);
}

}  // namespace chainrule
