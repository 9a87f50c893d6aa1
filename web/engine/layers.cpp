#include "layers.h"

#include <algorithm>

#include "chainrule/nn/pass.h"
#include "chainrule/nn/ports.h"

namespace chainrule::web {
namespace {

bool holds_layers(const nn::Layer& layer) {
  nn::Members members;
  const_cast<nn::Layer&>(layer).visit_members(members);  // only looks
  return std::any_of(members.all().begin(), members.all().end(),
                     [](const auto& member) { return member.layer != nullptr || member.shared != nullptr; });
}

struct Listener final : nn::Observer {
  std::vector<LayerOutput> outputs;

  void ran(const nn::Layer& layer, const std::string* path, const nn::Inputs&,
           const nn::Ports& ports) override {
    if (holds_layers(layer)) return;
    outputs.push_back({path != nullptr ? *path : std::string(layer.kind()), layer.describe(), ports[0]});
  }
};

}  // namespace

std::vector<LayerOutput> layers_of(const nn::Layer& net, const Tensor& x) {
  Listener listener;
  nn::Pass pass = nn::Pass::inference();
  pass.observer = &listener;
  net.forward(x, pass);
  return std::move(listener.outputs);
}

}  // namespace chainrule::web
