// Which report was best by a metric, and what hangs on it: stopping early, keeping the best weights.
#include "train/best.h"

#include <algorithm>
#include <cmath>

#include "chainrule/config.h"
#include "chainrule/error.h"
#include "core/text.h"
#include "train/weights_of.h"

namespace chainrule::train {

bool BestOf::is_larger_better(const Task& task) const {
  if (mode_ != Best::automatic) return mode_ == Best::largest;
  const std::string name = metric_.substr(metric_.rfind('.') + 1);  // all of it without a dot
  if (name == metric::Loss::kInfo.name) return false;
  for (const metric::AnyMetric& metric : task.metrics()) {
    if (config::describe(*metric) == name) return metric->larger_is_better();
  }
  throw ValueError(308, cat("[train] is a \"", metric_,
                            "\" better if it is large, or small? Say .mode = Best::largest "
                            "or Best::smallest."));
}

bool BestOf::is_better(bool larger_is_better, double value, double best) const {
  const double gain = larger_is_better ? value - best : best - value;
  return !std::isnan(value) && (std::isnan(best) || gain > min_delta_);
}

BestOf::Found BestOf::find(const Trainer& trainer) const {
  const History& history = trainer.history();
  const auto has_it = [this](const Report& report) { return report.find(metric_) != nullptr; };
  if (!history.empty() && trainer.has_measured() && std::none_of(history.begin(), history.end(), has_it))
    static_cast<void>(history.back()[metric_]);  // throws
  const bool larger_is_better = is_larger_better(trainer.task());
  Found found;
  for (std::size_t i = 0; i < history.size(); ++i) {
    const double* value = history[i].find(metric_);
    if (value == nullptr) continue;
    ++found.since;
    if (is_better(larger_is_better, *value, found.value)) found = {static_cast<std::int64_t>(i), 0, *value};
  }
  return found;
}

namespace {

class EarlyStopping final : public Handler {
 public:
  explicit EarlyStopping(EarlyStoppingOptions options)
      : options_(std::move(options)), best_(options_.metric, options_.mode, options_.min_delta) {
    if (options_.patience >= 1 && options_.min_delta >= 0) return;
    throw ValueError(301,
                     cat("[early_stopping] patience ", options_.patience, ", min_delta ", options_.min_delta,
                         "; need a patience of at least 1 and a min_delta of at least 0."));
  }
  bool remembers() const override { return true; }
  void begin(Trainer& trainer) override {
    if (!std::exchange(has_begun_, true)) check(trainer);  // a run that is resumed may have been over
  }
  void call(Trainer& trainer) override { best_.find(trainer); }  // says if nobody measures it
  void reported(Trainer& trainer, const Report& report) override {
    if (report.find(options_.metric) != nullptr) check(trainer);
  }

 private:
  void check(Trainer& trainer) {
    const BestOf::Found found = best_.find(trainer);
    if (found.since < options_.patience) return;
    std::string best;
    if (found.best >= 0) {
      best = cat(" than ", found.value, " after step ",
                 trainer.history()[static_cast<std::size_t>(found.best)].step);
    }
    trainer.stop(cat(options_.metric, " not better", best, " for ", found.since, " reports"));
  }

  EarlyStoppingOptions options_;
  BestOf best_;
  bool has_begun_ = false;
};

class KeepBest final : public Handler {
 public:
  KeepBest(std::string metric, Best mode) : best_(std::move(metric), mode) {}

  bool remembers() const override { return true; }
  void call(Trainer& trainer) override { best_.find(trainer); }  // says if nobody measures it
  void begin(Trainer& trainer) override {
    put_weights(trainer.net(), last_);
    last_ = {};
  }
  void reported(Trainer& trainer, const Report& report) override {
    if (report.find(best_.metric()) == nullptr) return;
    if (best_.find(trainer).best + 1 == static_cast<std::int64_t>(trainer.history().size()))
      kept_ = take_weights(trainer.net());
  }
  void end(Trainer& trainer) override {
    if (kept_.empty()) return;
    last_ = take_weights(trainer.net());
    put_weights(trainer.net(), kept_);
  }

  NamedTensors state() const override { return kept_; }
  void restore(const NamedTensors& state) override { kept_ = state; }

 private:
  BestOf best_;
  NamedTensors kept_, last_;
};

}  // namespace

Shared<Handler> early_stopping(EarlyStoppingOptions options) {
  return Shared<Handler>(new EarlyStopping(std::move(options)));
}

Shared<Handler> keep_best(std::string metric, Best mode) {
  return Shared<Handler>(new KeepBest(std::move(metric), mode));
}

}  // namespace chainrule::train
