#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "chainrule/location.h"
#include "chainrule/named_tensors.h"
#include "chainrule/nn/layer.h"
#include "chainrule/optim/minimize.h"
#include "chainrule/optim/rule.h"
#include "chainrule/optim/schedule.h"

// What changes parameters.
namespace chainrule {
enum class History : std::uint8_t;  // of the library's own: what becomes of a graph after a step
}

namespace chainrule::optim {

/// A setting that is true, false, or not said.
class Said {
 public:
  enum class As : std::uint8_t { not_said, no, yes };

  constexpr Said() = default;
  constexpr Said(bool said) : as(said ? As::yes : As::no) {}
  /// Whether it was said to be true.
  constexpr explicit operator bool() const { return as == As::yes; }

  As as = As::not_said;
};

/// Parameters that are treated in another way than the others. Of several groups that match, each changes
/// what it says, and a later one counts more: what one froze stays frozen until another says
/// `.frozen = false`.
struct Group {
  /// Of their paths; * stands for any text: "conv*.weight".
  std::string match = "*";
  double lr_factor = -1;     ///< what the learning rate is multiplied by; negative: not said, which is 1
  double weight_decay = -1;  ///< negative: not said, that of all
  double l1 = -1;            ///< the same
  Said frozen = {};          ///< left as they are, without a gradient

  void fields(Fields& f);
};

struct Options {
  Rate lr = {};  ///< left out: the rule's own, 0.001 for adam
  double weight_decay =
      0;                  ///< this times the value is added to the gradient of parameters of two axes or more
  double l1 = 0;          ///< this times the value's sign is added to it: many weights become small
  double clip_norm = 0;   ///< gradients are scaled so that the norm of all together is at most this; 0: not
  double clip_value = 0;  ///< each number of a gradient is cut to [-this, this]; 0: not
  /// Every so many steps there is one update, by the mean of their gradients: as a batch so many times as
  /// large would give. Each counts the same, or what `step` is told. A step of the schedule is a step, one of
  /// the rule an update.
  std::int64_t accumulate = 1;
  std::vector<Group> groups = {};  ///< of those that match the later ones count more
  bool allow_unused = false;       ///< what a loss does not reach stays as it is, instead of an error

  void fields(Fields& f);
};

/// Owns what training changes beside the net: the rule's states, and the count of steps.
///
///     optim::Optimizer optimizer(net, optim::Momentum{}, {.lr = optim::cosine(0.1, steps(1000))});
///     auto pass = nn::Pass::training(seed, step);
///     const double loss = optimizer.step(softmax_cross_entropy(net.forward(x, pass), t), pass);
///
/// A step computes gradients, new parameters, new states and what the pass collected in one run, and writes
/// the new numbers over the old ones. If computing fails, nothing has changed. After it the graph of the loss
/// is gone: tensors of it that are still held, such as the net's output, have their values and no history.
/// The net may be built later, by the first step.
class Optimizer {
 public:
  Optimizer(const nn::Layer& net, AnyRule rule, Options options = {})
      : Optimizer(net.parameters(), std::move(rule), std::move(options)) {
    keep_in_mind(net);
  }
  /// By name, with settings if need be: "adam", "momentum(0.95)".
  Optimizer(const nn::Layer& net, std::string_view rule, Options options = {});
  /// A parameter that is listed twice is one.
  /// @throws ValueError  for settings out of range (E228), a group that matches nothing (E262), or two
  ///     parameters of one name (E663).
  Optimizer(std::vector<nn::NamedParameter> parameters, AnyRule rule, Options options = {});

