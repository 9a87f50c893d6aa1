#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <vector>

#include "chainrule/tensor.h"

namespace chainrule {

/// A graph made ready to be run again and again with other numbers: for inference, and for training steps
/// that are built once. Nobody needs one: evaluating a graph finds its plan by itself, but has to look at
/// the graph to do so.
///
///     const Tensor x = zeros({1, 784});
///     Plan plan = make_plan({net.predict(x)}, {x});
///     const Tensor probs = plan.run({image})[0];
///
/// The result of plan.run does not depend on how often or with what it was run before. A plan must be used by
/// one thread at a time; several threads make one each.
class Plan {
 public:
  Plan(Plan&&) noexcept;
  Plan& operator=(Plan&&) noexcept;
  ~Plan();

  /// The outputs for these inputs, in the order of make_plan.
  /// @throws ShapeError  if an input is not as it was in make_plan (E049).
  /// @throws ValueError  if the plan was moved from (E049).
  std::vector<Tensor> run(std::span<const Tensor> inputs);
  std::vector<Tensor> run(std::initializer_list<Tensor> inputs);
  /// The same into tensors that there are: allocates nothing from the second run on. `outputs` may be inputs:
  /// a new value is then written over the old one, if nobody else holds that.
  void run(std::span<const Tensor> inputs, std::span<Tensor> outputs);

  /// What it does, to be read: its instructions, the bytes they touch, where arrays lie and how long.
  std::string dump() const;

 private:
  struct State;
  explicit Plan(State* state) : state_(state) {}
  friend Plan make_plan(std::span<const Tensor> outputs, std::span<const Tensor> inputs, Location where);

  State* state_ = nullptr;  // owned
};

/// A plan that computes `outputs` from `inputs`. Whatever else the outputs are made of keeps its value.
/// @param inputs  tensors that the outputs were computed from, directly or not; of other numbers later.
/// @throws ValueError  if an output does not depend on an input (E049).
Plan make_plan(std::span<const Tensor> outputs, std::span<const Tensor> inputs,
               Location where = Location::current());
Plan make_plan(std::span<const Tensor> outputs, std::initializer_list<Tensor> inputs,
               Location where = Location::current());
Plan make_plan(std::initializer_list<Tensor> outputs, std::initializer_list<Tensor> inputs,
               Location where = Location::current());

}  // namespace chainrule
