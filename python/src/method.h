#pragma once

#include <span>

#include "chainrule/fields.h"
#include "chainrule/optim/minimize.h"

namespace chainrule::python {

/// How a function is minimized: what chainrule/optim/minimize.h has as plain structs, as something with a
/// name.
class Method : public Configurable {
 public:
  virtual optim::Minimum run(optim::Objective f, std::span<const Tensor> start, Location where) const = 0;
};

/// The same in the form in which optim::minimize looks for it.
inline optim::Minimum minimize_objective(optim::Objective f, std::span<const Tensor> start, const Method& how,
                                         Location where) {
  return how.run(f, start, where);
}

}  // namespace chainrule::python

template <>
chainrule::Registry& chainrule::registry<chainrule::python::Method>();
