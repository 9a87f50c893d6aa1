#include "explain/layer_runs.h"

#include <algorithm>

#include "chainrule/error.h"
#include "core/text.h"

namespace chainrule::explain {
namespace {

/// Whether a path lies inside another.
bool is_inside(const std::string& path, const std::string& outer) {
  return outer.empty() ? !path.empty()
                       : path.size() > outer.size() && path[outer.size()] == '.' && path.starts_with(outer);
}

}  // namespace

void Recorder::ran(const nn::Layer& layer, const std::string* path, const nn::Inputs& inputs,
                   const nn::Ports& outputs) {
  LayerRun run{&layer, path, path != nullptr ? *path : "", {}, {}, false};
  run.inputs.assign(inputs.all().begin(), inputs.all().end());
  run.outputs.assign(outputs.all().begin(), outputs.all().end());
  // What is inside ran just before; a layer without a name of its own has the path of that which holds it.
  run.holds_others = !runs.empty() && (is_inside(runs.back().path, run.path) ||
                                       (runs.back().path == run.path && runs.back().layer != &layer));
  runs.push_back(std::move(run));
}

nn::Pass pass_for(const NetOptions& options) {
  return options.training ? nn::Pass::training(options.seed, options.step) : nn::Pass::inference();
}

std::vector<nn::NamedParameter> own_parameters(const nn::Layer& layer) {
  nn::Members members;
  const_cast<nn::Layer&>(layer).visit_members(members);  // listing changes nothing
  std::vector<nn::NamedParameter> found;
  for (const nn::Members::Member& member : members.all()) {
    if (member.parameter != nullptr && *member.parameter) found.push_back({member.name, *member.parameter});
  }
  return found;
}

Tensor recorded_loss(const nn::Layer& net, NetLoss loss, nn::Pass& pass, Recorder& recorder) {
  pass.observer = &recorder;
  Tensor value = loss(pass);
  pass.observer = nullptr;
  if (!recorder.runs.empty()) return value;
  throw ValueError(388, cat("[explain] the loss runs no layer of ", net.kind(),
                            " in the pass that it is given. Call net.forward(x, pass) with that pass."));
}

}  // namespace chainrule::explain
