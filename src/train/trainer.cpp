// The training loop.
#include "chainrule/train/trainer.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <limits>
#include <ostream>

#include "chainrule/error.h"
#include "chainrule/io.h"
#include "core/text.h"
#include "kernels/simd/dispatch.h"
#include "train/configuration.h"
#include "train/sharded.h"
#include "train/source_row.h"
#include "train/step_of.h"

namespace chainrule::train {
namespace {

constexpr std::int64_t kStepsBetweenChecks = 100;  // of the ranks' parameters

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::uint64_t next_number() {
  static std::atomic<std::uint64_t> last = 0;
  return ++last;
}

/// Sets a flag while it exists.
class While {
 public:
  explicit While(bool& flag) : flag_(flag) { flag_ = true; }
  ~While() { flag_ = false; }
  While(const While&) = delete;
  While& operator=(const While&) = delete;

 private:
  bool& flag_;
};

/// What fails now would hide what failed first.
template <class F>
void quietly(F call) noexcept {
  try {
    call();
  } catch (...) {
  }
}

}  // namespace

Trainer::Trainer(Task task, optim::Optimizer& optimizer, data::Loader loader, Options options)
    : number_(next_number()),
      task_(std::move(task)),
      optimizer_(&optimizer),
      loader_(std::move(loader)),
      options_(options) {
  optimizer_->set_steps_per_epoch(steps_per_epoch());
  if (options_.shards < 1)
    throw ValueError(600, cat("[train] ", options_.shards, " shards; need at least 1."));
  if (options_.shards > 1 || (options_.team != nullptr && options_.team->size() > 1))
    sharded_ = Shared<Counted>(new ShardedStep(options_, loader_));
}

Trainer& Trainer::on(Duration every, Shared<Handler> handler) {
  if (is_running_)
    throw ValueError(302, "[train] on inside a handler of this trainer. Hang handlers up before the run.");
  if (!handler)
    throw ValueError(313, "[train] an empty handle is no handler. Give one, such as train::report().");
  const std::int64_t interval = every.in_steps(steps_per_epoch());
  if (interval < 1) {
    throw ValueError(301, cat("[train] a handler every ", every.epochs, " epochs and ", every.steps,
                              " steps, which is ", interval, " steps; need at least 1."));
  }
  if (handler->remembers()) {
    if (handler->training_ != 0 && handler->training_ != number_) {
      throw ValueError(322,
                       "[train] the handler hangs on another trainer, and remembers its training. Make one "
                       "for each: of fit, fill FitOptions::on anew.");
    }
    handler->training_ = number_;
  }
  any_measures_ |= handler->measures();
  hooks_.push_back({interval, std::move(handler)});
  return *this;
}

void Trainer::build() {
  if (net().is_built()) return;
  first_of_ = step_;
  first_ = loader_.at(step_);
  nn::Pass pass = nn::Pass::training(options_.seed, step_);
  pass.init.seed = options_.seed;
  task_.outcome(first_, pass);  // the graph is dropped
}

double Trainer::take_step(const data::Batch& batch) {
  nn::Pass pass = nn::Pass::training(options_.seed, step_);
  pass.init.seed = options_.seed;
  try {
    return step_of(task_, *optimizer_, batch, pass);
  } catch (const ValueError& error) {
    if (error.code() == 22) {
      throw with_row(error, batch, [this](std::int64_t row) {
        return loader_.source().name_of_row(loader_.rows(step_).at(static_cast<std::size_t>(row)));
      });
    }
    if (error.code() != 80) throw;
    throw ValueError(80, recover(error.what(), batch, 0));
  }
}

double Trainer::take_sharded_step(const data::Batch& batch) {
  auto& sharded = static_cast<ShardedStep&>(*sharded_);
  try {
    const ShardedStep::Done done = sharded.run(*this, batch, is_interrupted_);
    if (done.is_interrupted) stop("interrupted");
    return done.loss;
  } catch (const ValueError& error) {
    if (error.code() != 80) throw;
    throw ValueError(80, recover(error.what(), sharded.bad, sharded.bad_row));
  }
}

/// Before a run, and now and then: whether all ranks have the same parameters, and at first, settings.
void Trainer::check_ranks() {
  if (!sharded_ || options_.team == nullptr) return;
  std::int64_t& checked_at = static_cast<ShardedStep&>(*sharded_).checked_at;
  const bool is_first = checked_at < 0;
  if (checked_at == step_) return;
  checked_at = step_;
  io::Fnv1a hash;
  for (const auto& [name, parameter] : net().parameters()) hash.add(parameter.value());
  constexpr std::int64_t kMostNumbers = std::int64_t{1} << 28;
  const std::string program =
      is_first ? cat(configuration(), rows_table(loader_, kMostNumbers), "\n[program]\nmultiply_add = \"",
                     kernels::fuses_multiply_add() ? "fused" : "apart", "\"\n")
               : std::string();
  require_same(*options_.team, cat(program, "\n[state]\nstep = ", step_, "\nplanned = ", planned_,
                                   "\nparameters = \"", hash.hex(), "\"\n"));
}

double Trainer::step() {
  if (sharded_) build();
  const data::Batch batch = first_of_ == step_ ? std::exchange(first_, {}) : loader_.at(step_);
  first_of_ = -1;
  last_loss_ = sharded_ ? take_sharded_step(batch) : take_step(batch);
  loss_sum_ += last_loss_;
  ++loss_count_;
  ++step_;
  if (!is_running_) planned_ = std::max(planned_, step_);
  return last_loss_;
}

Result Trainer::run(Duration length) {
  if (is_running_)
    throw ValueError(302, "[train] run inside a handler of this trainer. Let the run end first.");
  const std::int64_t steps = length.in_steps(steps_per_epoch());
  if (steps < 1) throw ValueError(82, cat("[train] ", steps, " steps; need at least 1."));
  const While running(is_running_);
  planned_ += std::min(steps, std::numeric_limits<std::int64_t>::max() - planned_);
  build();
  const std::int64_t from = step_;
  const double seconds_before = seconds_;
  try {
    begin();
    start_clock();
    while (step_ < planned_ && !is_stopped_) {
      step();
      if (step_ % kStepsBetweenChecks == 0) check_ranks();
      fire();
    }
    stop_clock();
    return finish(from, seconds_before);
  } catch (...) {
    planned_ = step_;
    is_stopped_ = is_interrupted_ = false;
    loss_count_ = 0, loss_sum_ = 0;
    recorded_.clear();
    end_after_failure();
    throw;
  }
}

void Trainer::end_after_failure() {
  for (Hook& hook : hooks_) quietly([&] { hook.handler->end(*this); });
}

void Trainer::begin() {
  if (sharded_) static_cast<ShardedStep&>(*sharded_).checked_at = -1;
  check_ranks();
  take_up();
  for (std::size_t i = hooks_.size(); i-- > 0;) hooks_[i].handler->begin(*this);  // undoes what ends did
  take_snapshot();
}

/// Meanwhile the net has the weights that are to be measured. They are put back in the opposite order.
template <class F>
void Trainer::with_measured_weights(F calls) {
  std::size_t changed = 0;
  try {
    for (; changed < hooks_.size(); ++changed) hooks_[changed].handler->before_measuring(*this);
    calls();
  } catch (...) {
    while (changed-- > 0) quietly([&] { hooks_[changed].handler->after_measuring(*this); });
    throw;
  }
  while (changed-- > 0) hooks_[changed].handler->after_measuring(*this);
}

/// What is due after a step: what comes first, what measures, then the report, then the rest.
void Trainer::fire() {
  bool reports = !any_measures_ && step_ % steps_per_epoch() == 0, is_due = reports;
  for (const Hook& hook : hooks_) {
    if (step_ % hook.every != 0) continue;
    is_due = true;
    reports |= hook.handler->measures();
  }
  if (!is_due) return;
  stop_clock();
  const auto call_those = [this](bool measures, bool come_first) {
    for (Hook& hook : hooks_) {
      if (step_ % hook.every != 0 || hook.handler->measures() != measures) continue;
      if (measures || hook.handler->comes_first() == come_first) call(hook);
    }
  };
  call_those(false, true);
  if (reports) {
    with_measured_weights([&] {
      call_those(true, false);
      report();
    });
    take_snapshot();
  }
  call_those(false, false);
  start_clock();
}

void Trainer::call(Hook& hook) {
  hook.called_at = step_;
  hook.handler->call(*this);
}

void Trainer::report() {
  Report made{.step = step_,
              .epoch = state().epoch,
              .lr = optimizer_->lr(std::max<std::int64_t>(0, optimizer_->steps() - 1)),
              .loss = std::numeric_limits<double>::quiet_NaN(),
              .seconds = seconds_,
              .metrics = std::move(recorded_)};
  if (loss_count_ > 0) {
    made.loss = loss_sum_ / static_cast<double>(loss_count_);
  } else if (!history_.empty()) {
    made.loss = history_.back().loss;
  }
  recorded_.clear();
  loss_sum_ = 0, loss_count_ = 0;
  for (auto it = made.metrics.begin(); it != made.metrics.end(); ++it) {
    const auto is_it = [&](const Measure& other) { return other.name == it->name; };
    if (std::none_of(made.metrics.begin(), it, is_it)) continue;
    throw ValueError(312, cat("[train] \"", it->name,
                              "\" is measured twice in one report. Give one of them another "
                              "name: evaluate(source, {.name = \"validation\"})."));
  }
  history_.push_back(std::move(made));
  for (Hook& hook : hooks_) hook.handler->reported(*this, history_.back());
}

Result Trainer::finish(std::int64_t from, double seconds_before) {
  if (is_stopped_) planned_ = step_;
  for (Hook& hook : hooks_) hook.handler->ending(*this);
  if (step_ <= planned_) {  // or this run was over before the one that is resumed
    with_measured_weights([this] {
      for (Hook& hook : hooks_) {
        if (hook.called_at != step_ && hook.handler->measures()) call(hook);
      }
      if (loss_count_ > 0 || !recorded_.empty()) report();
    });
  }
  take_snapshot();
  for (Hook& hook : hooks_) hook.handler->end(*this);
  Result result{.steps = step_ - from,
                .seconds = seconds_ - seconds_before,
                .last = history_.empty() ? Report{.step = step_} : history_.back(),
                .reason = is_stopped_ ? stop_reason_ : "all steps done",
                .stopped = is_stopped_};
  is_stopped_ = is_interrupted_ = false;
  return result;
}

void Trainer::stop(std::string reason) {
  if (is_stopped_) return;
  is_stopped_ = true;
  stop_reason_ = std::move(reason);
}

void Trainer::interrupt() {
  if (options_.team == nullptr || options_.team->size() == 1) return stop("interrupted");
  is_interrupted_ = true;
}

bool Trainer::has_measured() const {
  return std::none_of(hooks_.begin(), hooks_.end(),
                      [](const Hook& hook) { return hook.handler->measures() && hook.called_at < 0; });
}

void Trainer::record(Measure measure) { recorded_.push_back(std::move(measure)); }

State Trainer::state() const {
  return {.step = step_,
          .epoch = static_cast<double>(step_) / static_cast<double>(steps_per_epoch()),
          .loss = last_loss_,
          .report = history_.empty() ? nullptr : &history_.back()};
}

void Trainer::start_clock() { clock_started_ = now(); }
void Trainer::stop_clock() { seconds_ += now() - clock_started_; }

std::ostream& operator<<(std::ostream& out, const Result& result) {
  out << result.steps << " steps in " << result.seconds << " s, " << result.reason << ": loss "
      << result.last.loss;
  for (const Measure& measure : result.last.metrics) out << ", " << measure.name << " " << measure.value;
  return out;
}

}  // namespace chainrule::train
