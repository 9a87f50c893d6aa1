#include <algorithm>
#include <cmath>

#include "autodiff/backward.h"
#include "chainrule/config.h"
#include "chainrule/error.h"
#include "chainrule/ops.h"
#include "chainrule/optim.h"
#include "core/reused.h"
#include "core/text.h"
#include "graph/node.h"
#include "optim/match.h"
#include "optim/not_finite.h"
#include "optim/option_fields.h"
#include "optim/workspace.h"
#include "plan/renew.h"

namespace chainrule::optim {
namespace {

std::vector<std::string> split_names(std::string_view names) {
  std::vector<std::string> found;
  while (!names.empty()) {
    const std::size_t end = std::min(names.find(", "), names.size());
    found.emplace_back(names.substr(0, end));
    names.remove_prefix(std::min(end + 2, names.size()));
  }
  return found;
}

std::string list_of(const std::vector<nn::NamedParameter>& parameters) {
  std::string names;
  for (const nn::NamedParameter& p : parameters) names += (names.empty() ? "" : ", ") + p.name;
  return names.empty() ? "none" : names;
}

}  // namespace

void Group::fields(Fields& f) {
  static constexpr std::string_view kSaid[] = {"not_said", "false", "true"};
  f("match", match, "paths of parameters, with * for any text");
  f("lr_factor", lr_factor, "what the learning rate is multiplied by; negative: not said, which is 1",
    at_least(-1));
  f("weight_decay", weight_decay, "weight decay; negative: not said, that of all");
  f("l1", l1, "the same of the values' signs; negative: not said, that of all");
  f("frozen", frozen.as, kSaid, "whether they are left as they are");
}

Group group_of(const Options& options, std::string_view name) {
  Group found{.match = std::string(name),
              .lr_factor = 1,
              .weight_decay = options.weight_decay,
              .l1 = options.l1,
              .frozen = false};
  for (const Group& group : options.groups) {
    if (!matches(group.match, name)) continue;
    if (group.lr_factor >= 0) found.lr_factor = group.lr_factor;
    if (group.weight_decay >= 0) found.weight_decay = group.weight_decay;
    if (group.l1 >= 0) found.l1 = group.l1;
    if (group.frozen.as != Said::As::not_said) found.frozen = group.frozen;
  }
  return found;
}

void Options::fields(Fields& f) { option_fields(f, *this); }

Optimizer::Optimizer(const nn::Layer& net, std::string_view rule, Options options)
    : Optimizer(net.parameters(), config::make<Rule>(config::parse_text(rule, "optimizer")),
                std::move(options)) {
  keep_in_mind(net);
}

/// States are kept by the names of parameters. Those without one are trained; their states cannot be kept.
void Optimizer::check_names() const {
  std::vector<std::string_view> names;
  for (const nn::NamedParameter& p : parameters_) {
    if (!p.name.empty()) names.push_back(p.name);
  }
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice == names.end()) return;
  throw ValueError(663, cat("[", rule_->info().name, "] two parameters are called ", *twice,
                            ". Put the nets into one, or give their parameters other names, such as \"left.",
                            *twice, "\"."));
}

void Optimizer::keep_in_mind(const nn::Layer& net) {
  if (const std::vector<nn::NamedState> states = net.states(); !states.empty()) keeps_ = states.front().name;
}

Optimizer::Optimizer(std::vector<nn::NamedParameter> parameters, AnyRule rule, Options options)
    : rule_(std::move(rule)), options_(std::move(options)), state_names_(split_names(rule_->state_names())) {
  config::check(*rule_.handle());
  config::check(options_);
  if (!options_.lr) options_.lr = rule_->default_lr();
  if (options_.accumulate > 1) {
    state_names_.emplace_back("gradients");
    counted_ = scalar(0, f64);
  }
  for (nn::NamedParameter& p : parameters) {
    const auto is_it = [&](const nn::NamedParameter& other) { return other.parameter == p.parameter; };
    if (std::none_of(parameters_.begin(), parameters_.end(), is_it)) parameters_.push_back(std::move(p));
  }
  check_names();
  for (const Group& group : options_.groups) {
    const auto is_in = [&](const nn::NamedParameter& p) { return matches(group.match, p.name); };
    if (std::any_of(parameters_.begin(), parameters_.end(), is_in)) continue;
    throw ValueError(262, cat("[", rule_->info().name, "] no parameter's path matches the group \"",
                              group.match, "\". There are: ", list_of(parameters_), "."));
  }
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const Group found = group_of(options_, parameters_[i].name);
    if (found.frozen) continue;
    if (const nn::NamedParameter& p = parameters_[i];
        p.parameter && is_storage(p.parameter.value().dtype())) {
      throw DTypeError(592, cat("[", rule_->info().name, "] ", p.name, " is ", p.parameter.value().dtype(),
                                ", which is only for keeping numbers. Train in f32, and use keep_weights "
                                "when that is done."));
    }
    trained_.push_back({i, found});
  }
}

