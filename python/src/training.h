#pragma once

#include <string>
#include <vector>

#include "chainrule/data/source.h"
#include "chainrule/optim.h"
#include "chainrule/train/loss.h"
#include "settings.h"

// What training from Python is made of.
namespace chainrule::python {

/// An optimizer with the net whose parameters it changes.
struct NetOptimizer {
  Shared<nn::Layer> net;
  optim::Optimizer optimizer;
  std::uint64_t seed = 1;
};

optim::Options to_options(const py::dict& settings);

/// A name, an object, or a function of prediction and target.
/// @param trains  whether a gradient is taken, which must not be lost in the function.
loss::AnyLoss to_loss(const py::object& object, bool trains = false);

/// Columns as rows: x, x2, ..., and the last one t; before it the weights of rows, if there are any.
inline constexpr const char* kWeight = "weight";
data::Source to_source(const std::vector<Tensor>& columns, const Tensor& weights = {});

}  // namespace chainrule::python
