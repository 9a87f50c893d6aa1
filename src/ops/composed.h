#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "ops/op.h"

// The functions made of operations, for the tests and the documentation: one record each, as a row is one.
namespace chainrule {

/// A function of one number, elementwise.
struct ElementwiseFunction {
  std::string_view name;
  std::string_view doc;  // the formula, parameters at their defaults
  Tensor (*call)(const Tensor& x);
  Domain domain = {};
  Ulp ulp = {};
  /// Where the result may be far smaller than what it is made of: why. Its error is then counted in units of
  /// the larger of x and the result.
  std::string_view cancels = {};
};

std::span<const ElementwiseFunction> elementwise_functions();

/// One call of a composed function for the generated tests.
struct ComposedCall {
  std::string_view text;                       // as a user would write it: "var(x, 0)"
  Tensor (*call)(std::span<const Tensor> in);  // with its parameters
  std::vector<SampleInput> inputs;             // the floating ones are differentiated
  /// Why its derivatives are not checked, if they are not: it has none.
  std::string_view not_differentiable = {};
};

/// A function of any inputs.
struct ComposedFunction {
  std::string_view name;
  std::string_view doc;             // the formula
  std::vector<ComposedCall> calls;  // at least one, and one for each parameter that changes what it does
};

/// Every other one, family by family.
std::span<const ComposedFunction> composed_functions();

/// The families; each stands at the end of the file that has the functions.
std::vector<ComposedFunction> reduction_functions();
std::vector<ComposedFunction> norm_functions();
std::vector<ComposedFunction> math_functions();
std::vector<ComposedFunction> numeric_functions();
std::vector<ComposedFunction> softmax_functions();
std::vector<ComposedFunction> rearranging_functions();
std::vector<ComposedFunction> index_functions();
std::vector<ComposedFunction> sort_functions();
std::vector<ComposedFunction> linear_algebra_functions();
std::vector<ComposedFunction> loss_functions();
std::vector<ComposedFunction> weighted_loss_functions();
std::vector<ComposedFunction> normalization_functions();
std::vector<ComposedFunction> random_functions();
std::vector<ComposedFunction> conv_functions();
std::vector<ComposedFunction> max_pool_functions();
std::vector<ComposedFunction> avg_pool_functions();
std::vector<ComposedFunction> adaptive_pool_functions();
std::vector<ComposedFunction> upsample_functions();
std::vector<ComposedFunction> unfold_functions();

}  // namespace chainrule
