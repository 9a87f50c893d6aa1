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

void duration_fields(Fields& f, Duration& duration) {
  f("epochs", duration.epochs, "how long, in epochs", at_least(0));
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

}  // namespace

void Constant::fields(Fields& f) { f("lr", lr, "learning rate", at_least(0)); }
double Constant::at(std::int64_t, std::int64_t) const { return lr; }

void StepDecay::fields(Fields& f) {
  f("lr", lr, "learning rate at the start", at_least(0));
  f("factor", factor, "what it is multiplied by", at_least(0));
  duration_fields(f, every);
}
double StepDecay::at(std::int64_t step, std::int64_t steps_per_epoch) const {
  const std::int64_t length = length_of(kInfo, every, steps_per_epoch);
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
  const double part = static_cast<double>(step) / static_cast<double>(steps);
  return end + (lr - end) * (1 + std::cos(std::numbers::pi * part)) / 2;
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

Rate Rate::fixed(double lr) { return Constant{lr}; }
Rate cosine(double lr, Duration length, double end) { return Cosine{lr, length, end}; }
Rate step_decay(double lr, double factor, Duration every) { return StepDecay{lr, factor, every}; }
Rate warm_up(Duration length, Rate then) { return WarmUp{length, std::move(then)}; }

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
