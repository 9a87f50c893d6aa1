// A program run: each operator called with what its inputs are.
#include <algorithm>

#include "chainrule/error.h"
#include "core/text.h"
#include "graph/node.h"
#include "onnx/program.h"

namespace chainrule::onnx {

Run Program::start(nn::Pass& pass) const {
  Run run{pass, std::vector<Tensor>(static_cast<std::size_t>(count_))};
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
  return step.row->run(call);
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
