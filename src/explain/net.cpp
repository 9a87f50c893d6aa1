// A net's two passes, layer by layer.
#include <algorithm>
#include <cmath>
#include <map>

#include "chainrule/ops.h"
#include "explain/layer_runs.h"
#include "graph/walk.h"
#include "ops/op.h"

namespace chainrule::explain {
namespace {

constexpr double kSaturated = 0.02;  // slopes below count as none: tanh beyond 0.99, sigmoid beyond 0.98

/// Whether each element of the output is a function of the same element of the input: nothing but elementwise
/// operations lie between, and numbers.
bool is_elementwise(const Tensor& input, const Tensor& output) {
  if (input.is_empty() || input.shape() != output.shape() || input.node() == output.node()) return false;
  if (!is_floating(input.dtype()) || !is_floating(output.dtype())) return false;
  bool all = true;
  Node* root = output.node();
  const NodeOrder graph(std::span(&root, 1), [&](const Node* node) {
    if (node == input.node()) return false;
    const auto is_given = [&](const Node* x) { return x->is_leaf() && x != input.node(); };
    const bool is_of_settings = std::all_of(node->inputs().begin(), node->inputs().end(), is_given);
    all = all && (node->op->info.elementwise || node->op == &row_of_Where() || is_of_settings);
    return all;
  });
  return all && graph.number(input.node()) != NodeIndex::kNone;
}

/// A layer without parameters and statistics whose slopes are the function's own.
bool is_activation(const LayerRun& run) {
  nn::Members members;
  const_cast<nn::Layer*>(run.layer)->visit_members(members);  // listing changes nothing
  return members.all().empty() && run.inputs.size() == 1 && is_elementwise(run.inputs[0], run.outputs[0]);
}

/// What a unit is of a row: a channel of images, else an element.
std::size_t unit_of(const Shape& shape, std::size_t place) {
  std::int64_t row = 1, inner = 1;
  for (int axis = 1; axis < shape.ndim(); ++axis) row *= shape[axis];
  if (shape.ndim() >= 4) {
    for (int axis = 2; axis < shape.ndim(); ++axis) inner *= shape[axis];
  }
  return (place % static_cast<std::size_t>(row)) / static_cast<std::size_t>(inner);
}

/// By the slopes of an activation, the derivative of each element of its output by that of its input.
void count_units(LayerTrace& layer, const Tensor& slopes) {
  const std::vector<double> all = slopes.to_vector();
  if (all.empty()) return;
  std::vector<double> steepest;  // by unit
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::size_t unit = unit_of(slopes.shape(), i);
    if (unit >= steepest.size()) steepest.resize(unit + 1);
    steepest[unit] = std::max(steepest[unit], std::abs(all[i]));
  }
  layer.units = static_cast<std::int64_t>(steepest.size());
  for (const double slope : steepest) {
    layer.dead += slope == 0;
    layer.saturated += slope > 0 && slope < kSaturated;
  }
}

/// What is computed for a run, all at once: gradients of outputs and parameters, and slopes.
class Tracer {
 public:
  Tracer(const nn::Layer& net, NetLoss loss, const NetOptions& options)
      : net_(net), pass_(pass_for(options)), loss_(recorded_loss(net, loss, pass_, recorder_)) {}

  NetTrace run() {
    for (const LayerRun& each : recorder_.runs) {
      if (!each.holds_others || !own_parameters(*each.layer).empty()) listed_.push_back(&each);
    }
    find_gradients();
    NetTrace trace;
    trace.loss = loss_.item();
    if (!listed_.front()->inputs.empty()) trace.input = detach(listed_.front()->inputs[0]);
    for (std::size_t i = 0; i < listed_.size(); ++i) trace.layers.push_back(traced(i));
    return trace;
  }

 private:
  static bool has_gradient(const LayerRun& run) { return is_floating(run.outputs[0].dtype()); }

  void find_gradients() {
    std::vector<Tensor> wanted;
    for (const LayerRun* each : listed_) {
      if (has_gradient(*each)) wanted.push_back(each->outputs[0]);
      const Tensor& y = each->outputs[0];
      slopes_.push_back(is_activation(*each)
                            ? vjp(y, each->inputs[0], ones(y.shape(), y.dtype()), {.allow_unused = true})
                            : Tensor());
    }
    for (const nn::NamedParameter& p : net_.parameters()) wanted.push_back(p.parameter.value());
    gradients_ = grad(loss_, wanted, {.allow_unused = true});
    std::vector<Tensor> all = gradients_;
    all.push_back(loss_);
    for (const LayerRun* each : listed_) {
      all.push_back(each->outputs[0]);
      if (!each->inputs.empty() && !each->inputs[0].is_empty()) all.push_back(each->inputs[0]);
    }
    for (const Tensor& slope : slopes_) {
      if (!slope.is_empty()) all.push_back(slope);
    }
    evaluate(all);
  }

  LayerTrace traced(std::size_t place) {
    const LayerRun& run = *listed_[place];
    LayerTrace layer;
    layer.path = run.path.empty() ? std::string(run.layer->kind()) : run.path;
    layer.what = run.layer->describe();
    layer.run = ++runs_[run.layer];
    if (!run.inputs.empty() && !run.inputs[0].is_empty()) layer.input = detach(run.inputs[0]);
    layer.output = detach(run.outputs[0]);
    layer.output_summary = summary_of(layer.output);
    if (has_gradient(run)) {
      layer.gradient = detach(gradients_[next_gradient_++]);
      layer.gradient_summary = summary_of(layer.gradient);
    }
    layer.is_activation = !slopes_[place].is_empty();
    if (layer.is_activation) count_units(layer, slopes_[place]);
    if (layer.run == 1) add_parameters(layer, run);
    return layer;
  }

  void add_parameters(LayerTrace& layer, const LayerRun& run) {
    const std::vector<nn::NamedParameter> all = net_.parameters();
    for (const nn::NamedParameter& own : own_parameters(*run.layer)) {
      for (std::size_t i = 0; i < all.size(); ++i) {
        if (!(all[i].parameter == own.parameter)) continue;
        ParameterTrace p{all[i].name, all[i].parameter.value(), {}, {}, {}};
        p.gradient = detach(gradients_[gradients_.size() - all.size() + i]);
        p.value_summary = summary_of(p.value);
        p.gradient_summary = summary_of(p.gradient);
        layer.parameters.push_back(std::move(p));
      }
    }
  }

  const nn::Layer& net_;
  Recorder recorder_;
  nn::Pass pass_;
  Tensor loss_;
  std::vector<const LayerRun*> listed_;
  std::vector<Tensor> slopes_;     // by listed layer, empty for those that are no activations
  std::vector<Tensor> gradients_;  // of the outputs that have one, then of the net's parameters
  std::size_t next_gradient_ = 0;
  std::map<const nn::Layer*, int> runs_;
};

}  // namespace

NetTrace explain_net(const nn::Layer& net, NetLoss loss, const NetOptions& options) {
  return Tracer(net, loss, options).run();
}

}  // namespace chainrule::explain
