#include "chainrule/nn/ports.h"

#include "chainrule/error.h"
#include "core/text.h"

namespace chainrule::nn {

void Ports::throw_no_port(std::size_t i) const {
  throw ValueError(242,
                   cat("[layer] there is no port ", i, ": there are ", size_, ", of ", kMax, " at most."));
}

Inputs::Inputs(std::span<const Tensor> tensors, Location where) : where_(where) {
  for (const Tensor& tensor : tensors) ports_.push_back(tensor);
}

}  // namespace chainrule::nn
