#pragma once

#include <string_view>

#include "chainrule/tensor.h"

// What layers of sequences (N, T, features) share.
namespace chainrule::nn {

/// @throws ShapeError  for rows of another size than the weight takes (E662).
void check_inputs_of(std::string_view kind, const Shape& x, std::int64_t given, std::int64_t taken);

/// x W + b over the last axis, as one product; an empty b is left out.
Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias);

/// @throws ShapeError  unless there are three axes, and steps (E440).
void check_sequence(std::string_view kind, const Tensor& x, std::string_view what = "x");

/// How much each step of memory (N, S, features) counts for each step of said (N, T, features): (N, T, S),
/// softmax of their products (Luong et al. 2015). @param lengths  (N) of memory's sequences, or empty: all of
/// it is meant.
Tensor attention_weights(const Tensor& said, const Tensor& memory, const Tensor& lengths);

}  // namespace chainrule::nn
