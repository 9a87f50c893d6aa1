// The schedules: learning rates as functions of the step.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "chainrule/error.h"
#include "chainrule/optim/schedule.h"
#include "core/text.h"

namespace chainrule {
namespace optim {
namespace {

void duration_fields(Fields& f, Duration& duration, std::string_view epochs = "how long, in epochs") {
  f("epochs", duration.epochs, epochs, at_least(0));
  f("steps", duration.steps, "how long, in steps; adds to epochs", at_least(0));
}

/// In steps. @throws ValueError  if there is none (E269).
std::int64_t length_of(const Info& info, const Duration& duration, std::int64_t steps_per_epoch) {
  const std::int64_t length = duration.in_steps(steps_per_epoch);
  if (length >= 1) return length;
  throw ValueError(269, cat("[", info.name, "] it is ", length,
                            " steps long; need at least 1. Give it steps or epochs: "
                            "\"",
                            info.name, "(0.1, steps=1000)\"."));
}

Duration or_epochs(const Duration& duration, double otherwise) {
  return duration.is_empty() ? chainrule::epochs(otherwise) : duration;
}

/// How many lengths have gone by, with their fraction.
double lengths(const Info& info, std::int64_t step, const Duration& duration, std::int64_t steps_per_epoch) {
  return static_cast<double>(step) / static_cast<double>(length_of(info, duration, steps_per_epoch));
}

/// From a to b along half a cosine, as `part` goes from 0 to 1.
double half_cosine(double a, double b, double part) {
  return b + (a - b) * (1 + std::cos(std::numbers::pi * part)) / 2;
}

}  // namespace

void Constant::fields(Fields& f) { f("lr", lr, "learning rate", at_least(0)); }
double Constant::at(std::int64_t, std::int64_t) const { return lr; }

void StepDecay::fields(Fields& f) {
  f("lr", lr, "learning rate at the start", at_least(0));
  f("factor", factor, "what it is multiplied by", at_least(0));
  duration_fields(f, every, "how long, in epochs; 10 if neither is given");
}
double StepDecay::at(std::int64_t step, std::int64_t steps_per_epoch) const {
  const std::int64_t length = length_of(kInfo, or_epochs(every, 10), steps_per_epoch);
  return lr * std::pow(factor, static_cast<double>(step / length));
}

void Cosine::fields(Fields& f) {
  f("lr", lr, "learning rate at the start", at_least(0));
  duration_fields(f, length);
  f("end", end, "learning rate at the end, and after it", at_least(0));
}
double Cosine::at(std::int64_t step, std::int64_t steps_per_epoch) const {
  const std::int64_t steps = length_of(kInfo, length, steps_per_epoch);
  if (step >= steps) return end;
  return half_cosine(lr, end, static_cast<double>(step) / static_cast<double>(steps));
}

void WarmUp::fields(Fields& f) {
  duration_fields(f, length);
  f("then", then.handle(), "the schedule that follows, which counts from the same first step");
}
double WarmUp::at(std::int64_t step, std::int64_t steps_per_epoch) const {
  const std::int64_t steps = length.in_steps(steps_per_epoch);
  const double full = then.at(step, steps_per_epoch);
  return step >= steps ? full : full * static_cast<double>(step + 1) / static_cast<double>(steps + 1);
}

void MultiStep::fields(Fields& f) {
  f("lr", lr, "learning rate at the start", at_least(0));
  f("factor", factor, "what it is multiplied by", at_least(0));
  f("epochs", epochs, "when, in epochs", at_least(0));
  f("steps", steps, "when, in steps", at_least(0));
}
double MultiStep::at(std::int64_t step, std::int64_t steps_per_epoch) const {
  double rate = lr;
  for (const std::int64_t when : steps) rate *= step >= when ? factor : 1;
  for (const double when : epochs) {
    if (step >= chainrule::epochs(when).in_steps(steps_per_epoch)) rate *= factor;
  }
  return rate;
}

void Exponential::fields(Fields& f) {
  f("lr", lr, "learning rate at the start", at_least(0));
  f("factor", factor, "what it has been multiplied by after that time", at_least(0));
  duration_fields(f, every, "how long, in epochs; 1 if neither is given");
}
double Exponential::at(std::int64_t step, std::int64_t steps_per_epoch) const {
  return lr * std::pow(factor, lengths(kInfo, step, or_epochs(every, 1), steps_per_epoch));
}

void InverseTime::fields(Fields& f) {
  f("lr", lr, "learning rate at the start", at_least(0));
  f("decay", decay, "with 1 it has fallen to a half after that time", at_least(0));
  duration_fields(f, every, "how long, in epochs; 1 if neither is given");
}
double InverseTime::at(std::int64_t step, std::int64_t steps_per_epoch) const {
  return lr / (1 + decay * lengths(kInfo, step, or_epochs(every, 1), steps_per_epoch));
}

void Polynomial::fields(Fields& f) {
  f("lr", lr, "learning rate at the start", at_least(0));
  duration_fields(f, length);
  f("power", power, "1 is a straight line", at_least(0));
  f("end", end, "learning rate at the end, and after it", at_least(0));
}
double Polynomial::at(std::int64_t step, std::int64_t steps_per_epoch) const {
  const double part = lengths(kInfo, step, length, steps_per_epoch);
  return part >= 1 ? end : end + (lr - end) * std::pow(1 - part, power);
}

void CosineRestarts::fields(Fields& f) {
  f("lr", lr, "learning rate at each start", at_least(0));
  duration_fields(f, length);
  f("growth", growth, "how many times as long as the one before each is", at_least(1));
  f("end", end, "learning rate at each end", at_least(0));
}
// After n of them growth^0 + ... + growth^(n-1) = (growth^n - 1) / (growth - 1) lengths have gone by.
double CosineRestarts::at(std::int64_t step, std::int64_t steps_per_epoch) const {
  const double gone = lengths(kInfo, step, length, steps_per_epoch);
  if (growth == 1) return half_cosine(lr, end, gone - std::floor(gone));
  const auto start_of = [&](double n) { return (std::pow(growth, n) - 1) / (growth - 1); };
  double n = std::floor(std::log(1 + gone * (growth - 1)) / std::log(growth));
  while (start_of(n) > gone) --n;  // what rounding did
  while (start_of(n + 1) <= gone) ++n;
  return half_cosine(lr, end, (gone - start_of(n)) / std::pow(growth, n));
}

void OneCycle::fields(Fields& f) {
  f("lr", lr, "the highest learning rate", at_least(0));
  duration_fields(f, length);
  f("rise", rise, "share of the time in which it rises", between(0, 1));
  f("start_share", start_share, "share of it at the start", between(0, 1));
  f("end_share", end_share, "share of it at the end, and after it", between(0, 1));
}
double OneCycle::at(std::int64_t step, std::int64_t steps_per_epoch) const {
  const double part = lengths(kInfo, step, length, steps_per_epoch);
  if (part >= 1) return lr * end_share;
  if (part < rise) return half_cosine(lr * start_share, lr, part / rise);
  return half_cosine(lr, lr * end_share, (part - rise) / (1 - rise));
}

Rate Rate::fixed(double lr) { return Constant{lr}; }
Rate cosine(double lr, Duration length, double end) { return Cosine{lr, length, end}; }
Rate step_decay(double lr, double factor, Duration every) { return StepDecay{lr, factor, every}; }
Rate warm_up(Duration length, Rate then) { return WarmUp{length, std::move(then)}; }
Rate multi_step(double lr, double factor, std::vector<double> epochs) {
  return MultiStep{lr, factor, std::move(epochs)};
}
Rate exponential(double lr, double factor, Duration every) { return Exponential{lr, factor, every}; }
Rate inverse_time(double lr, double decay, Duration every) { return InverseTime{lr, decay, every}; }
Rate polynomial(double lr, Duration length, double power, double end) {
  return Polynomial{lr, length, power, end};
}
Rate cosine_restarts(double lr, Duration length, double growth, double end) {
  return CosineRestarts{lr, length, growth, end};
}
Rate one_cycle(double lr, Duration length) { return OneCycle{.lr = lr, .length = length}; }

}  // namespace optim

template <>
Registry& registry<optim::Schedule>() {
  static Registry rows = [] {
    using namespace optim;
    Registry made("schedule");
#define CHAINRULE_ROW(Type) add_boxed<Schedule, Type>(made);
#include "optim/schedule_list.def"
#undef CHAINRULE_ROW
    made.set_number_row(Constant::kInfo.name);
    return made;
  }();
  return rows;
}

}  // namespace chainrule
