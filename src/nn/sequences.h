#pragma once

#include <string_view>

#include "chainrule/tensor.h"

// What layers of sequences (N, T, features) share.
namespace chainrule::nn {

/// x W + b over the last axis, as one product; an empty b is left out.
Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias);

/// @throws ShapeError  unless there are three axes, and steps (E440).
void check_sequence(std::string_view kind, const Tensor& x, std::string_view what = "x");

}  // namespace chainrule::nn
