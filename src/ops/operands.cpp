#include "ops/operands.h"

#include "chainrule/ops.h"
#include "ops/meta.h"

namespace chainrule {
namespace {

/// What a bare number becomes beside a tensor of this dtype.
DType dtype_beside(const Operand& number, DType dtype) {
  if (is_floating(dtype)) return dtype;
  return number.is_integral() ? promote(dtype, DType::i64) : DType::f64;
}

}  // namespace

std::array<Tensor, 2> same_dtype(const Operand& a, const Operand& b) {
  // An empty tensor is reported by the operation itself, under its own name.
  if ((a.tensor() && !*a.tensor()) || (b.tensor() && !*b.tensor())) {
    return {a.tensor() ? *a.tensor() : scalar(a.number()), b.tensor() ? *b.tensor() : scalar(b.number())};
  }
  if (!a.tensor() && !b.tensor()) return {literal(a.number(), DType::f64), literal(b.number(), DType::f64)};
  if (!a.tensor()) {
    const DType dtype = dtype_beside(a, b.tensor()->dtype());
    return {literal(a.number(), dtype), cast(*b.tensor(), dtype)};
  }
  if (!b.tensor()) {
    const DType dtype = dtype_beside(b, a.tensor()->dtype());
    return {cast(*a.tensor(), dtype), literal(b.number(), dtype)};
  }
  const DType dtype = promote(a.tensor()->dtype(), b.tensor()->dtype());
  return {cast(*a.tensor(), dtype), cast(*b.tensor(), dtype)};
}

}  // namespace chainrule
