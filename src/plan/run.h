#pragma once

#include <span>

#include "graph/node.h"
#include "ops/op.h"

namespace chainrule {

/// Computes the nodes and all they need that has no value yet, inputs before users.
/// If a kernel throws, what was computed before stays, and the call can be repeated.
void run(std::span<Node* const> outputs, Kernels kernels);

}  // namespace chainrule
