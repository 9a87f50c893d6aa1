#include "chainrule/nn/parameter.h"

#include "chainrule/error.h"
#include "core/text.h"
#include "graph/node.h"

namespace chainrule::nn {

void Variable::set_value(Tensor value) {
  const Tensor& old = slot_->value;
  if (!old.is_empty() && (value.shape() != old.shape() || value.dtype() != old.dtype())) {
    throw ShapeError(
        42, cat("[parameter] new value ", value.shape(), " ", name_of(value.dtype()),
                " does not fit the parameter, which is ", old.shape(), " ", name_of(old.dtype()), "."));
  }
  replace(std::move(value));
}

void Variable::replace(Tensor value) {
  const bool is_own_leaf = value.node() != nullptr && value.node()->is_leaf() &&
                           value.node()->literal == Literal::none && value.node()->refs.count() == 1;
  slot_->value = is_own_leaf ? std::move(value) : detach(value);
}

void Variable::throw_empty() {
  throw ValueError(240,
                   "[parameter] there is no value yet: the layer has not seen an input. Call build, forward "
                   "or predict first, or load.");
}

std::vector<Tensor> values(const std::vector<NamedParameter>& parameters) {
  std::vector<Tensor> values;
  values.reserve(parameters.size());
  for (const NamedParameter& p : parameters) values.push_back(p.parameter.value());
  return values;
}

}  // namespace chainrule::nn
