#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "chainrule/grad.h"

namespace chainrule {

/// What stands for the gradient of a variable that the output does not depend on, if that is allowed.
enum class Unused : std::uint8_t { zeros, empty };

/// As `grad`, into a vector that is there already.
void append_gradients(const Tensor& output, std::span<const Tensor> variables, std::vector<Tensor>& gradients,
                      GradOptions options = {}, Location where = Location::current(),
                      Unused unused = Unused::zeros);

/// As `vjp`, of several outputs in one pass: the gradients of the sum of output * cotangent over all of them,
/// with the cotangents held, even where they depend on the variables. What they are made of is a variable of
/// the result as ever.
std::vector<Tensor> vjp_of_all(std::span<const Tensor> outputs, std::span<const Tensor> variables,
                               std::span<const Tensor> cotangents, GradOptions options = {},
                               Location where = Location::current());

}  // namespace chainrule
