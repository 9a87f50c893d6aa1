#include <algorithm>

#include "chainrule/error.h"
#include "chainrule/nn/initializer.h"
#include "chainrule/nn/layer.h"
#include "chainrule/ops.h"
#include "core/text.h"
#include "graph/node.h"
#include "nn/path.h"

namespace chainrule::nn {

Init::Init(std::string_view kind, const Inputs& inputs, const InitOptions& options, const std::string* path)
    : kind_(kind), inputs_(inputs), options_(options), path_(path), dtype_(options.dtype) {
  if (!options.follow) return;
  for (const Tensor& input : inputs.all()) {
    if (input.is_empty() || !is_floating(input.dtype())) continue;
    dtype_ = input.dtype();
    return;
  }
}

const Shape& Init::shape(std::size_t input) const {
  if (!inputs_[input].is_empty()) return inputs_[input].shape();
  throw ValueError(241,
                   cat("[", kind_, "] input ", input, " was left out, but decides the size of a parameter.",
                       OriginScope::current({}).to_string()));
}

std::int64_t Init::size(int axis, std::size_t input) const {
  const Shape& s = shape(input);
  if (axis < s.ndim()) return s[axis];
  throw ShapeError(
      41, cat("[", kind_, "] the input needs at least ", axis + 1, " axes, the batch first, got shape ", s,
              ". Use expand_dims(x, 0) for one sample.", OriginScope::current({}).to_string()));
}

void Init::operator()(std::string_view name, Parameter& parameter, const Shape& shape,
                      const AnyInitializer& how, Fans fans) {
  filled_.emplace_back(name, &parameter);
  if (parameter) {
    if (parameter.value().shape() == shape) return;
    throw ShapeError(
        42, cat("[", kind_, "] ", name, " is ", parameter.value().shape(), ", but the layer needs ", shape,
                " here.", OriginScope::current({}).to_string()));
  }
  if (options_.zeros) return parameter.set_value(zeros(shape, dtype_));
  std::uint64_t number = path_ != nullptr ? number_of_path(".", number_of_path(*path_)) : number_of_path("");
  number = number_of_path(name, number);
  const RandomKey key{.seed = options_.seed, .stream = streams::kInit, .step = number};
  parameter.set_value(cast(how->make(shape, fans, key), dtype_));
}

void Init::operator()(std::string_view name, Variable& variable, const Shape& shape, double value) {
  filled_.emplace_back(name, &variable);
  if (!variable) return variable.set_value(full(shape, value, dtype_));
  if (variable.value().shape() == shape) return;
  throw ShapeError(42, cat("[", kind_, "] ", name, " is ", variable.value().shape(), ", but the layer needs ",
                           shape, " here.", OriginScope::current({}).to_string()));
}

}  // namespace chainrule::nn
