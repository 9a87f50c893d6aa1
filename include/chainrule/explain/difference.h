#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "chainrule/named_tensors.h"

// Where two sets of tensors, such as the parameters of two nets, differ.
namespace chainrule::explain {

/// One name of two sets.
struct TensorDifference {
  std::string name;
  /// Why the two cannot be compared: "only in the first", or their shapes; empty if they can.
  std::string problem{};
  std::int64_t count = 0;       ///< elements
  std::int64_t equal_bits = 0;  ///< those that are the same to the last bit
  std::int64_t beyond = 0;      ///< those that differ by more than the tolerance allows
  double largest = 0;           ///< absolute difference; infinite where only one is not a number
  double largest_relative = 0;  ///< in units of the larger of the two
  std::int64_t element = -1;    ///< that of the largest difference, in row-major order
  double a = 0, b = 0;          ///< its two numbers

  bool differs() const { return !problem.empty() || beyond > 0; }
};

/// Compares tensors by name, in the order of the first set; names that only the second has come last.
/// Floating dtypes may differ: then f64 is compared.
/// @param tolerance  an element may differ by so much of the larger of the two, or of the root mean square of
///     its tensor if that is more. 0: any difference counts.
std::vector<TensorDifference> differences(const NamedTensors& a, const NamedTensors& b, double tolerance = 0);

/// A tensor of a trace: "step3/affine1.weight" is step 3, "affine1.weight".
struct TraceName {
  std::int64_t step = -1;  ///< -1: the name has no step
  std::string name;
};
TraceName read_trace_name(const std::string& text);

}  // namespace chainrule::explain