  /// One step against the gradient of the loss. Returns the loss, from before the step.
  /// @param also  tensors that are computed in the same run and made leaves: metrics of the batch.
  /// @throws ValueError  if the loss is not finite: names the operation that made the first number that is
  ///     not (E080); if it does not depend on a parameter (E263), or there is none (E267); or for a learning
  ///     rate that cannot be (E045).
  double step(Tensor loss, nn::Pass& pass, std::span<Tensor> also = {}, Location where = Location::current());
  /// The same of a loss that is a mean, with what it divided by: a scalar, as graph, such as a number of rows
  /// or the sum of their weights. With `accumulate` it is what this step counts in the mean of the gradients.
  double step(Tensor loss, Tensor counted, nn::Pass& pass, Location where = Location::current());
  /// The same for a net that keeps no statistics. @throws ValueError  if it keeps some (E266).
  double step(Tensor loss, Location where = Location::current());
  /// One step with given gradients, in the order of the parameters that are not frozen.
  /// @throws ValueError  for another number of gradients, or one that does not fit its parameter (E044).
  void step(std::vector<Tensor> gradients);
  /// One step with sums of gradients that were made in parts, as of the shards of a batch, each times what
  /// its loss counted: they are divided by what all parts counted, a scalar. What the pass collected is
  /// stored.
  /// @throws ValueError  as for given gradients (E044).
  void step(std::vector<Tensor> sums, Tensor counted, nn::Pass& pass);
  /// The gradients of a loss, as graph, in the order of the parameters that are not frozen.
  /// @throws ValueError  if the loss does not depend on one (E263), or there is none (E267).
  std::vector<Tensor> gradients(const Tensor& loss, Location where = Location::current());
  /// The values of the parameters that are not frozen.
  std::vector<Tensor> trained() const;
  /// One step with what Layer::backward left in the parameters.
  /// @throws ValueError  if a parameter has no gradient (E044).
  void step();

  /// Those that are trained, and frozen ones.
  const std::vector<nn::NamedParameter>& parameters() const { return parameters_; }
  const Rule& rule() const { return *rule_; }
  const Options& options() const { return options_; }

  /// Steps taken. With `accumulate` one in so many changes the parameters.
  std::int64_t steps() const { return steps_; }
  /// The learning rate of the next step, or of another.
  /// @throws ValueError  if the schedule gives a negative one, or one that is not finite (E045); or counts in
  ///     epochs of unknown length (E260).
  double lr() const { return lr(steps_); }
  double lr(std::int64_t step) const;
  /// @throws ValueError  for settings out of range (E228).
  void set_lr(Rate lr);
  /// What the schedule's rate is multiplied by: for what depends on results, such as
  /// train::reduce_on_plateau. Not among the states: whoever sets it keeps it.
  double lr_scale() const { return lr_scale_; }
  /// @throws ValueError  for a negative number, or one that is not finite (E410).
  void set_lr_scale(double scale);
  /// For schedules in epochs; trainers set it.
  void set_steps_per_epoch(std::int64_t count) { steps_per_epoch_ = count; }

  /// All that a later step depends on, beside the parameters: each state by the path of its parameter,
  /// "affine1.weight.velocity", and the number of steps as "steps". With `accumulate` the sum of gradients is
  /// one more state, "affine1.weight.gradients", and what they count together is "counted".
  NamedTensors state() const;
  /// Goes on from what `state` gave. @throws ValueError  that lists what is missing, extra or of another
  /// shape (E264).
  void restore(const NamedTensors& state);

 private:
  struct Workspace;
  struct Trained {
    std::size_t place = 0;  // in parameters_
    Group group;            // what holds for it
  };

  void keep_in_mind(const nn::Layer& net);
  void check_names() const;
  void prepare();
  void find_gradients(const Tensor& loss, Workspace& w, Location where) const;
  void limit(std::vector<Tensor>& gradients) const;
  void check_fit(const Tensor& made, const Tensor& value, const std::string& name) const;
  void check_gradients(std::span<const Tensor> gradients) const;
  void find_updates(Workspace& w);
  void find_update(Workspace& w, std::size_t i, double lr);
  void add_up(Workspace& w);
  void weigh(Workspace& w) const;
  void take_mean(Workspace& w) const;
  void apply(Workspace& w, nn::Pass* pass, History history);
  double step_with(Tensor loss, Tensor counted, nn::Pass* pass, std::span<Tensor> also, Location where);
  nn::NamedParameter& named(const Trained& trained) { return parameters_[trained.place]; }
  const nn::NamedParameter& named(const Trained& trained) const { return parameters_[trained.place]; }

  std::vector<nn::NamedParameter> parameters_;
  AnyRule rule_;
  Options options_;
  std::vector<std::string> state_names_;  // the rule's, and the sum of gradients if there is one
  std::vector<Trained> trained_;
  std::vector<Tensor> states_;  // of all trained ones, one after the other; made by the first step
  Tensor counted_;              // with `accumulate`, of the steps since the last update: f64
  std::int64_t steps_ = 0;
  std::int64_t steps_per_epoch_ = 0;
  double lr_scale_ = 1;
  std::string keeps_;  // a state that the net's layers keep; empty if they keep none
};

}  // namespace chainrule::optim
