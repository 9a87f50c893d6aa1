#pragma once

#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "chainrule/dtype.h"
#include "chainrule/location.h"
#include "chainrule/number.h"
#include "chainrule/shape.h"

namespace chainrule {

struct Node;
class Operand;
/// Gives up a reference; the last one frees the node and what only it needed.
void release(Node* node) noexcept;

/// What tensors are made of, besides numbers: halves as they are kept.
template <class T>
concept Element = Numeric<T> || OneOf<T, Float16, BFloat16>;

/// An array of numbers: either given (a leaf) or the result of an operation on other tensors.
///
/// A Tensor is a handle, cheap to copy; its value never changes. Operations check shapes and dtypes at once
/// and compute nothing: numbers appear when somebody reads them (item, data, printing) or an optimizer steps.
/// It keeps what it was computed from, for gradients: in a list of losses hold numbers, or detach(loss).
/// Tensors that share a graph must be used by one thread at a time; graphs of several threads may share given
/// tensors, such as the parameters of a net.
class Tensor {
 public:
  /// An empty handle. Using it in an operation is a ValueError (E010).
  Tensor() noexcept = default;
  Tensor(const Tensor& other) noexcept;
  Tensor(Tensor&& other) noexcept : node_(std::exchange(other.node_, nullptr)) {}
  Tensor& operator=(const Tensor& other) noexcept;
  Tensor& operator=(Tensor&& other) noexcept {
    Tensor old = adopt(std::exchange(node_, std::exchange(other.node_, nullptr)));
    return *this;
  }
  ~Tensor() {
    if (node_ != nullptr) release(node_);
  }

  /// Whether the handle names no tensor: it was default-constructed, or moved from.
  bool is_empty() const { return node_ == nullptr; }
  /// An array is neither true nor false, so that `if (loss < 0.1)` and `a > 0 && b > 0` do not compile. For a
  /// number write (loss < 0.1).item(), for arrays any, all, logical_and, and for a handle is_empty().
  explicit operator bool() const = delete;

  DType dtype() const;
  const Shape& shape() const;
  int ndim() const { return shape().ndim(); }
  std::int64_t numel() const { return shape().numel(); }
  /// Size along an axis; negative axes count from the end.
  /// @throws ShapeError  if there is no such axis (E013).
  std::int64_t size(int axis, Location where = Location::current()) const;

  /// The elements in row-major order, computed if need be. Valid as long as this tensor.
  /// @throws DTypeError  if T is not the tensor's element type (E020).
  template <class T>
  std::span<const T> data(Location where = Location::current()) const {
    return {static_cast<const T*>(bytes(dtype_of<T>, where)), static_cast<std::size_t>(numel())};
  }
  /// The elements converted to T, by the rule that stands at Number.
  template <Numeric T = double>
  std::vector<T> to_vector() const;
  /// The only element, converted to T: of an i64 tensor item<std::int64_t>() has all digits.
  /// @throws ShapeError  if there is not exactly one element (E019).
  template <Numeric T = double>
  T item(Location where = Location::current()) const;
  /// Values as NumPy prints them, with shape and dtype: "[[1, 2], [3, 4]]  (2, 2) f32"; a scalar is its
  /// number alone. Of more than 1000 elements the middle of each long axis is left out.
  std::string to_string() const;

  Tensor& operator+=(const Operand& other);
  Tensor& operator-=(const Operand& other);
  Tensor& operator*=(const Operand& other);
  Tensor& operator/=(const Operand& other);

  /// The graph's node, for code that walks graphs; owned by this handle.
  Node* node() const { return node_; }
  /// A handle on a node; shares ownership.
  static Tensor of(Node* node) noexcept;
  /// A handle that takes over one reference the caller holds.
  static Tensor adopt(Node* node) noexcept {
    Tensor tensor;
    tensor.node_ = node;
    return tensor;
  }

 private:
  const void* bytes(DType wanted, Location where) const;

  Node* node_ = nullptr;
};

std::ostream& operator<<(std::ostream& out, const Tensor& tensor);

/// A tensor that is handed to a call: as `const Tensor&`, but it can stand in a list without a copy.
class TensorRef {
 public:
  TensorRef(const Tensor& tensor) : node_(tensor.node()) {}
  Node* node() const { return node_; }

 private:
  Node* node_;
};

/// One side of an operator: a tensor, or a number. Made by conversion, so that it can note the user's line.
///
/// A number takes the dtype of the tensor beside it, as in NumPy 2: `x + 1` keeps f32, and u8 and i64 with
/// whole numbers. Only where that dtype has no such numbers it is another: an integer tensor with a fraction
/// becomes f64, a boolean one i64 or f64. A whole number that u8 cannot hold is an error (E149), but for
/// comparisons and divisions, which are of numbers of any size. Two numbers beside each other, as in
/// where(mask, 1, 0), are f32, which tensors are made of if nothing else is said; true and false are boolean.
class Operand {
 public:
  Operand(const Tensor& tensor, Location where = Location::current()) : tensor_(&tensor), where_(where) {}
  /// What holds a tensor, such as a layer's parameter.
  template <class Holder>
  requires requires(const Holder& holder) { holder.operator const Tensor&(); }
  Operand(const Holder& holder, Location where = Location::current())
      : tensor_(&holder.operator const Tensor&()), where_(where) {}
  template <Numeric T>
  Operand(T number, Location where = Location::current()) : number_(number), where_(where) {}
  Operand(const Number& number, Location where = Location::current()) : number_(number), where_(where) {}

  const Tensor* tensor() const { return tensor_; }
  const Number& number() const { return number_; }
  Location where() const { return where_; }

 private:
  const Tensor* tensor_ = nullptr;
  Number number_ = 0;
  Location where_;
};

/// @name Leaves
/// @{
/// A tensor of one axis, or of `shape` in row-major order. Numbers keep all their digits on the way into the
/// dtype, and are converted by the rule that stands at Number.
/// @throws ShapeError  if the number of values is not that of the shape (E023).
Tensor tensor(std::initializer_list<Number> values, DType dtype = f32);
Tensor tensor(std::initializer_list<Number> values, const Shape& shape, DType dtype = f32,
              Location where = Location::current());
/// A tensor with a copy of `values`; the dtype is that of T, and i64 for other integers, int among them:
/// cast(x, i32) keeps those in half the room.
/// @throws ShapeError  if the number of values is not that of the shape (E023).
template <Element T>
Tensor from_data(std::span<const T> values, const Shape& shape, Location where = Location::current());
template <Element T>
Tensor from_data(const std::vector<T>& values, const Shape& shape, Location where = Location::current()) {
  return from_data(std::span<const T>(values), shape, where);
}
Tensor from_data(const std::vector<bool>& values, const Shape& shape, Location where = Location::current());
/// A tensor with no axes.
Tensor scalar(const Number& value, DType dtype = f32);
Tensor full(const Shape& shape, const Number& value, DType dtype = f32);
Tensor zeros(const Shape& shape, DType dtype = f32);
Tensor ones(const Shape& shape, DType dtype = f32);
/// 0, 1, ..., count - 1.
Tensor arange(std::int64_t count, DType dtype = i64);
/// @}

/// Computes the tensors now, together. Reading a tensor does this by itself; calling it is never needed.
void evaluate(std::span<const Tensor> tensors);
void evaluate(std::initializer_list<Tensor> tensors);

/// A leaf with the tensor's value and no history: gradients stop here.
Tensor detach(const Tensor& tensor);

}  // namespace chainrule
