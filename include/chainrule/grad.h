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
/// be a leaf or the result of an operation. An operation without derivative (floor, a comparison, argmax) is
/// constant between its jumps: what goes through it adds nothing, so that the gradient of x - floor(x) is 1.
/// @throws ShapeError  if `output` has more than one element (E030): sum or mean first.
/// @throws ValueError  if the output does not depend on a variable (E031).
/// @throws NotDifferentiable  if every path to a variable goes through an operation without derivative: names
/// one that all of them meet, or the first of several (E032).
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

Tensor vjp(const Tensor& output, const Tensor& variable, const Tensor& cotangent, GradOptions options = {},
           Location where = Location::current());

/// Jacobian-vector product: how fast the output changes when each variable moves with its tangent.
///
/// By the vjp of the vjp: vjp(u) is linear in u, and its own derivative by u is the Jacobian-vector product,
/// whatever u is. So no operation needs a second rule. Differentiable like any other result.
/// @param tangents  one for each variable, with its shape and dtype.
/// @throws ShapeError  if a tangent does not fit its variable (E130). For the rest see grad.
Tensor jvp(const Tensor& output, std::span<const Tensor> variables, std::span<const Tensor> tangents,
           GradOptions options = {}, Location where = Location::current());
Tensor jvp(const Tensor& output, std::initializer_list<Tensor> variables,
           std::initializer_list<Tensor> tangents, GradOptions options = {},
           Location where = Location::current());
Tensor jvp(const Tensor& output, const Tensor& variable, const Tensor& tangent, GradOptions options = {},
           Location where = Location::current());

/// All partial derivatives of an output by a variable: shape output.shape + variable.shape.
/// One vjp for each element of the output.
/// @throws ShapeError  for more than Shape::kMaxNdim axes (E001). For the rest see grad.
Tensor jacobian(const Tensor& output, const Tensor& variable, GradOptions options = {},
                Location where = Location::current());

/// Second derivatives of a scalar: shape variable.shape + variable.shape; zeros where the gradient is
/// constant. One vjp for each element of the variable: for its product with a vector take hvp.
/// @throws  what grad throws.
Tensor hessian(const Tensor& output, const Tensor& variable, GradOptions options = {},
               Location where = Location::current());

/// Hessian-vector product, without the Hessian: the gradient of sum(grad(output) * vector) with the vector
/// held (Pearlmutter 1994). With several variables their Hessian is one matrix over all: a part for each.
/// @param vectors  one for each variable, with its shape and dtype.
/// @throws ShapeError  if a vector does not fit its variable (E130). For the rest see grad.
std::vector<Tensor> hvp(const Tensor& output, std::span<const Tensor> variables,
                        std::span<const Tensor> vectors, GradOptions options = {},
                        Location where = Location::current());
std::vector<Tensor> hvp(const Tensor& output, std::initializer_list<Tensor> variables,
                        std::initializer_list<Tensor> vectors, GradOptions options = {},
                        Location where = Location::current());
Tensor hvp(const Tensor& output, const Tensor& variable, const Tensor& vector, GradOptions options = {},
           Location where = Location::current());

/// While one exists, what this thread computes is constant for every gradient, as the result of
/// stop_gradient is.
class NoGrad {
 public:
  NoGrad();
  ~NoGrad();
  NoGrad(const NoGrad&) = delete;
  NoGrad& operator=(const NoGrad&) = delete;

 private:
  bool previous_;
};

/// The same value, held constant: no gradient goes through. As detach, but nothing is computed.
Tensor stop_gradient(const Tensor& x, Location where = Location::current());

/// A function of tensors that is called before the call it is passed to returns. (std::function would be a
/// third of the time that including this header takes.)
template <class Argument>
class FunctionRef {
 public:
  template <class F>
  requires(!std::is_same_v<std::remove_cvref_t<F>, FunctionRef> &&
           std::is_invocable_r_v<Tensor, F&, Argument>) FunctionRef(F&& f) {
    using Callable = std::remove_reference_t<F>;
    if constexpr (std::is_function_v<Callable>) {
      target_.function = reinterpret_cast<void (*)()>(&f);
      call_ = [](Target target, Argument x) -> Tensor {
        return reinterpret_cast<Callable*>(target.function)(x);
      };
    } else {
      target_.object = const_cast<void*>(static_cast<const void*>(&f));
      call_ = [](Target target, Argument x) -> Tensor { return (*static_cast<Callable*>(target.object))(x); };
    }
  }

  Tensor operator()(Argument x) const { return call_(target_, x); }

 private:
  union Target {
    void* object;
    void (*function)();
  };
  Target target_;
  Tensor (*call_)(Target, Argument);
};
using TensorFunction = FunctionRef<const Tensor&>;
using TensorsFunction = FunctionRef<std::span<const Tensor>>;

struct ValueAndGrad {
  Tensor value, gradient;
};

/// f(x) and its gradient by x:  auto [loss, gradient] = value_and_grad(f, x);
///
/// Both are of one graph, which computes what they share once. For several variables compute the loss and
/// call grad(loss, {w, b}): the loss is the value.
/// @throws  what f and grad throw.
ValueAndGrad value_and_grad(TensorFunction f, const Tensor& x, GradOptions options = {},
                            Location where = Location::current());

/// Gradient of a scalar function by central differences: (f(x + h e_i) - f(x - h e_i)) / 2h for each element
/// i. Costs two evaluations an element; the error is of order h^2, so x should be f64. f must not keep its
/// argument.
/// @throws DTypeError  if x is not floating (E015).
Tensor numerical_gradient(TensorFunction f, const Tensor& x, double h = 1e-4,
                          Location where = Location::current());

}  // namespace chainrule
