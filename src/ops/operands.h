#pragma once

#include <array>

#include "ops/op.h"

namespace chainrule {

/// The two sides of an operator as tensors of one dtype: numbers become scalars, dtypes are promoted. A
/// tensor that has the dtype is not copied.
class SameDtype {
 public:
  SameDtype(const Operand& a, const Operand& b) : a_(a.tensor()), b_(b.tensor()) {
    const bool are_same = a_ && b_ && *a_ && *b_ && a_->node()->dtype == b_->node()->dtype;
    if (!are_same) convert(a, b);
  }
  SameDtype(const SameDtype&) = delete;
  SameDtype& operator=(const SameDtype&) = delete;

  const Tensor& a() const { return *a_; }
  const Tensor& b() const { return *b_; }

 private:
  void convert(const Operand& a, const Operand& b);

  const Tensor *a_, *b_;
  Tensor made_a_, made_b_;
};

/// The same as copies.
inline std::array<Tensor, 2> same_dtype(const Operand& a, const Operand& b) {
  const SameDtype same(a, b);
  return {same.a(), same.b()};
}

}  // namespace chainrule
