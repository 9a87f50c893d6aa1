// A learning rate by trying rising ones.
#include "chainrule/train/find_lr.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <ostream>
#include <span>

#include "chainrule/config.h"
#include "chainrule/error.h"
#include "core/interruption.h"
#include "core/text.h"
#include "train/step_of.h"
#include "train/weights_of.h"

namespace chainrule::train {
namespace {

/// What training changes, put back at the end.
class AsItWas {
 public:
  AsItWas(nn::Layer& net, optim::Optimizer& optimizer)
      : net_(net),
        optimizer_(optimizer),
        weights_(take_weights(net)),
        state_(optimizer.state()),
        lr_(optimizer.options().lr),
        scale_(optimizer.lr_scale()) {}
  ~AsItWas() {
    const InterruptionScope whole(nullptr);  // a destructor must not throw
    put_weights(net_, weights_);
    optimizer_.restore(state_);
    optimizer_.set_lr(lr_);
    optimizer_.set_lr_scale(scale_);
  }
  AsItWas(const AsItWas&) = delete;
  AsItWas& operator=(const AsItWas&) = delete;

 private:
  nn::Layer& net_;
  optim::Optimizer& optimizer_;
  NamedTensors weights_, state_;
  optim::Rate lr_;
  double scale_;
};

/// The slope of the line nearest to some losses (least squares), with steps of 1 between them.
double slope(std::span<const double> losses) {
  const double middle = static_cast<double>(losses.size() - 1) / 2;
  double above = 0, below = 0;
  for (std::size_t i = 0; i < losses.size(); ++i) {
    const double at = static_cast<double>(i) - middle;
    above += at * losses[i], below += at * at;
  }
  return above / below;
}

/// The middle of the stretch in which the loss falls fastest, before the smoothed loss is smallest. Of rates
/// by equal factors a stretch has an eighth: from one batch to the next a loss falls by chance, too, and of
/// few rows by much.
double steepest(const LrCurve& curve) {
  double found = std::numeric_limits<double>::quiet_NaN(), fall = 0;
  const std::size_t half = std::max<std::size_t>(1, curve.rates.size() / 16), width = 2 * half + 1;
  const auto smallest = static_cast<std::size_t>(
      std::min_element(curve.smoothed.begin(), curve.smoothed.end()) - curve.smoothed.begin());
  for (std::size_t i = 0; i + width <= curve.rates.size() && i + half <= smallest; ++i) {
    const double here = -slope(std::span(curve.losses).subspan(i, width));
    if (here > fall) fall = here, found = curve.rates[i + half];
  }
  return found;
}

/// Whether a smoothed loss is `limit` times the smallest, or has risen as much from one that is not positive.
bool has_exploded(double loss, double smallest, double first, double limit) {
  const double size = smallest > 0 ? smallest : std::max(-smallest, first - smallest);
  return loss - smallest > (limit - 1) * size;
}

}  // namespace

void FindLrOptions::fields(Fields& f) {
  f("low", low, "the first rate", above(0));
  f("high", high, "the last rate", above(0));
  f("steps", steps, "how many rates are tried", at_least(3));
  f("smoothing", smoothing, "share of the losses before in the smoothed ones", fraction());
  f("limit", limit, "it stops where the smoothed loss is so many times the smallest", above(1));
  f("seed", seed, "of first weights and of what is random in layers");
}

LrCurve find_lr(const Task& task, optim::Optimizer& optimizer, data::Loader loader,
                const FindLrOptions& options) {
  config::check(const_cast<FindLrOptions&>(options));
  if (!(options.low < options.high)) {
    throw ValueError(316, cat("[find_lr] rates from ", options.low, " to ", options.high,
                              "; the first must be less than the last."));
  }
  const auto pass_of = [&](std::int64_t step) {
    nn::Pass pass = nn::Pass::training(options.seed, step);
    pass.init.seed = options.seed;
    return pass;
  };
  if (!task.net().is_built()) {
    nn::Pass pass = pass_of(0);
    task.outcome(loader.at(0), pass);  // the graph is dropped
  }
  const AsItWas as_it_was(task.net(), optimizer);
  optimizer.set_lr_scale(1);
  LrCurve curve;
  double mean = 0, weight = 0, smallest = std::numeric_limits<double>::infinity();
  std::int64_t step = 0;
  for (std::int64_t i = 0; i < options.steps; ++i) {
    const double part = static_cast<double>(i) / static_cast<double>(options.steps - 1);
    const double rate = options.low * std::pow(options.high / options.low, part);
    optimizer.set_lr(rate);
    double loss = 0;
    try {
      double count = 0;
      do {  // up to an update
        nn::Pass pass = pass_of(step);
        loss += step_of(task, optimizer, loader.at(step), pass);
        ++step, ++count;
      } while (optimizer.steps() % optimizer.options().accumulate != 0);
      loss /= count;
    } catch (const ValueError& error) {
      if (error.code() != 80 || step == 0) throw;
      break;
    }
    mean = options.smoothing * mean + (1 - options.smoothing) * loss;
    weight = options.smoothing * weight + (1 - options.smoothing);
    const double smooth = mean / weight;
    if (!curve.rates.empty() && has_exploded(smooth, smallest, curve.smoothed[0], options.limit)) break;
    smallest = std::min(smallest, smooth);
    curve.rates.push_back(rate), curve.losses.push_back(loss), curve.smoothed.push_back(smooth);
  }
  curve.suggestion = steepest(curve);
  return curve;
}

std::ostream& operator<<(std::ostream& out, const LrCurve& curve) {
  for (std::size_t i = 0; i < curve.rates.size(); ++i)
    out << "lr " << curve.rates[i] << ": loss " << curve.losses[i] << ", smoothed " << curve.smoothed[i]
        << "\n";
  return out << "suggestion: " << curve.suggestion << "\n";
}

}  // namespace chainrule::train
