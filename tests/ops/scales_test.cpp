// Functions of tiny and huge numbers: where their values and gradients fit f32, they are those of f64.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include "chainrule/chainrule.h"
#include "core/text.h"
#include "ops/functions.h"

namespace chainrule::testing {
namespace {

/// A value, and the gradients of a weighted sum of it.
std::vector<Tensor> value_and_gradients_at_scale(const Probe& p, const Tensors& inputs) {
  std::vector<Tensor> made{p.call(inputs)};
  if (!p.exempt.empty() || !is_floating(made[0].dtype())) return made;
  const Tensor weights = 0.5 + cast(reshape(arange(made[0].numel()), made[0].shape()), made[0].dtype()) / 7;
  Tensors variables;
  for (const Tensor& each : inputs) {
    if (is_floating(each.dtype())) variables.push_back(each);
  }
  for (const Tensor& each : grad(sum(made[0] * weights), variables, {.allow_unused = true})) {
    made.push_back(each);
  }
  return made;
}

/// Where they are not, and why.
bool is_known_at_scale(std::string_view text, int power) {
  const auto starts = [&](std::string_view start) { return text.substr(0, start.size()) == start; };
  return
      // Targets near 0 lose their digits in 1 + t.
      (starts("tanh_cross_entropy") && power < 0) ||
      // Losses are multiplied by their weights before the sums are divided, as by NumPy's average.
      starts("half_mse(x, t, {.sample_weights") ||
      // The squares overflow, and the result is 0, as PyTorch's.
      (starts("local_response_norm") && power > 50) ||
      // What the gradient goes through is scaled for the normalised numbers.
      (starts("batch_norm(x).variance") && power > 40) ||
      // What is scaled overflows together: x times scale, weights times targets.
      (starts("batch_norm_inference") && power > 80) || (starts("softmax_cross_entropy_grad") && power > 50);
}

/// The same for the gradient of the function's squares.
bool is_known_of_squares(std::string_view text, int power) {
  const auto starts = [&](std::string_view start) { return text.substr(0, start.size()) == start; };
  const auto starts_with_one = [&](std::initializer_list<std::string_view> of) {
    return std::any_of(of.begin(), of.end(), starts);
  };
  return is_known_at_scale(text, power) ||
         // Squares of orthonormal columns or rows add up to numbers that do not change: the gradient is 0.
         starts_with_one({"orthonormal_columns", "qr(wide).q", "singular_vectors", "svd(apart).vt"}) ||
         // The scale is as large as x: a gradient times the scale comes before the division by x's deviation.
         (power >= 50 &&
          starts_with_one({"batch_norm(", "batch_norm_inference", "group_norm", "instance_norm", "layer_norm",
                           "rms_norm", "local_response_norm"})) ||
         // Gradients of r are multiplied by r, then divided by it.
         (power >= 60 && starts_with_one({"qr(tall).r", "qr(wide).r"}));
}

/// The first number that is not close to what it is in f64; empty if there is none that f32 can hold.
std::string first_fault_at_scale(const Tensor& got, const Tensor& wanted) {
  const std::vector<double> a = got.to_vector(), b = wanted.to_vector();
  double largest = 0;
  for (const double each : b) largest = std::max(largest, std::abs(each));
  if (!(largest < 1e38)) return {};
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (std::abs(a[i] - b[i]) <= 1e-3 * largest + 1e-40) continue;
    return cat("element ", i, ": ", a[i], ", in f64 ", b[i]);
  }
  return {};
}

/// The function's square, whose gradient goes through larger and smaller numbers.
Probe squared(const Probe& p) {
  const auto call = [p](const Tensors& in) {
    const Tensor y = p.call(in);
    return is_floating(y.dtype()) ? square(y) : y;
  };
  return {"the square of " + p.text, call, p.inputs, p.exempt};
}

/// Numbers of f32 times a power of two, as f32 or f64.
Tensors scaled_inputs(const Probe& p, int power, DType dtype) {
  Tensors inputs;
  for (const Tensor& each : p.inputs) {
    const bool is_real = is_floating(each.dtype());
    inputs.push_back(is_real ? detach(cast(cast(each, f32) * std::ldexp(1.0, power), dtype)) : each);
  }
  return inputs;
}

class Scales : public ::testing::TestWithParam<TestedFunction> {};

void expect_that_of_f64(const Probe& p, int power) {
  std::vector<Tensor> wanted;
  try {
    wanted = value_and_gradients_at_scale(p, scaled_inputs(p, power, f64));
    evaluate(wanted);
  } catch (const ValueError&) {
    return;  // targets that are probabilities
  }
  const std::vector<Tensor> got = value_and_gradients_at_scale(p, scaled_inputs(p, power, f32));
  for (std::size_t k = 0; k < got.size(); ++k) {
    EXPECT_EQ(first_fault_at_scale(got[k], wanted[k]), "")
        << p.text << ", " << (k == 0 ? "value" : "gradient") << " at 2^" << power;
  }
}

TEST_P(Scales, TinyAndHugeNumbersAreThoseOfF64) {
  for (const Probe& p : GetParam().probes()) {
    for (int power = -110; power <= 120; power += 10) {
      if (!is_known_at_scale(p.text, power)) expect_that_of_f64(p, power);
    }
  }
}

// While the squares are numbers of f32.
TEST_P(Scales, SquaresAreThoseOfF64) {
  for (const Probe& p : GetParam().probes()) {
    for (int power = -60; power <= 60; power += 10) {
      if (!is_known_of_squares(p.text, power)) expect_that_of_f64(squared(p), power);
    }
  }
}

// For elementwise ones see derivative_accuracy_test.cpp.
INSTANTIATE_TEST_SUITE_P(All, Scales, ::testing::ValuesIn(functions_of_arrays()),
                         [](const auto& param) { return param.param.name; });

}  // namespace
}  // namespace chainrule::testing
