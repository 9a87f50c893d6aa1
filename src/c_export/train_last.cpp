// Training the last layers in C: a step of gradient descent as a graph like any other.
#include <algorithm>

#include "c_export/parts.h"
#include "chainrule/grad.h"
#include "chainrule/loss.h"
#include "chainrule/ops.h"
#include "core/text.h"

namespace chainrule::c_export {
namespace {

/// The affine layers inside, in their order.
void find_affine(nn::Layer& in, std::vector<nn::Layer*>& found) {
  if (in.kind() == "affine") found.push_back(&in);
  nn::Members members;
  in.visit_members(members);
  for (const nn::Members::Member& member : members.all()) {
    nn::Layer* inner = member.layer != nullptr    ? member.layer
                       : member.shared != nullptr ? member.shared->get()
                                                  : nullptr;
    if (inner != nullptr) find_affine(*inner, found);
  }
}

}  // namespace

std::vector<Argument> trained_parameters(const Exported& of) {
  std::vector<Argument> found;
  if (of.options.train_last == 0) return found;
  std::vector<nn::Layer*> layers;
  const Shared<nn::Layer> copy(of.net->copy());  // which has the same parameters
  find_affine(*copy, layers);
  const auto count = static_cast<std::size_t>(std::max<std::int64_t>(of.options.train_last, 0));
  if (of.options.train_last < 0 || layers.size() < count) {
    throw ValueError(572,
                     cat("[export_c] the last ", of.options.train_last, " affine layers are to be trained; ",
                         of.net->kind(), " has ", layers.size(), ". Give a number from 1 to that."));
  }
  for (std::size_t i = layers.size() - count; i < layers.size(); ++i) {
    for (const nn::NamedParameter& inner : layers[i]->parameters()) {
      for (const nn::NamedParameter& named : of.net->parameters()) {
        if (named.parameter.value().node() != inner.parameter.value().node()) continue;
        std::string name = named.name;
        std::replace(name.begin(), name.end(), '.', '_');
        found.push_back({name, inner.parameter.value()});
      }
    }
  }
  return found;
}

std::vector<Argument> train_step(const Exported& of, const Tensor& prediction, const Tensor& target,
                                 const Tensor& rate, const std::vector<Argument>& parameters) {
  const std::string& name = of.options.loss;
  if (name != "softmax_cross_entropy" && name != "mse") {
    throw ValueError(572, cat("[export_c] loss is ", name, "; need softmax_cross_entropy or mse."));
  }
  const Tensor loss = name == "mse" ? mse(prediction, target) : softmax_cross_entropy(prediction, target);
  std::vector<Tensor> values;
  for (const Argument& one : parameters) values.push_back(one.tensor);
  const std::vector<Tensor> gradients = grad(loss, values);
  std::vector<Argument> made;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    made.push_back({parameters[i].name, parameters[i].tensor - rate * gradients[i]});
  }
  made.push_back({"loss", loss});
  return made;
}

}  // namespace chainrule::c_export
