#pragma once

#include <string>
#include <vector>

#include "chainrule/explain/net.h"

namespace chainrule::explain {

/// A layer that ran in a pass.
struct LayerRun {
  const nn::Layer* layer = nullptr;
  const std::string* known_as = nullptr;  // as nodes of the graph name it
  std::string path;                       // "" for a net that stands alone
  std::vector<Tensor> inputs, outputs;
  bool holds_others = false;  // and some of them ran
};

/// Notes every layer that runs in a pass, inner ones before those that hold them.
class Recorder : public nn::Observer {
 public:
  void ran(const nn::Layer& layer, const std::string* path, const nn::Inputs& inputs,
           const nn::Ports& outputs) override;

  std::vector<LayerRun> runs;
};

/// The pass that the options ask for.
nn::Pass pass_for(const NetOptions& options);

/// The parameters that a layer holds itself, by their names in it.
std::vector<nn::NamedParameter> own_parameters(const nn::Layer& layer);

/// Runs the loss in a pass that notes its layers.
/// @throws ValueError  if no layer runs (E388).
Tensor recorded_loss(const nn::Layer& net, NetLoss loss, nn::Pass& pass, Recorder& recorder);

}  // namespace chainrule::explain
