#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "chainrule/dtype.h"
#include "chainrule/location.h"
#include "chainrule/shape.h"

namespace chainrule {

struct Node;
/// Gives up a reference; the last one frees the node and what only it needed.
void release(Node* node) noexcept;

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

  /// Whether the handle names a tensor at all.
  explicit operator bool() const { return node_ != nullptr; }

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
  /// The elements converted to T.
  template <class T = double>
  std::vector<T> to_vector() const;
  /// The only element, as a double.
  /// @throws ShapeError  if there is not exactly one element (E019).
  double item(Location where = Location::current()) const;
  /// Values as NumPy prints them, with shape and dtype: "[[1, 2], [3, 4]]  (2, 2) f32"; a scalar is its
  /// number alone.
  std::string to_string() const;

  Tensor& operator+=(const Tensor& other);
  Tensor& operator-=(const Tensor& other);
  Tensor& operator*=(const Tensor& other);
  Tensor& operator/=(const Tensor& other);

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

/// One side of an operator: a tensor, or a number that takes the dtype of the other side (`x + 1` keeps f32;
/// an integer tensor with a fractional literal becomes f64, as in NumPy). Made by conversion, so that it can
/// note the user's line.
class Operand {
 public:
  Operand(const Tensor& tensor, Location where = Location::current()) : tensor_(&tensor), where_(where) {}
  template <std::integral T>
  Operand(T number, Location where = Location::current())
      : number_(static_cast<double>(number)), integral_(true), where_(where) {}
  template <std::floating_point T>
  Operand(T number, Location where = Location::current()) : number_(number), where_(where) {}

  const Tensor* tensor() const { return tensor_; }
  double number() const { return number_; }
  bool is_integral() const { return integral_; }
  Location where() const { return where_; }

 private:
  const Tensor* tensor_ = nullptr;
  double number_ = 0;
  bool integral_ = false;
  Location where_;
};

/// @name Leaves
/// @{
/// A tensor of one axis, or of `shape` in row-major order.
/// @throws ShapeError  if the number of values is not that of the shape (E023).
Tensor tensor(std::initializer_list<double> values, DType dtype = f32);
Tensor tensor(std::initializer_list<double> values, const Shape& shape, DType dtype = f32,
              Location where = Location::current());
/// A tensor with a copy of `values`; the dtype is that of T.
/// @throws ShapeError  if the number of values is not that of the shape (E023).
template <class T>
Tensor from_data(std::span<const T> values, const Shape& shape, Location where = Location::current());
template <class T>
Tensor from_data(const std::vector<T>& values, const Shape& shape, Location where = Location::current()) {
  return from_data(std::span<const T>(values), shape, where);
}
/// A tensor with no axes.
Tensor scalar(double value, DType dtype = f32);
Tensor full(const Shape& shape, double value, DType dtype = f32);
Tensor zeros(const Shape& shape, DType dtype = f32);
Tensor ones(const Shape& shape, DType dtype = f32);
/// 0, 1, ..., count - 1.
Tensor arange(std::int64_t count, DType dtype = i64);
/// @}

/// Computes the tensors now, together. Reading a tensor does this by itself; calling it is never needed.
void evaluate(std::span<const Tensor> tensors);

/// A leaf with the tensor's value and no history: gradients stop here.
Tensor detach(const Tensor& tensor);

}  // namespace chainrule
