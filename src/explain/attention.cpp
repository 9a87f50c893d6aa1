// Where a net looks: the weights of its attention.
#include "chainrule/explain/attention.h"

#include "chainrule/error.h"
#include "chainrule/nn/attention.h"
#include "chainrule/nn/text_nets.h"
#include "core/text.h"
#include "explain/layer_runs.h"
#include "nn/sequences.h"

namespace chainrule::explain {
namespace {

/// What a layer inside another said last.
Tensor last_of(const std::vector<LayerRun>& runs, const std::string& outer, const char* name) {
  const std::string path = outer.empty() ? name : cat(outer, ".", name);
  for (auto run = runs.rbegin(); run != runs.rend(); ++run) {
    if (run->path == path) return run->outputs[0];
  }
  return {};
}

/// Hears the layers with attention.
struct Listener : Recorder {
  std::vector<AttentionTrace> found;

  void ran(const nn::Layer& layer, const std::string* path, const nn::Inputs& inputs,
           const nn::Ports& outputs) override {
    Recorder::ran(layer, path, inputs, outputs);
    const std::string known_as = path != nullptr ? *path : std::string(layer.kind());
    if (dynamic_cast<const nn::Attention*>(&layer) != nullptr) found.push_back({known_as, outputs[1]});
    const auto* net = dynamic_cast<const nn::Seq2Seq*>(&layer);
    if (net == nullptr || !net->options().attention) return;
    const std::string& outer = runs.back().path;
    found.push_back({known_as, nn::attention_weights(last_of(runs, outer, "writer"),
                                                     last_of(runs, outer, "reader"), inputs[2])});
  }
};

}  // namespace

std::vector<AttentionTrace> explain_attention(const nn::Layer& net, const nn::Inputs& inputs) {
  Listener listener;
  nn::Pass pass = nn::Pass::inference();
  pass.observer = &listener;
  net.run(inputs, pass);
  if (!listener.found.empty()) return listener.found;
  throw ValueError(378,
                   cat("[explain] ", net.kind(),
                       " has no attention. Look into a net with an attention layer, such as char_gpt, or a "
                       "seq2seq with attention=true."));
}

}  // namespace chainrule::explain
