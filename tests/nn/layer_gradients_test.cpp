// Every layer's derivatives of first and second order, by inputs and parameters, against differences.
#include <algorithm>
#include <cmath>

#include "chainrule/grad.h"
#include "chainrule/ops.h"
#include "nn/samples.h"
#include "ops/op.h"

namespace chainrule::nn {
namespace {

/// A scalar of a layer as a function of its floating inputs and its parameters.
class Probe {
 public:
  /// @param order  1: the sum of all outputs, each number with a weight; 2: the sum of the squares of its
  /// gradients.
  Probe(const LayerSample& sample, bool trains, int order)
      : layer_(make(sample)), inputs_(inputs_of(sample, 3)), trains_(trains), order_(order) {
    layer_->build(Inputs(inputs_), {.dtype = f64});
    parameters_ = layer_->parameters();
    std::uint64_t step = 0;
    for (NamedParameter& p : parameters_) {  // biases are zero at first, and scales one: there, errors hide
      const RandomKey key{.seed = 21, .step = ++step};
      p.parameter.set_value(p.parameter.value() + normal(p.parameter.value().shape(), key, 0, 0.1, f64));
    }
  }

  /// Floating inputs, then parameters.
  std::vector<Tensor> variables() const {
    std::vector<Tensor> all;
    for (const Tensor& input : inputs_) {
      if (is_real(input)) all.push_back(input);
    }
    for (const NamedParameter& p : parameters_) all.push_back(p.parameter.value());
    return all;
  }

  Tensor value() const {
    Pass pass = trains_ ? Pass::training(7, 3) : Pass::inference();
    const Ports outputs = layer_->run(Inputs(inputs_), pass);
    Tensor first = scalar(0, f64);
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      const RandomKey key{.seed = 31, .step = i};
      first += sum(outputs[i] * normal(outputs[i].shape(), key, 0, 1, f64));
    }
    if (order_ == 1) return first;
    Tensor total;
    for (const Tensor& g : grad(first, variables())) {
      const Tensor part = sum(square(g));
      total = total.is_empty() ? part : total + part;
    }
    return total;
  }

  /// The value where a variable has moved.
  double moved(std::size_t variable, const Tensor& by) {
    std::size_t at = 0;
    for (Tensor& input : inputs_) {
      if (!is_real(input) || at++ != variable) continue;
      const Tensor before = input;
      input = detach(before + by);
      const double found = value().item();
      input = before;
      return found;
    }
    Parameter& p = parameters_[variable - at].parameter;
    const Tensor before = p.value();
    p.set_value(before + by);
    const double found = value().item();
    p.set_value(before);
    return found;
  }

 private:
  Shared<Layer> layer_;
  std::vector<Tensor> inputs_;
  std::vector<NamedParameter> parameters_;
  bool trains_;
  int order_;
};

/// The derivative along a direction: central differences with Richardson's extrapolation, error of order h^6.
double difference(Probe& probe, std::size_t variable, const Tensor& direction, double step) {
  const auto central = [&](double h) {
    return (probe.moved(variable, direction * h) - probe.moved(variable, direction * -h)) / (2 * h);
  };
  return (64 * central(step / 4) - 20 * central(step / 2) + central(step)) / 45;
}

class LayerGradients : public EveryLayer {
 protected:
  void expect_derivatives(bool trains, int order) const {
    if (order == 2 && GetParam().step < 1e-3 && mode() != Mode::lazy)
      GTEST_SKIP() << "takes half a minute by plain loops; its layers are tried alone";
    Probe probe(GetParam(), trains, order);
    const std::vector<Tensor> variables = probe.variables();
    const std::vector<Tensor> gradients = grad(probe.value(), variables, {.allow_unused = order == 2});
    for (std::size_t i = 0; i < variables.size(); ++i) {
      const Shape& shape = variables[i].shape();
      // Short, so that few kinks lie on the way.
      const double length = 1 / std::sqrt(static_cast<double>(std::max<std::int64_t>(1, shape.numel())));
      const Tensor direction = detach(normal(shape, {.seed = 41, .step = i}, 0, length, f64));
      const double analytic = sum(gradients[i] * direction).item();
      const double numeric = difference(probe, i, direction, GetParam().step);
      const double tolerance = 1e-11 / GetParam().step;  // what rounding leaves
      EXPECT_NEAR(analytic, numeric, tolerance * std::max(1.0, std::abs(numeric)))
          << "variable " << i << " " << shape << (trains ? ", training" : ", inference") << ", order "
          << order;
    }
  }
};
INSTANTIATE_TEST_SUITE_P(Samples, LayerGradients, ::testing::ValuesIn(samples()), test_name);

TEST_P(LayerGradients, AreRightInInference) { expect_derivatives(false, 1); }
TEST_P(LayerGradients, AreRightInTraining) { expect_derivatives(true, 1); }
TEST_P(LayerGradients, HaveRightGradientsInInference) { expect_derivatives(false, 2); }
TEST_P(LayerGradients, HaveRightGradientsInTraining) { expect_derivatives(true, 2); }

}  // namespace
}  // namespace chainrule::nn
