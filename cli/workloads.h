#pragma once

#include <functional>
#include <span>

#include "chainrule/dtype.h"

// The work that `chainrule bench` times, written as a user would write it.
namespace chainrule::cli {

/// A workload ready to run, from fresh parameters.
struct Prepared {
  std::function<void()> step;
  /// A number that depends on every step so far: the loss, or the sum of the outputs.
  std::function<double()> answer;
};

struct Workload {
  const char* name;
  const char* what;
  /// Floating-point operations of the matrix products and convolutions of a step, two for a multiply-add.
  double flops;
  Prepared (*prepare)(DType dtype);
};

std::span<const Workload> workloads();
/// Those among them that read text.
std::span<const Workload> text_workloads();

}  // namespace chainrule::cli
