#pragma once

#include "chainrule/fields.h"

namespace chainrule::optim {

/// The settings of all optimizers, in a struct that has them by their names.
template <class Options>
void option_fields(Fields& f, Options& of) {
  f("lr", of.lr.handle(), "the learning rate; without one the rule's own");
  f("weight_decay", of.weight_decay, "share of the value that is added to the gradient of weights",
    at_least(0));
  f("l1", of.l1, "this times the value's sign is added to the gradient of weights", at_least(0));
  f("clip_norm", of.clip_norm, "largest norm of all gradients together; 0: any", at_least(0));
  f("clip_value", of.clip_value, "largest number of a gradient; 0: any", at_least(0));
  f("accumulate", of.accumulate, "steps whose mean gradient makes one update", at_least(1));
  f("groups", of.groups,
    "parameters that are treated in another way; of those that match the later ones count more");
  f("allow_unused", of.allow_unused, "whether a loss may leave parameters out, which stay as they are");
}

}  // namespace chainrule::optim
