#pragma once

#include <string>

#include "autodiff/line.h"
#include "chainrule/grad_check.h"

namespace chainrule {

/// A sentence that names the first operation between the inputs and the value whose own derivative, of the
/// given order, is wrong, and where it was made; or says that each is right. Everything floating must be f64.
std::string culprit(const Tensor& value, const Tensors& inputs, int order, const GradCheckOptions& options);

}  // namespace chainrule
