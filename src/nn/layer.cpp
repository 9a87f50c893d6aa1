#include <memory>

#include "chainrule/error.h"
#include "chainrule/nn.h"
#include "core/text.h"
#include "graph/node.h"

namespace chainrule::nn {

void Parameter::set_value(Tensor value) {
  if (value.shape() != value_.shape() || value.dtype() != value_.dtype()) {
    throw ShapeError(
        42, cat("[parameter] new value ", value.shape(), " ", name_of(value.dtype()),
                " does not fit the parameter, which is ", value_.shape(), " ", name_of(value_.dtype()), "."));
  }
  value_ = std::move(value);
}

std::vector<Tensor> values(const std::vector<NamedParameter>& parameters) {
  std::vector<Tensor> values;
  values.reserve(parameters.size());
  for (const NamedParameter& p : parameters) values.push_back(p.parameter->value());
  return values;
}

struct Layer::State {
  std::string kind;
  std::string name;
  std::vector<std::pair<std::string, std::unique_ptr<Parameter>>> parameters;
  std::vector<Layer*> layers;  // owned
  std::vector<Tensor> inputs;  // what forward recorded
  Tensor output;

  ~State() {
    for (const Layer* layer : layers) delete layer;
  }
};

Layer::Layer(std::string kind) : state_(new State) { state_->kind = std::move(kind); }

Layer::~Layer() { delete state_; }

const std::string& Layer::kind() const { return state_->kind; }
const std::string& Layer::name() const { return state_->name; }
void Layer::set_name(std::string name) { state_->name = std::move(name); }
const std::vector<Layer*>& Layer::layers() const { return state_->layers; }

Tensor Layer::forward(const Input& x) { return record({x.tensor()}, x.where()); }

Tensor Layer::forward(const Input& x, const Input& y) { return record({x.tensor(), y.tensor()}, x.where()); }

Tensor Layer::record(std::vector<Tensor> inputs, Location where) {
  // A layer inside another is known by its path, as its parameters are.
  const std::string* outer = OriginScope::current(where).layer;
  const std::string own = name().empty() ? "" : outer ? cat(*outer, ".", name()) : name();
  const OriginScope scope(where, own.empty() ? nullptr : intern(own));
  if (static_cast<int>(inputs.size()) != input_count()) {
    throw ValueError(
        41, cat("[", kind(), "] forward takes ", input_count(), input_count() == 1 ? " input" : " inputs",
                ", got ", inputs.size(), ".", OriginScope::current(where).to_string()));
  }
  state_->output = compute(inputs);
  state_->inputs = std::move(inputs);
  return state_->output;
}

std::vector<Tensor> Layer::backward_all(const Tensor& dout, Location where) {
  const OriginScope scope(where, name().empty() ? nullptr : intern(name()));
  const Tensor& output = state_->output;
  if (!output) {
    throw ValueError(40, cat("[", kind(), "] backward before forward: there is nothing to differentiate yet.",
                             OriginScope::current(where).to_string()));
  }
  std::vector<Tensor> variables;
  for (const Tensor& input : state_->inputs) {
    if (is_floating(input.dtype())) variables.push_back(input);
  }
  const std::vector<NamedParameter> found = parameters();
  for (const NamedParameter& p : found) variables.push_back(p.parameter->value());

  const GradOptions stop{.stop_at_variables = true};
  const std::vector<Tensor> gradients =
      dout ? vjp(output, variables, dout, stop, where) : grad(output, variables, stop, where);
  std::size_t next = 0;
  std::vector<Tensor> of_inputs;
  for (const Tensor& input : state_->inputs)
    of_inputs.push_back(is_floating(input.dtype()) ? gradients[next++] : Tensor());
  for (const NamedParameter& p : found) p.parameter->set_grad(gradients[next++]);
  return of_inputs;
}

Tensor Layer::backward(const Tensor& dout, Location where) { return backward_all(dout, where)[0]; }

Parameter& Layer::add_parameter(std::string name, Tensor value) {
  state_->parameters.emplace_back(std::move(name), std::make_unique<Parameter>(std::move(value)));
  return *state_->parameters.back().second;
}

Layer& Layer::add_layer(std::string name, Layer* layer) {
  std::unique_ptr<Layer> owned(layer);
  owned->set_name(std::move(name));
  state_->layers.push_back(owned.get());
  return *owned.release();
}

void Layer::collect(const std::string& prefix, std::vector<NamedParameter>& found) {
  for (auto& [name, parameter] : state_->parameters) found.push_back({prefix + name, parameter.get()});
  for (auto& layer : state_->layers) layer->collect(prefix + layer->name() + ".", found);
}

std::vector<NamedParameter> Layer::parameters() {
  std::vector<NamedParameter> found;
  collect("", found);
  return found;
}

Parameter& Layer::parameter(std::string_view path) {
  std::string known;
  for (const NamedParameter& p : parameters()) {
    if (p.name == path) return *p.parameter;
    known += (known.empty() ? "" : ", ") + p.name;
  }
  throw ValueError(43, cat("[", kind(), "] no parameter \"", path, "\". There ",
                           known.empty() ? std::string("are none") : "are: " + known, "."));
}

const Tensor& NamedTensors::operator[](std::string_view name) const {
  std::string known;
  for (const auto& [own, tensor] : items_) {
    if (own == name) return tensor;
    known += (known.empty() ? "" : ", ") + own;
  }
  throw ValueError(43, cat("[tensors] no tensor \"", name, "\". There ",
                           known.empty() ? std::string("are none") : "are: " + known, "."));
}

}  // namespace chainrule::nn