double Optimizer::lr(std::int64_t step) const {
  const double planned = options_.lr.at(step, steps_per_epoch_), now = planned * lr_scale_;
  const bool is_rate = std::isfinite(planned) && planned >= 0;
  if (is_rate && std::isfinite(now)) return now;
  throw ValueError(45, cat("[", options_.lr->info().name, "] the learning rate of step ", step + 1, " is ",
                           is_rate ? now : planned, "; it must be a number from 0 up."));
}

void Optimizer::set_lr_scale(double scale) {
  if (std::isfinite(scale) && scale >= 0) {
    lr_scale_ = scale;
    return;
  }
  throw ValueError(410, cat("[", rule_->info().name, "] the learning rate cannot be scaled by ", scale,
                            "; need a finite number, at least 0."));
}

void Optimizer::set_lr(Rate lr) {
  static_cast<void>(*lr);  // throws if there is none
  config::check(*lr.handle());
  options_.lr = std::move(lr);
}

/// Makes states when the parameters are there.
void Optimizer::prepare() {
  if (parameters_.empty()) {
    throw ValueError(267, cat("[", rule_->info().name,
                              "] there is nothing to train: the net has no parameters. "
                              "Does each layer list its own in members()?"));
  }
  if (states_.size() == trained_.size() * state_names_.size()) return;
  states_.clear();
  for (const Trained& trained : trained_) {
    const Tensor& value = named(trained).parameter.value();
    for (std::size_t i = 0; i < state_names_.size(); ++i)
      states_.push_back(zeros(value.shape(), value.dtype()));
  }
}

double Optimizer::step(Tensor loss, nn::Pass& pass, std::span<Tensor> also, Location where) {
  return step_with(std::move(loss), {}, &pass, also, where);
}
double Optimizer::step(Tensor loss, Tensor counted, nn::Pass& pass, Location where) {
  return step_with(std::move(loss), std::move(counted), &pass, {}, where);
}
double Optimizer::step(Tensor loss, Location where) {
  if (keeps_.empty()) return step_with(std::move(loss), {}, nullptr, {}, where);
  throw ValueError(266,
                   cat("[", rule_->info().name, "] the net keeps statistics (", keeps_,
                       "), which a pass collects. Make the loss with a pass, and use step(loss, pass)."));
}

double Optimizer::step_with(Tensor loss, Tensor counted, nn::Pass* pass, std::span<Tensor> also,
                            Location where) {
  prepare();
  const Reused<Workspace> w;
  for (const Trained& trained : trained_) w->values.push_back(named(trained).parameter.value());
  find_gradients(loss, *w, where);
  w->counted = std::move(counted);
  find_updates(*w);
  const std::size_t at = w->next.size();
  try {
    w->next.push_back(check_finite(loss));  // in eager mode throws here
    loss = {};                              // its graph ends with the step
    w->next.insert(w->next.end(), std::make_move_iterator(also.begin()), std::make_move_iterator(also.end()));
    apply(*w, pass, History::end);
  } catch (const ValueError& error) {
    if (loss.is_empty()) give_back(w->next, at + 1, also);
    if (error.code() != 147) throw;
    const Tensor checked = loss.is_empty() ? w->next[at].node()->input_tensors()[0] : loss;
    const Culprit culprit = first_not_finite(checked, parameters_);
    std::string made, advice = cat("Use a smaller lr than ", lr(), ", or clip_norm.");
    if (culprit.kind == Culprit::Kind::data) advice = "Mend the data, or leave those rows out.";
    // A rate that f32 has as infinite makes NaN of a gradient of 0.
    const bool is_step = steps_ > 0 && std::isfinite(static_cast<float>(lr(steps_ - 1)));
    if (culprit.kind == Culprit::Kind::parameter && culprit.is_nan && is_step) {
      made = cat(", which step ", steps_, " made nan although its loss was finite: the gradient of ",
                 culprit.name, " was not");
      advice =
          "No smaller lr mends that: look for what has no finite slope, such as the sqrt or a norm of 0.";
    }
    throw ValueError(
        80, cat("[", rule_->info().name, "] the loss is ", std::isnan(checked.item()) ? "nan" : "infinite",
                " at step ", steps_ + 1, ": the first number that is not finite came from ", culprit.text,
                made, ". Nothing was changed. ", advice));
  }
  give_back(w->next, at + 1, also);
  return w->next[at].item();
}

