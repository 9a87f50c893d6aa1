// A model whose floating numbers are all f64, whatever the file says: for differences, which need the digits.
#include <algorithm>

#include "chainrule/ops.h"
#include "onnx/model.h"

namespace chainrule::onnx {
namespace {

using Kind = Attribute::Kind;

bool is_floating_type(std::int64_t code) {
  const ElementType* type = code >= 0 && code < 64 ? find_element_type(static_cast<int>(code)) : nullptr;
  return type != nullptr && is_floating(type->dtype);
}

Tensor wide(const Tensor& x) { return x.is_empty() || !is_floating(x.dtype()) ? x : detach(cast(x, f64)); }

void widen(Graph& graph);

void widen(Attribute& attribute) {
  const bool is_type =
      attribute.name == "to" || attribute.name == "dtype" || attribute.name == "output_datatype";
  if (attribute.kind == Kind::tensor) attribute.tensor = wide(attribute.tensor);
  if (attribute.kind == Kind::integer && is_type && is_floating_type(attribute.integers[0]))
    attribute.integers[0] = kDouble;
  if (attribute.kind == Kind::graph) {
    const auto inside = std::make_shared<Graph>(*attribute.graph);
    widen(*inside);
    attribute.graph = inside;
  }
}

/// What is f32 because the node does not say what it is.
void say_type(Operation& operation) {
  const auto has = [&](std::string_view name) {
    return std::any_of(operation.attributes.begin(), operation.attributes.end(),
                       [&](const Attribute& attribute) { return attribute.name == name; });
  };
  const auto type = [&](const char* name) {
    if (!has(name)) operation.attributes.push_back({.name = name, .integers = {kDouble}});
  };
  const std::string& kind = operation.type;
  if (kind == "RandomNormal" || kind == "RandomUniform") type("dtype");
  if (kind.ends_with("Window") || kind == "MelWeightMatrix") type("output_datatype");
  if (kind == "ConstantOfShape" && !has("value"))
    operation.attributes.push_back({.name = "value", .kind = Kind::tensor, .tensor = scalar(0, f64)});
  if (kind != "Constant") return;
  for (Attribute& attribute : operation.attributes) {
    if (attribute.name != "value_float" && attribute.name != "value_floats") continue;
    const Shape shape = attribute.name == "value_float"
                            ? Shape{}
                            : Shape{static_cast<std::int64_t>(attribute.numbers.size())};
    attribute = {.name = "value", .kind = Kind::tensor, .tensor = from_data(attribute.numbers, shape)};
  }
}

void widen(std::vector<Operation>& operations) {
  for (Operation& operation : operations) {
    for (Attribute& attribute : operation.attributes) widen(attribute);
    if (operation.domain.empty() || operation.domain == "ai.onnx") say_type(operation);
  }
}

void widen(Graph& graph) {
  NamedTensors initializers;
  for (const auto& [name, tensor] : graph.initializers) initializers.add(name, wide(tensor));
  graph.initializers = std::move(initializers);
  for (auto* values : {&graph.inputs, &graph.outputs}) {
    for (Value& value : *values) {
      if (is_floating_type(value.type)) value.type = kDouble;
    }
  }
  widen(graph.operations);
}

}  // namespace

void widen(Model& model) {
  widen(model.graph);
  for (Function& function : model.functions) widen(function.operations);
}

}  // namespace chainrule::onnx
