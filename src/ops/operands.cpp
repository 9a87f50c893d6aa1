#include "ops/operands.h"

#include "chainrule/ops.h"
#include "ops/meta.h"

namespace chainrule {
namespace {

/// What a bare number becomes beside a tensor of this dtype.
DType dtype_beside(const Number& number, DType of_tensor) {
  const DType dtype = computed_as(of_tensor);
  if (is_floating(dtype) || number.kind() == Number::Kind::truth) return dtype;
  if (number.kind() == Number::Kind::real) return DType::f64;
  return dtype == DType::boolean ? DType::i64 : dtype;
}

DType common_dtype(const Operand& a, const Operand& b) {
  if (a.tensor() && b.tensor()) return promote(a.tensor()->dtype(), b.tensor()->dtype());
  if (a.tensor()) return dtype_beside(b.number(), a.tensor()->dtype());
  if (b.tensor()) return dtype_beside(a.number(), b.tensor()->dtype());
  const auto is_boolean = [](const Operand& x) { return x.number().kind() == Number::Kind::truth; };
  return is_boolean(a) && is_boolean(b) ? DType::boolean : DType::f32;
}

bool fits(const Operand& side, DType dtype) {
  const Number& number = side.number();
  return side.tensor() || dtype != DType::u8 || (number.whole() >= 0 && number.whole() <= 255);
}

}  // namespace

void SameDtype::convert(const Operand& a, const Operand& b, std::string_view name, Unfit unfit) {
  // An empty tensor is reported by the operation itself, under its own name.
  const bool is_any_empty = (a_ && a_->is_empty()) || (b_ && b_->is_empty());
  DType dtype = is_any_empty ? DType::f32 : common_dtype(a, b);
  if (!fits(a, dtype) || !fits(b, dtype)) {
    if (unfit == Unfit::refused) {
      const OpScope scope(name, a.where());
      throw op_error<ValueError>(149,
                                 cat((fits(a, dtype) ? b : a).number().whole(), " beside a tensor of ", dtype,
                                     ", which holds 0 to 255. Convert the tensor: cast(x, i64)."));
    }
    dtype = DType::i64;
  }
  const auto in_dtype = [&](const Operand& side, const Tensor*& tensor, Tensor& made) {
    if (tensor && (is_any_empty || tensor->dtype() == dtype)) return;
    made = tensor ? cast(*tensor, dtype, a.where()) : literal(side.number(), dtype);
    tensor = &made;
  };
  in_dtype(a, a_, made_a_);
  in_dtype(b, b_, made_b_);
}

Tensor computing(const Tensor& x) { return x.is_empty() ? x : cast(x, computed_as(x.dtype())); }

Tensor as_floating(const Tensor& x) {
  return x.is_empty() || has_gradient(x.dtype()) ? computing(x) : cast(x, DType::f64);
}

}  // namespace chainrule
