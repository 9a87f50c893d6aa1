#pragma once

#include <vector>

#include "chainrule/nn/layer.h"
#include "chainrule/tensor.h"

// Numbers that are read from tensors while those are differentiated have lost their gradient.
namespace chainrule::python {

/// While one exists, this thread computes what is differentiated by some tensors, or by the parameters of a
/// net.
class Differentiated {
 public:
  explicit Differentiated(std::vector<Tensor> variables);
  Differentiated(std::vector<Tensor> variables, const nn::Layer& net);
  ~Differentiated();
  Differentiated(const Differentiated&) = delete;
  Differentiated& operator=(const Differentiated&) = delete;
};

/// The same from Python: entered, and left.
void enter_differentiated(std::vector<Tensor> variables);
void leave_differentiated();

/// @param what  names the reading: "float", "numpy".
/// @throws NotDifferentiable  if the numbers of x have a gradient that would be lost (E563).
void check_reading(const Tensor& x, const char* what);

}  // namespace chainrule::python
