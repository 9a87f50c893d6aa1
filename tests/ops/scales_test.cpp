// Functions of tiny and huge numbers: where their values and gradients fit f32, they are those of f64.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include "autodiff/probe.h"
#include "chainrule/chainrule.h"
#include "core/text.h"
#include "ops/composed.h"

namespace chainrule::testing {
namespace {

/// A composed function, or an operation.
struct ScaledFunction {
  std::string name;
  std::vector<ComposedCall> calls;
  std::vector<OpCase> cases;  // probes refer to them

  std::vector<Probe> probes() const {
    std::vector<Probe> made;
    for (const ComposedCall& call : calls) made.push_back(probe(call));
    for (const OpCase& c : cases) made.push_back(probe(c));
    return made;
  }
};

std::ostream& operator<<(std::ostream& out, const ScaledFunction& f) { return out << f.name; }

std::vector<ScaledFunction> scaled_functions() {
  std::vector<ScaledFunction> all;
  for (const ComposedFunction& f : composed_functions()) all.push_back({std::string(f.name), f.calls, {}});
  for (const OpRow* row : op_table()) {
    if (row->info.elementwise) continue;  // see derivative_accuracy_test.cpp
    all.push_back({"op_" + std::string(row->info.name), {}, cases_of(*row, DType::f64)});
  }
  return all;
}

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

/// Numbers of f32 times a power of two, as f32 or f64.
Tensors scaled_inputs(const Probe& p, int power, DType dtype) {
  Tensors inputs;
  for (const Tensor& each : p.inputs) {
    const bool is_real = is_floating(each.dtype());
    inputs.push_back(is_real ? detach(cast(cast(each, f32) * std::ldexp(1.0, power), dtype)) : each);
  }
  return inputs;
}

class Scales : public ::testing::TestWithParam<ScaledFunction> {};

TEST_P(Scales, TinyAndHugeNumbersAreThoseOfF64) {
  for (const Probe& p : GetParam().probes()) {
    for (int power = -110; power <= 120; power += 10) {
      std::vector<Tensor> wanted;
      try {
        wanted = value_and_gradients_at_scale(p, scaled_inputs(p, power, f64));
        evaluate(wanted);
      } catch (const ValueError&) {
        continue;  // targets that are probabilities
      }
      const std::vector<Tensor> got = value_and_gradients_at_scale(p, scaled_inputs(p, power, f32));
      for (std::size_t k = 0; k < got.size() && !is_known_at_scale(p.text, power); ++k) {
        EXPECT_EQ(first_fault_at_scale(got[k], wanted[k]), "")
            << p.text << ", " << (k == 0 ? "value" : "gradient") << " at 2^" << power;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, Scales, ::testing::ValuesIn(scaled_functions()),
                         [](const auto& param) { return param.param.name; });

}  // namespace
}  // namespace chainrule::testing
