// What an optimizer knows beside the parameters: read, and put back.
#include "chainrule/error.h"
#include "chainrule/optim.h"
#include "core/text.h"

namespace chainrule::optim {

NamedTensors Optimizer::state() const {
  NamedTensors all;
  all.add("steps", scalar(static_cast<double>(steps_), i64));
  const_cast<Optimizer*>(this)->prepare();
  std::size_t at = 0;
  for (const Trained& trained : trained_) {
    for (const std::string& state : state_names_)
      all.add(cat(named(trained).name, ".", state), states_[at++]);
  }
  if (!counted_.is_empty()) all.add("counted", counted_);
  return all;
}

void Optimizer::restore(const NamedTensors& state) {
  prepare();
  const NamedTensors own = this->state();
  std::string wrong;
  for (const auto& [name, tensor] : own) {
    const Tensor* given = state.find(name);
    if (given == nullptr) {
      wrong += cat(wrong.empty() ? " " : "; ", name, " is missing");
    } else if (given->shape() != tensor.shape() || given->dtype() != tensor.dtype()) {
      wrong += cat(wrong.empty() ? " " : "; ", name, " is ", given->shape(), " ", name_of(given->dtype()),
                   " instead of ", tensor.shape(), " ", name_of(tensor.dtype()));
    }
  }
  for (const auto& [name, tensor] : state) {
    if (!own.contains(name)) wrong += cat(wrong.empty() ? " " : "; ", name, " is not known");
  }
  if (!wrong.empty()) {
    throw ValueError(264, cat("[", rule_->info().name, "] the state does not fit this optimizer:", wrong,
                              ". Is it that of the same net, rule and groups?"));
  }
  std::size_t at = 0;
  for (const auto& [name, tensor] : own) {
    if (name == "steps") {
      steps_ = state[name].to_vector<std::int64_t>()[0];
    } else if (name == "counted") {
      counted_ = detach(state[name]);
    } else {
      states_[at++] = detach(state[name]);
    }
  }
}

}  // namespace chainrule::optim
