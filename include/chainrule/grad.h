#pragma once

#include <initializer_list>
#include <span>
#include <type_traits>
#include <vector>

#include "chainrule/tensor.h"

namespace chainrule {

struct GradOptions {
  /// Zeros for a variable that the output does not depend on, instead of an error.
  bool allow_unused = false;
  /// Partial derivatives: what reaches a variable only through another variable does not count.
  bool stop_at_variables = false;
};

/// Gradients of a scalar by each of the variables, in their order and with their shapes.
///
/// The gradients are tensors like any other: they can be differentiated again, to any order. A variable may
/// be a leaf or the result of an operation.
/// @throws ShapeError  if `output` has more than one element (E030): sum or mean first.
/// @throws ValueError  if the output does not depend on a variable (E031).
/// @throws NotDifferentiable  if every path to a variable goes through an operation without derivative
/// (E032).
/// @throws DTypeError  if a variable is not floating (E034).
std::vector<Tensor> grad(const Tensor& output, std::span<const Tensor> variables, GradOptions options = {},
                         Location where = Location::current());
std::vector<Tensor> grad(const Tensor& output, std::initializer_list<Tensor> variables,
                         GradOptions options = {}, Location where = Location::current());
Tensor grad(const Tensor& output, const Tensor& variable, GradOptions options = {},
            Location where = Location::current());

/// Vector-Jacobian product: the gradients of sum(output * cotangent).
/// @param cotangent  the output's shape and dtype.
/// @throws ShapeError  if the cotangent's shape differs (E033). For the rest see grad.
std::vector<Tensor> vjp(const Tensor& output, std::span<const Tensor> variables, const Tensor& cotangent,
                        GradOptions options = {}, Location where = Location::current());

/// A function from tensor to tensor that is called before the call it is passed to returns. (std::function
/// would be a third of the time that including this header takes.)
class TensorFunction {
 public:
  template <class F>
  requires(!std::is_same_v<std::remove_cvref_t<F>, TensorFunction>) TensorFunction(F&& f)
      : context_(const_cast<void*>(static_cast<const void*>(&f))),
        call_([](void* context, const Tensor& x) -> Tensor {
          return (*static_cast<std::remove_reference_t<F>*>(context))(x);
        }) {}

  Tensor operator()(const Tensor& x) const { return call_(context_, x); }

 private:
  void* context_;
  Tensor (*call_)(void*, const Tensor&);
};

/// Gradient of a scalar function by central differences: (f(x + h e_i) - f(x - h e_i)) / 2h for each element
/// i. Costs two evaluations an element; the error is of order h^2, so x should be f64. f must not keep its
/// argument.
/// @throws DTypeError  if x is not floating (E015).
Tensor numerical_gradient(TensorFunction f, const Tensor& x, double h = 1e-4);

}  // namespace chainrule
