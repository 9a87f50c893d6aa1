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

DType common_dtype(const Operand& a, const Operand& b) {
  if (a.tensor() && b.tensor()) return promote(a.tensor()->dtype(), b.tensor()->dtype());
  if (a.tensor()) return dtype_beside(b, a.tensor()->dtype());
  return b.tensor() ? dtype_beside(a, b.tensor()->dtype()) : DType::f64;
}

}  // namespace

void SameDtype::convert(const Operand& a, const Operand& b) {
  // An empty tensor is reported by the operation itself, under its own name.
  const bool is_any_empty = (a_ && !*a_) || (b_ && !*b_);
  const DType dtype = is_any_empty ? DType::f32 : common_dtype(a, b);
  const auto convert = [&](const Operand& side, const Tensor*& tensor, Tensor& made) {
    if (tensor && (is_any_empty || tensor->dtype() == dtype)) return;
    made = tensor ? cast(*tensor, dtype, a.where()) : literal(side.number(), dtype);
    tensor = &made;
  };
  convert(a, a_, made_a_);
  convert(b, b_, made_b_);
}

}  // namespace chainrule
