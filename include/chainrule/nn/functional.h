#pragma once

#include <utility>
#include <vector>

#include "chainrule/named_tensors.h"
#include "chainrule/nn/layer.h"

namespace chainrule::nn {

/// While one exists, parameters and states of a net have other values: any tensors of their shapes, results
/// of a graph too, to which the gradients of what the net gives then go. The others keep theirs. Meanwhile
/// the net is used by this thread alone, and what a training step or set_value gives these parameters is lost
/// at the end.
///
///     const Tensor w = ...;
///     const nn::WithValues here(net, {{"affine1.weight", w}});
///     const Tensor gradient = grad(mse(net(x), t), w);
class WithValues {
 public:
  /// @throws ValueError  for a name that the net has not (E043), for two values of one parameter (E664), and
  /// where it has no values yet (E240).
  /// @throws ShapeError  for a value of another shape, or a whole number in place of a real one (E042).
  WithValues(const Layer& net, const NamedTensors& values);
  ~WithValues();
  WithValues(const WithValues&) = delete;
  WithValues& operator=(const WithValues&) = delete;

 private:
  std::vector<std::pair<Variable, Tensor>> before_;
};

/// What the net gives in inference with these values, as predict.
Ports functional_call(const Layer& net, const NamedTensors& values, const Inputs& inputs);

}  // namespace chainrule::nn
