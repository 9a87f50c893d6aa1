#pragma once

#include <string>

#include "plan/trace.h"

namespace chainrule {

/// In words, the first thing in which a trace differs from the key of another of the same operations: "an
/// input of matmul at train.cpp:41: f32(7, 784) instead of f32(100, 784)".
std::string difference(const TraceKey& known, const Trace& trace);

}  // namespace chainrule
