#pragma once

#include <cstdint>
#include <vector>

#include "chainrule/boxed.h"
#include "chainrule/duration.h"

namespace chainrule::optim {

/// A learning rate as a pure function of the step: resuming needs nothing but the step. A schedule is a
/// struct with a `kInfo`, `fields`, and
///
///     double at(std::int64_t step, std::int64_t steps_per_epoch) const;
///
/// where step counts from 0, and steps_per_epoch is 0 if unknown: then settings in epochs are an error
/// (E260). One that has no length where it needs one is an error at its first step (E269). Those there are
/// stand in src/optim/schedule_list.def.
class Schedule : public Configurable {
 public:
  virtual double at(std::int64_t step, std::int64_t steps_per_epoch) const = 0;

  template <class S>
  requires requires(const S& s) { s.at(std::int64_t{}, std::int64_t{}); }
  static Schedule* box(S schedule);
};

template <class S>
class ScheduleBox final : public Boxed<S, Schedule> {
 public:
  using Boxed<S, Schedule>::Boxed;
  double at(std::int64_t step, std::int64_t steps_per_epoch) const override {
    return this->plain.at(step, steps_per_epoch);
  }
};

template <class S>
requires requires(const S& s) { s.at(std::int64_t{}, std::int64_t{}); }
Schedule* Schedule::box(S schedule) { return new ScheduleBox<S>(std::move(schedule)); }

/// A learning rate: a number, or a schedule.
class Rate : public Any<Schedule> {
 public:
  using Any::Any;
  Rate(double lr) : Rate(fixed(lr)) {}

  double at(std::int64_t step, std::int64_t steps_per_epoch = 0) const {
    return (*this)->at(step, steps_per_epoch);
  }

 private:
  static Rate fixed(double lr);
};

/// The same all the time.
struct Constant {
  static constexpr Info kInfo{.name = "constant", .doc = "The same learning rate all the time."};
  double lr = 0.01;
  void fields(Fields& f);
  double at(std::int64_t step, std::int64_t steps_per_epoch) const;
};

/// lr factor^n after n times `every`.
struct StepDecay {
  static constexpr Info kInfo{.name = "step", .doc = "Multiplied by a factor every so many steps or epochs."};
  double lr = 0.1, factor = 0.1;
  Duration every;  ///< none: 10 epochs
  void fields(Fields& f);
  double at(std::int64_t step, std::int64_t steps_per_epoch) const;
};

/// From lr to `end` along half a cosine   (Loshchilov and Hutter 2017), then `end`.
struct Cosine {
  static constexpr Info kInfo{.name = "cosine", .doc = "Falls along half a cosine."};
  double lr = 0.1;
  Duration length;
  double end = 0;
  void fields(Fields& f);
  double at(std::int64_t step, std::int64_t steps_per_epoch) const;
};

/// Rises in a straight line to what `then` is, which counts its steps from the start of the training.
struct WarmUp {
  static constexpr Info kInfo{.name = "warm_up", .doc = "Rises in a straight line to another schedule."};
  Duration length;
  Rate then;
  void fields(Fields& f);
  double at(std::int64_t step, std::int64_t steps_per_epoch) const;
};

/// lr factor^n after n of the milestones, which are counted in steps or in epochs.
struct MultiStep {
  static constexpr Info kInfo{.name = "multi_step", .doc = "Multiplied by a factor at each of some times."};
  double lr = 0.1, factor = 0.1;
  std::vector<double> epochs = {};
  std::vector<std::int64_t> steps = {};
  void fields(Fields& f);
  double at(std::int64_t step, std::int64_t steps_per_epoch) const;
};

/// lr factor^(t / every), without jumps.
struct Exponential {
  static constexpr Info kInfo{.name = "exponential",
                              .doc = "Falls by a factor every so often, without jumps."};
  double lr = 0.1, factor = 0.9;
  Duration every;  ///< none: an epoch
  void fields(Fields& f);
  double at(std::int64_t step, std::int64_t steps_per_epoch) const;
};

/// lr / (1 + decay t / every).
struct InverseTime {
  static constexpr Info kInfo{.name = "inverse_time", .doc = "lr / (1 + decay t)."};
  double lr = 0.1, decay = 1;
  Duration every;  ///< none: an epoch
  void fields(Fields& f);
  double at(std::int64_t step, std::int64_t steps_per_epoch) const;
};

/// end + (lr - end) (1 - t / length)^power, then `end`. With power 1 a straight line.
struct Polynomial {
  static constexpr Info kInfo{.name = "polynomial", .doc = "Falls along a power of the time that is left."};
  double lr = 0.1;
  Duration length;
  double power = 1, end = 0;
  void fields(Fields& f);
  double at(std::int64_t step, std::int64_t steps_per_epoch) const;
};

/// Half cosines one after the other, each `growth` times as long as the one before and beginning at lr again
/// (SGDR; Loshchilov and Hutter 2017, equation 5).
struct CosineRestarts {
  static constexpr Info kInfo{.name = "cosine_restarts",
                              .doc = "Falls along half a cosine, again and again."};
  double lr = 0.1;
  Duration length;  ///< of the first
  double growth = 1, end = 0;
  void fields(Fields& f);
  double at(std::int64_t step, std::int64_t steps_per_epoch) const;
};

/// Rises along half a cosine from lr / 25 to lr, then falls along another to lr / 250,000, and stays   (Smith
/// and Topin 2018, with the shape and the shares that are usual since).
struct OneCycle {
  static constexpr Info kInfo{.name = "one_cycle", .doc = "Rises to the rate and falls to almost nothing."};
  double lr = 0.1;  ///< the highest
  Duration length;
  double rise = 0.3, start_share = 1.0 / 25, end_share = 1.0 / 250000;
  void fields(Fields& f);
  double at(std::int64_t step, std::int64_t steps_per_epoch) const;
};

/// @name The schedules as functions: `cosine(0.1, epochs(5))`.
/// @{
Rate step_decay(double lr, double factor, Duration every);
Rate cosine(double lr, Duration length, double end = 0);
Rate warm_up(Duration length, Rate then);
Rate multi_step(double lr, double factor, std::vector<double> epochs);
Rate exponential(double lr, double factor, Duration every = {});
Rate inverse_time(double lr, double decay, Duration every = {});
Rate polynomial(double lr, Duration length, double power = 1, double end = 0);
Rate cosine_restarts(double lr, Duration length, double growth = 1, double end = 0);
Rate one_cycle(double lr, Duration length);
/// @}

}  // namespace chainrule::optim

namespace chainrule {
template <>
Registry& registry<optim::Schedule>();
}  // namespace chainrule
