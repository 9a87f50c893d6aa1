// Derivatives made of vjp: everything here is graph, and can be differentiated again.
#include "autodiff/backward.h"
#include "chainrule/error.h"
#include "chainrule/grad.h"
#include "chainrule/ops.h"
#include "core/text.h"
#include "graph/node.h"
#include "ops/op.h"

namespace chainrule {
namespace {

/// @throws ShapeError E130
void check_tangents(std::string_view name, std::span<const Tensor> variables,
                    std::span<const Tensor> tangents, Location where) {
  const OpScope scope(name, where);
  if (variables.size() != tangents.size()) {
    throw op_error<ShapeError>(
        130, cat(tangents.size(), " vectors for ", variables.size(), " variables; need one for each."));
  }
  for (std::size_t i = 0; i < variables.size(); ++i) {
    const Tensor& x = variables[i];
    const Tensor& t = tangents[i];
    if (t.shape() == x.shape() && t.dtype() == computed_as(x.dtype())) continue;
    throw op_error<ShapeError>(
        130, cat("vector ", i, " ", t.shape(), " ", name_of(t.dtype()), " does not fit its variable ",
                 x.shape(), " ", name_of(computed_as(x.dtype())), "; both must be equal."));
  }
}

/// The sum of all products of two lists.
Tensor dot(std::span<const Tensor> a, std::span<const Tensor> b) {
  Tensor total;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const Tensor part = sum(a[i] * b[i]);
    total = total.is_empty() ? part : total + part;
  }
  return total.is_empty() ? scalar(0, f64) : total;
}

Shape joined(const Shape& a, const Shape& b) {
  std::vector<std::int64_t> sizes(a.begin(), a.end());
  sizes.insert(sizes.end(), b.begin(), b.end());
  return Shape(std::span<const std::int64_t>(sizes));
}

}  // namespace

Tensor jvp(const Tensor& output, std::span<const Tensor> variables, std::span<const Tensor> tangents,
           GradOptions options, Location where) {
  check_tangents("jvp", variables, tangents, where);
  const OriginScope scope(where);
  const Tensor cotangent = zeros(output.shape(), computed_as(output.dtype()));
  const std::vector<Tensor> pulled = vjp(output, variables, cotangent, options, where);
  return grad(dot(pulled, tangents), cotangent, {.allow_unused = true}, where);
}

Tensor jvp(const Tensor& output, std::initializer_list<Tensor> variables,
           std::initializer_list<Tensor> tangents, GradOptions options, Location where) {
  return jvp(output, std::span(variables.begin(), variables.size()),
             std::span(tangents.begin(), tangents.size()), options, where);
}

Tensor jvp(const Tensor& output, const Tensor& variable, const Tensor& tangent, GradOptions options,
           Location where) {
  return jvp(output, std::span(&variable, 1), std::span(&tangent, 1), options, where);
}

Tensor jacobian(const Tensor& output, const Tensor& variable, GradOptions options, Location where) {
  const OriginScope scope(where);
  const Shape shape = joined(output.shape(), variable.shape());
  const std::int64_t count = output.numel();
  if (count == 0) return zeros(shape, computed_as(variable.dtype()));
  const Tensor one = ones({1}, computed_as(output.dtype()));
  std::vector<Tensor> rows;
  for (std::int64_t i = 0; i < count; ++i) {
    const Tensor unit = reshape(pad(one, 0, i, count - 1 - i), output.shape());
    rows.push_back(vjp(output, variable, unit, options, where));
  }
  return reshape(stack(rows), shape);
}

Tensor hessian(const Tensor& output, const Tensor& variable, GradOptions options, Location where) {
  const Tensor gradient = grad(output, variable, options, where);
  options.allow_unused = true;  // a constant gradient has the derivative 0
  return jacobian(gradient, variable, options, where);
}

std::vector<Tensor> hvp(const Tensor& output, std::span<const Tensor> variables,
                        std::span<const Tensor> vectors, GradOptions options, Location where) {
  check_tangents("hvp", variables, vectors, where);
  const OriginScope scope(where);
  const std::vector<Tensor> gradients = grad(output, variables, options, where);
  options.allow_unused = true;
  if (variables.empty()) return {};
  return vjp_of_all(gradients, variables, vectors, options, where);
}

std::vector<Tensor> hvp(const Tensor& output, std::initializer_list<Tensor> variables,
                        std::initializer_list<Tensor> vectors, GradOptions options, Location where) {
  return hvp(output, std::span(variables.begin(), variables.size()),
             std::span(vectors.begin(), vectors.size()), options, where);
}

Tensor hvp(const Tensor& output, const Tensor& variable, const Tensor& vector, GradOptions options,
           Location where) {
  return hvp(output, std::span(&variable, 1), std::span(&vector, 1), options, where)[0];
}

ValueAndGrad value_and_grad(TensorFunction f, const Tensor& x, GradOptions options, Location where) {
  const Tensor value = f(x);
  return {value, grad(value, x, options, where)};
}

NoGrad::NoGrad() : previous_(Making::here().constants) { Making::here().constants = true; }

NoGrad::~NoGrad() { Making::here().constants = previous_; }

Tensor stop_gradient(const Tensor& x, Location where) {
  const OpScope scope("stop_gradient", where);
  const NoGrad constant;
  return same_view(x, where);
}

}  // namespace chainrule
