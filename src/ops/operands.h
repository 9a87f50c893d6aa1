#pragma once

#include <array>

#include "ops/op.h"

namespace chainrule {

/// The two sides of an operator as tensors of one dtype: numbers become scalars, dtypes are promoted, as it
/// stands at Operand. A tensor that has the dtype is not copied.
class SameDtype {
 public:
  /// What becomes of a whole number that the dtype of the tensor beside it does not have.
  enum class Unfit : std::uint8_t { refused, widens };

  /// @param name  the operator, for messages.
  /// @throws ValueError E149
  SameDtype(const Operand& a, const Operand& b, std::string_view name, Unfit unfit = Unfit::refused)
      : a_(a.tensor()), b_(b.tensor()) {
    const bool are_same =
        a_ && b_ && !a_->is_empty() && !b_->is_empty() && a_->node()->dtype == b_->node()->dtype;
    if (!are_same) convert(a, b, name, unfit);
  }
  SameDtype(const SameDtype&) = delete;
  SameDtype& operator=(const SameDtype&) = delete;

  const Tensor& a() const { return *a_; }
  const Tensor& b() const { return *b_; }

 private:
  void convert(const Operand& a, const Operand& b, std::string_view name, Unfit unfit);

  const Tensor *a_, *b_;
  Tensor made_a_, made_b_;
};

/// The same as copies.
inline std::array<Tensor, 2> same_dtype(const Operand& a, const Operand& b, std::string_view name) {
  const SameDtype same(a, b, name);
  return {same.a(), same.b()};
}

/// In the dtype that it is computed as: f16 and bf16 become f32, i32 becomes i64. For functions that look at
/// the dtype; operations do it by themselves.
Tensor computing(const Tensor& x);

/// Integers and booleans have no exponentials or fractions: they become f64 first, as in NumPy.
Tensor as_floating(const Tensor& x);

}  // namespace chainrule