void Optimizer::find_gradients(const Tensor& loss, Workspace& w, Location where) const {
  if (options_.allow_unused) {
    // With several steps an update, what one of them leaves out counts as 0 in their mean.
    const Unused unused = options_.accumulate > 1 ? Unused::zeros : Unused::empty;
    return append_gradients(loss, w.values, w.gradients, {.allow_unused = true}, where, unused);
  }
  try {
    append_gradients(loss, w.values, w.gradients, {}, where);
  } catch (const ValueError& error) {
    if (error.code() != 31) throw;
    for (const Trained& trained : trained_) {
      const Tensor& value = named(trained).parameter.value();
      std::vector<Tensor> gradient;
      try {
        append_gradients(loss, {&value, 1}, gradient, {}, where);
      } catch (const ValueError&) {
        throw ValueError(
            263, cat("[", rule_->info().name, "] the loss does not depend on parameter ", named(trained).name,
                     ". Was its layer left out, or the loss made before the last "
                     "step? What is not to be trained goes into a group with .frozen = true; with "
                     ".allow_unused = true a step leaves what its loss does not reach."));
      }
    }
    throw;
  }
}

void Optimizer::check_gradients(std::span<const Tensor> gradients) const {
  if (gradients.size() != trained_.size()) {
    throw ValueError(44, cat("[", rule_->info().name, "] ", gradients.size(), " gradients for ",
                             trained_.size(), " parameters."));
  }
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    const Tensor& value = named(trained_[i]).parameter.value();
    if (gradients[i].shape() == value.shape() && gradients[i].dtype() == value.dtype()) continue;
    throw ValueError(44, cat("[", rule_->info().name, "] gradient ", i, " is ", gradients[i].shape(), " ",
                             name_of(gradients[i].dtype()), ", parameter ", named(trained_[i]).name, " ",
                             value.shape(), " ", name_of(value.dtype()), "; both must be equal."));
  }
}

void Optimizer::step(std::vector<Tensor> gradients) {
  prepare();
  check_gradients(gradients);
  const Reused<Workspace> w;
  for (const Trained& trained : trained_) w->values.push_back(named(trained).parameter.value());
  std::move(gradients.begin(), gradients.end(), std::back_inserter(w->gradients));
  find_updates(*w);
  apply(*w, nullptr, History::keep);
}

void Optimizer::step(std::vector<Tensor> sums, Tensor counted, nn::Pass& pass) {
  prepare();
  check_gradients(sums);
  const Reused<Workspace> w;
  for (const Trained& trained : trained_) w->values.push_back(named(trained).parameter.value());
  w->counted = std::move(counted);
  w->are_sums = true;
  std::move(sums.begin(), sums.end(), std::back_inserter(w->gradients));
  find_updates(*w);
  apply(*w, &pass, History::end);
}

std::vector<Tensor> Optimizer::gradients(const Tensor& loss, Location where) {
  prepare();
  const Reused<Workspace> w;
  for (const Trained& trained : trained_) w->values.push_back(named(trained).parameter.value());
  find_gradients(loss, *w, where);
  for (std::size_t i = 0; i < w->gradients.size(); ++i) {
    Tensor& gradient = w->gradients[i];
    if (gradient.is_empty()) gradient = zeros(w->values[i].shape(), w->values[i].dtype());
  }
  return {std::move_iterator(w->gradients.begin()), std::move_iterator(w->gradients.end())};
}

std::vector<Tensor> Optimizer::trained() const {
  std::vector<Tensor> values;
  for (const Trained& trained : trained_) values.push_back(named(trained).parameter.value());
  return values;
}

void Optimizer::step() {
  std::vector<Tensor> gradients;
  for (const Trained& trained : trained_) {
    const nn::NamedParameter& p = named(trained);
    if (p.parameter.grad().is_empty()) {
      throw ValueError(
          44, cat("[", rule_->info().name, "] parameter ", p.name, " has no gradient. Call backward first."));
    }
    gradients.push_back(p.parameter.grad());
  }
  step(std::move(gradients));
}

}  // namespace chainrule::optim
