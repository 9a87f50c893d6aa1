// Arithmetic, functions of numbers, products of matrices.
#include <algorithm>

#include "core/text.h"
#include "io/elements.h"
#include "onnx/numbers.h"

namespace chainrule::onnx {

DType dtype_of_code(const Call& call, std::int64_t code) {
  const ElementType* type = code < 0 || code > 255 ? nullptr : find_element_type(static_cast<int>(code));
  if (type == nullptr) throw call.error(cat("elements of type ", code, "; need numbers or booleans."));
  return type->dtype;
}

Shape shape_of(const Call& call, std::span<const std::int64_t> sizes) {
  if (sizes.size() > Shape::kMaxNdim || std::any_of(sizes.begin(), sizes.end(), [](auto s) { return s < 0; }))
    throw call.error(
        cat("a shape of ", sizes.size(), " sizes; need at most ", Shape::kMaxNdim, ", none below 0."));
  const Shape shape(sizes);
  call.check_size(shape);
  return shape;
}

namespace {

template <class F>
Tensors folded(const Call& call, F join) {
  Tensor result = call[0];
  for (std::size_t i = 1; i < call.input_count(); ++i) result = join(result, call[i]);
  return {result};
}

Tensors add(const Call& c) { return {c[0] + c[1]}; }
Tensors sub(const Call& c) { return {c[0] - c[1]}; }
Tensors mul(const Call& c) { return {c[0] * c[1]}; }
Tensors div(const Call& c) {
  return {is_floating(c[0].dtype()) ? c[0] / c[1] : as(cut_quotient(c[0], c[1]), c[0])};
}
Tensors power(const Call& c) { return {as(pow(c[0], c[1]), c[0])}; }
Tensors mod(const Call& c) { return {as(c.flag("fmod") ? fmod(c[0], c[1]) : remainder(c[0], c[1]), c[0])}; }
Tensors sums(const Call& c) {
  return folded(c, [](const Tensor& a, const Tensor& b) { return a + b; });
}
Tensors largest(const Call& c) {
  return folded(c, [](const Tensor& a, const Tensor& b) { return maximum(a, b); });
}
Tensors smallest(const Call& c) {
  return folded(c, [](const Tensor& a, const Tensor& b) { return minimum(a, b); });
}
Tensors mean_of(const Call& c) { return {sums(c)[0] / static_cast<double>(c.input_count())}; }
Tensors negative(const Call& c) { return {-c[0]}; }
Tensors identity(const Call& c) { return {c[0]}; }
Tensors one_over(const Call& c) { return {1 / c[0]}; }

Tensors bit_shift(const Call& c) {
  const std::string direction = c.text("direction", "");
  if (direction != "LEFT" && direction != "RIGHT") throw c.error("direction must be LEFT or RIGHT.");
  const Tensor factor = cast(pow(scalar(2, f64), cast(c[1], f64)), i64);
  return {as(direction == "LEFT" ? cast(c[0], i64) * factor : floor_divide(cast(c[0], i64), factor), c[0])};
}

Tensors clipped(const Call& c) {
  Tensor x = c[0];
  if (c.has(1)) x = maximum(x, c[1]);
  if (c.has(2)) x = minimum(x, c[2]);
  if (c.find("min") != nullptr) x = maximum(x, number(c.number("min", 0), x));
  if (c.find("max") != nullptr) x = minimum(x, number(c.number("max", 0), x));
  return {x};
}

/// Rounded to what the format names, and then in the dtype that is computed with.
Tensors cast_to(const Call& c) {
  const DType dtype = dtype_of_code(c, c.integer("to"));
  const ElementType& type = *find_element_type(static_cast<int>(c.integer("to")));
  return {cast(cast(c[0], io::find_safetensors(type.stored)->dtype), dtype)};
}
Tensors cast_like(const Call& c) { return {as(c[0], c[1])}; }

Tensors matrix_product(const Call& c) { return {as(matmul(c[0], c[1]), c[0])}; }

Tensors gemm(const Call& c) {
  if (c[0].ndim() != 2 || c[1].ndim() != 2) throw c.error("needs two matrices.");
  const Tensor a = c.flag("transA") ? transpose(c[0]) : c[0];
  const Tensor b = c.flag("transB") ? transpose(c[1]) : c[1];
  const double alpha = c.number("alpha", 1), beta = c.number("beta", 1);
  Tensor y = matmul(a, b);
  if (alpha != 1) y = as(y * alpha, c[0]);
  if (c.has(2)) y = y + (beta == 1 ? c[2] : as(c[2] * beta, c[0]));
  return {y};
}

Tensors einsum_of(const Call& c) {
  std::string equation = c.text("equation", "");
  std::erase(equation, ' ');
  return {einsum(equation, c.inputs())};
}

Tensors det(const Call& c) { return {determinant(c[0])}; }

Tensors triangle(const Call& c) {
  const std::int64_t k = c.has(1) ? c.integer_at(1) : 0;
  return {as(c.flag("upper", true) ? triu(c[0], k) : tril(c[0], k), c[0])};
}

Tensors cumulated(const Call& c) {
  return {as(cumsum(c[0], c.axis_of(c.integer_at(1), c[0].ndim()),
                    {.reverse = c.flag("reverse"), .exclusive = c.flag("exclusive")}),
             c[0])};
}

constexpr Operator kRows[] = {
    {"Abs", 1, 1, unary<abs>},
    {"Acos", 1, 1, unary<acos>},
    {"Acosh", 1, 1, unary<acosh>},
    {"Add", 2, 2, add},
    {"Asin", 1, 1, unary<asin>},
    {"Asinh", 1, 1, unary<asinh>},
    {"Atan", 1, 1, unary<atan>},
    {"Atanh", 1, 1, unary<atanh>},
    {"BitShift", 2, 2, bit_shift},
    {"Cast", 1, 1, cast_to, 0, 0, false, "Out of range: the nearest number. No texts."},
    {"CastLike", 2, 2, cast_like, 0b10},
    {"Ceil", 1, 1, unary<ceil>},
    {"Clip", 1, 3, clipped, 0b110},
    {"Cos", 1, 1, unary<cos>},
    {"Cosh", 1, 1, unary<cosh>},
    {"CumSum", 2, 2, cumulated},
    {"Det", 1, 1, det},
    {"Div", 2, 2, div},
    {"Einsum", 1, -1, einsum_of},
    {"Erf", 1, 1, unary<erf>},
    {"Exp", 1, 1, unary<exp>},
    {"Floor", 1, 1, unary<floor>},
    {"Gemm", 2, 3, gemm},
    {"Identity", 1, 1, identity},
    {"Log", 1, 1, unary<log>},
    {"MatMul", 2, 2, matrix_product},
    {"Max", 1, -1, largest},
    {"Mean", 1, -1, mean_of},
    {"Min", 1, -1, smallest},
    {"Mod", 2, 2, mod},
    {"Mul", 2, 2, mul},
    {"Neg", 1, 1, negative},
    {"Pow", 2, 2, power},
    {"Reciprocal", 1, 1, one_over},
    {"Round", 1, 1, unary<round>},
    {"Sign", 1, 1, unary<sign>},
    {"Sin", 1, 1, unary<sin>},
    {"Sinh", 1, 1, unary<sinh>},
    {"Sqrt", 1, 1, unary<sqrt>},
    {"Sub", 2, 2, sub},
    {"Sum", 1, -1, sums},
    {"Tan", 1, 1, unary<tan>},
    {"Trilu", 1, 2, triangle, 0b10},
};

}  // namespace

std::span<const Operator> math_operators() { return kRows; }

}  // namespace chainrule::onnx
