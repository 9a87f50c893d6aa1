// A program run: each operator called with what its inputs are.
#include <algorithm>

#include "chainrule/error.h"
#include "core/text.h"
#include "graph/node.h"
#include "onnx/program.h"

namespace chainrule::onnx {

void Call::check_size(const Shape& shape) const {
  const std::int64_t most = around.run != nullptr ? around.run->most : kMostNumbers;
  if (shape.numel() <= most) return;
  throw ValueError(524, cat(where(), " gives ", shape, ", ", shape.numel(),
                            " numbers; for inputs of this size there may be at most ", most,
                            ". Mistrust the file, or give larger inputs."));
}

void Call::check_steps(double steps) const {
  constexpr double kSteps = 16;  // for each number that a value may have
  const double most = kSteps * static_cast<double>(around.run != nullptr ? around.run->most : kMostNumbers);
  if (steps <= most) return;
  throw ValueError(
      530, cat(where(), " asks for ", steps, " steps; for inputs of this size there may be at most ", most,
               ". Mistrust the file, or give larger inputs."));
}

Run Program::start(nn::Pass& pass) const {
  Run run{pass, std::vector<Tensor>(static_cast<std::size_t>(count_)), kMostNumbers};
  for (const Held& held : constants_) run.values[static_cast<std::size_t>(held.place)] = held.tensor;
  return run;
}

Tensors run_step(const Program::Step& step, const Program& program, Run& run) {
  Tensors inputs;
  inputs.reserve(step.inputs.size());
  for (const std::int32_t place : step.inputs) {
    inputs.push_back(place == Program::kNone ? Tensor() : run.values[static_cast<std::size_t>(place)]);
  }
  const std::string& name = step.operation->name;
  const OriginScope origin(Location{}, name.empty() ? nullptr : intern(name));
  const std::string place = program.name() + ": ";
  Call call(*step.operation, step.opset, inputs, place);
  call.around = {&program, &step, &run};
  Tensors made = step.row->run(call);
  for (const Tensor& tensor : made) {
    if (!tensor.is_empty()) call.check_size(tensor.shape());
  }
  return made;
}

Tensors Program::run(Run& run, std::span<const Tensor> inputs) const {
  constexpr std::int64_t kMostGrowth = 4096;  // what a net makes of its inputs is larger by far less
  for (const Tensor& x : inputs) {
    if (!x.is_empty()) run.most = std::max(run.most, x.numel() * kMostGrowth);
  }
  return this->run(main_, run, inputs);
}

Tensors Program::run(const Block& block, Run& run, std::span<const Tensor> inputs) const {
  const auto put = [&](std::int32_t place, const Tensor& tensor) {
    if (place != kNone) run.values[static_cast<std::size_t>(place)] = tensor;
  };
  for (std::size_t i = 0; i < block.inputs.size() && i < inputs.size(); ++i) put(block.inputs[i], inputs[i]);
  for (const Step& step : block.steps) {
    const Tensors made = run_step(step, *this, run);
    for (std::size_t i = 0; i < step.outputs.size() && i < made.size(); ++i) put(step.outputs[i], made[i]);
  }
  Tensors outputs;
  for (const std::int32_t place : block.outputs) {
    outputs.push_back(place == kNone ? Tensor() : run.values[static_cast<std::size_t>(place)]);
  }
  return outputs;
}

const Program::Block& Program::body(const Call& call, std::string_view name) {
  const Step& step = *static_cast<const Step*>(call.around.step);
  for (const auto& [held, body] : step.bodies) {
    if (held == name) return *body;
  }
  throw call.error(cat("it holds no graph \"", name, "\"; it needs one."));
}

bool Call::is_training() const { return around.run != nullptr && around.run->pass.is_training(); }

}  // namespace chainrule::onnx
