#pragma once

#include <string>
#include <utility>
#include <vector>

#include "chainrule/shared.h"
#include "chainrule/tensor.h"

namespace chainrule::nn {

/// What a layer keeps from call to call: a counted handle to a tensor that can be replaced by another of its
/// shape and dtype. Copies share it: two layers with one Parameter are tied. Empty until a value is set, as a
/// layer does when it sees its first input.
///
/// The value is always a leaf of its own, even if several were made of one tensor: gradients belong to
/// handles.
class Variable {
 public:
  Variable() : slot_(new Slot) {}
  explicit Variable(const Tensor& value) : Variable() { set_value(value); }
  // A move would leave a handle without anything behind it; a copy costs as little.
  Variable(const Variable&) = default;
  Variable& operator=(const Variable&) = default;

  /// @throws ValueError  if there is no value yet (E240).
  const Tensor& value() const {
    if (slot_->value.is_empty()) throw_empty();
    return slot_->value;
  }
  operator const Tensor&() const { return value(); }
  /// Whether there is a value.
  explicit operator bool() const { return !slot_->value.is_empty(); }
  /// Computes the tensor and keeps its numbers.
  /// @throws ShapeError  if there is a value of another shape or dtype (E042).
  void set_value(Tensor value);
  /// The same without a look at what was there: it may have another shape and dtype.
  void replace(Tensor value);

  /// Whether both are one.
  bool operator==(const Variable& other) const { return slot_ == other.slot_; }

 protected:
  struct Slot : Counted {
    Tensor value, grad;
  };
  [[noreturn]] static void throw_empty();

  Shared<Slot> slot_;
};

/// A tensor that is trained, and its gradient once a backward pass has run.
class Parameter : public Variable {
 public:
  using Variable::Variable;

  /// Empty until a backward pass has run.
  const Tensor& grad() const { return slot_->grad; }
  void set_grad(Tensor grad) { slot_->grad = std::move(grad); }
};

/// A tensor that training changes without a gradient, such as a running mean.
class State : public Variable {
 public:
  using Variable::Variable;
};

/// With its path from the layer that was asked: "block1.affine1.weight".
struct NamedParameter {
  std::string name;
  Parameter parameter;
};
struct NamedState {
  std::string name;
  State state;
};

/// The parameters' values in their order, as grad takes them.
std::vector<Tensor> values(const std::vector<NamedParameter>& parameters);

}  // namespace chainrule::nn
