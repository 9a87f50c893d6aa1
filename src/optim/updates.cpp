// What a step makes of gradients, and where it puts it.
#include "chainrule/error.h"
#include "chainrule/ops.h"
#include "core/text.h"
#include "graph/node.h"
#include "optim/workspace.h"
#include "plan/renew.h"

namespace chainrule::optim {

void Optimizer::limit(std::vector<Tensor>& gradients) const {
  if (options_.clip_value > 0) {
    for (Tensor& g : gradients) g = g.is_empty() ? g : clip(g, -options_.clip_value, options_.clip_value);
  }
  if (options_.clip_norm == 0) return;
  Tensor total;
  for (const Tensor& g : gradients) {
    if (g.is_empty()) continue;
    const Tensor part = sum(square(g));
    total = total.is_empty() ? part : total + part;
  }
  if (total.is_empty()) return;
  const Tensor factor = minimum(options_.clip_norm / sqrt(total), 1);
  for (Tensor& g : gradients) {
    if (g.is_empty()) continue;
    g = g * (g.dtype() == factor.dtype() ? factor : cast(factor, g.dtype()));
  }
}

/// What a rule made of a parameter must be like it.
void Optimizer::check_fit(const Tensor& made, const Tensor& value, const std::string& name) const {
  const Node *node = made.node(), *like = value.node();
  if (node != nullptr && node->shape == like->shape && node->dtype == like->dtype) return;
  throw ValueError(268, cat("[", rule_->info().name, "] the rule made ",
                            made.is_empty() ? "nothing" : made.shape().to_string(), " of parameter ", name,
                            " or a state of it, which is ", value.shape(), " ", name_of(value.dtype()),
                            "; both must be alike."));
}

/// A step without an update: only the sums of gradients grow. The first of several begins them anew.
void Optimizer::add_up(Workspace& w) {
  const std::size_t states = state_names_.size();
  const bool is_first = steps_ % options_.accumulate == 0;
  for (std::size_t i = 0; i < trained_.size(); ++i) {
    Tensor& sum = states_[(i + 1) * states - 1];
    w.replace(i, sum, is_first ? w.gradients[i] + 0 : sum + w.gradients[i]);
  }
  const Tensor counted = w.counted.is_empty() ? scalar(1, f64) : w.counted;
  w.replace(0, counted_, is_first ? counted + 0 : counted_ + counted);
}

/// The mean of the gradients of all steps, or parts, that belong to this update. Where nothing counts it is
/// 0.
void Optimizer::take_mean(Workspace& w) const {
  const bool adds = options_.accumulate > 1;
  const Tensor now = w.counted.is_empty() ? scalar(1, f64) : w.counted;
  const Tensor total = adds ? counted_ + now : now;
  const Tensor divisor = where(total > 0, total, 1);
  for (std::size_t i = 0; i < w.gradients.size(); ++i) {
    Tensor& gradient = w.gradients[i];
    if (adds) gradient = states_[(i + 1) * state_names_.size() - 1] + gradient;
    gradient = gradient / cast(divisor, gradient.dtype());
  }
}

/// With `accumulate` gradients count what the loss was a mean over.
void Optimizer::weigh(Workspace& w) const {
  if (w.counted.is_empty() || w.are_sums) return;
  w.counted = maximum(cast(reshape(w.counted, {}), f64), 0);
  for (Tensor& gradient : w.gradients) gradient = gradient * cast(w.counted, gradient.dtype());
}

/// From values and gradients, which it lets go, to what they become.
void Optimizer::find_updates(Workspace& w) {
  const bool adds = options_.accumulate > 1;
  if (adds) weigh(w);
  if (adds && (steps_ + 1) % options_.accumulate != 0) {
    add_up(w);
  } else {
    if (adds || w.are_sums) take_mean(w);
    limit(w.gradients);
    const double now = lr();
    for (std::size_t i = 0; i < trained_.size(); ++i) find_update(w, i, now);
  }
  w.counted = {};
  w.values.clear();
  w.gradients.clear();
  w.states.clear();
}

/// Of one parameter.
void Optimizer::find_update(Workspace& w, std::size_t i, double lr) {
  const Group& group = trained_[i].group;
  const Tensor& value = w.values[i];
  Tensor gradient = std::move(w.gradients[i]);
  if (gradient.is_empty()) return;  // the loss does not reach it
  if (value.ndim() >= 2) {
    if (group.weight_decay > 0) gradient = gradient + group.weight_decay * value;
    if (group.l1 > 0) gradient = gradient + group.l1 * sign(value);
  }
  const bool adds = options_.accumulate > 1;
  const std::size_t sums = adds ? 1 : 0, states = state_names_.size();
  const auto begin = states_.begin() + static_cast<std::ptrdiff_t>(i * states);
  w.states.assign(begin, begin + static_cast<std::ptrdiff_t>(states - sums));
  const std::int64_t update = adds ? (steps_ + 1) / options_.accumulate : steps_ + 1;
  const auto numbers = w.numbers_for(*rule_, value.dtype(), group.lr_factor, update, lr);
  w.next.push_back(rule_->update(value, gradient, w.states, numbers));
  w.current.push_back(&named(trained_[i]).parameter.value());
  w.places.push_back({i, nullptr});
  const std::string& name = named(trained_[i]).name;
  check_fit(w.next.back(), value, name);
  for (std::size_t s = 0; s < states - sums; ++s) {
    check_fit(w.states[s], value, name);
    w.replace(i, states_[i * states + s], std::move(w.states[s]));
  }
}

void Optimizer::apply(Workspace& w, nn::Pass* pass, History history) {
  const std::size_t before_pass = w.next.size();
  if (pass != nullptr) {
    for (nn::Pass::Update& update : pass->updates()) {
      w.current.push_back(&update.state.value());
      w.next.push_back(std::move(update.next));
    }
  }
  try {
    renew(w.current, w.next, history);
  } catch (...) {
    if (pass != nullptr) give_back(w.next, before_pass, *pass);
    throw;
  }
  for (std::size_t i = 0; i < w.places.size(); ++i) {
    const auto& [trained, state] = w.places[i];
    if (state == nullptr) {
      named(trained_[trained]).parameter.replace(std::move(w.next[i]));  // it was found to fit
    } else {
      *state = std::move(w.next[i]);
    }
  }
  if (pass != nullptr) {
    std::size_t at = before_pass;
    for (nn::Pass::Update& update : pass->updates()) update.state.set_value(std::move(w.next[at++]));
    pass->updates().clear();
  }
  ++steps_;
}

}  // namespace chainrule::optim
