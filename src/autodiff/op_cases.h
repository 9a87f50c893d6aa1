#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "chainrule/random.h"
#include "ops/op.h"

namespace chainrule {

/// One generated case: an operation with attributes, what its inputs are, and the dtype that stands for
/// floating.
struct OpCase {
  const OpRow* row;
  Sample sample;
  DType floating;

  std::string to_string() const;
};
std::ostream& operator<<(std::ostream& out, const OpCase& c);

/// Every case of a row: its own samples, or, for elementwise operations, those made from its arity and
/// domain.
std::vector<OpCase> cases_of(const OpRow& row, DType floating, bool wanting_error = false);

/// Leaves for a case, drawn from the inputs' domains; equal seeds give equal numbers.
Tensors draw_inputs(const OpCase& c, std::uint64_t seed);
/// The operation on other inputs of the same shapes.
Tensor call(const OpCase& c, const Tensors& inputs);

/// The result by the reference kernel, or by the fast one.
Tensor run_with(const OpCase& c, const Tensors& inputs, Kernels kernels);

}  // namespace chainrule
