// A learning rate that falls when results have stopped getting better.
#include <algorithm>
#include <limits>
#include <utility>

#include "chainrule/error.h"
#include "chainrule/ops.h"
#include "core/text.h"
#include "train/best.h"

namespace chainrule::train {
namespace {

class ReduceOnPlateau final : public Handler {
 public:
  explicit ReduceOnPlateau(PlateauOptions options)
      : options_(std::move(options)), best_(options_.metric, options_.mode, options_.min_delta) {
    if (options_.patience >= 1 && options_.min_delta >= 0 && options_.factor >= 0 && options_.factor < 1 &&
        options_.smallest >= 0) {
      return;
    }
    throw ValueError(
        301, cat("[reduce_on_plateau] patience ", options_.patience, ", min_delta ", options_.min_delta,
                 ", factor ", options_.factor, ", smallest ", options_.smallest,
                 "; need a patience of at least 1, a factor from 0 to less than 1, and the others "
                 "at least 0."));
  }
  bool remembers() const override { return true; }
  void begin(Trainer& trainer) override {
    optimizer_ = &trainer.optimizer();
    if (std::exchange(is_restored_, false)) optimizer_->set_lr_scale(scale_);
  }
  void call(Trainer& trainer) override { best_.find(trainer); }  // says if nobody measures it
  void reported(Trainer& trainer, const Report& report) override {
    const double* value = report.find(options_.metric);
    if (value == nullptr) return;
    ++since_;
    if (best_.is_better(best_.is_larger_better(trainer.task()), *value, value_)) value_ = *value, since_ = 0;
    if (since_ < options_.patience) return;
    since_ = 0;
    const double scale = optimizer_->lr_scale();
    optimizer_->set_lr_scale(std::max(scale * options_.factor, std::min(scale, options_.smallest)));
  }
  void end(Trainer& trainer) override {
    scale_ = trainer.optimizer().lr_scale();
    optimizer_ = nullptr;
  }

  NamedTensors state() const override {
    const double scale = optimizer_ != nullptr ? optimizer_->lr_scale() : scale_;
    NamedTensors all;
    all.add("plateau", tensor({scale, value_, static_cast<double>(since_)}, f64));
    return all;
  }
  void restore(const NamedTensors& state) override {
    const std::vector<double> numbers = state["plateau"].to_vector();
    scale_ = numbers.at(0), value_ = numbers.at(1), since_ = static_cast<std::int64_t>(numbers.at(2));
    is_restored_ = true;
  }

 private:
  PlateauOptions options_;
  BestOf best_;
  optim::Optimizer* optimizer_ = nullptr;  // of the run; somebody else may set its scale, too
  double scale_ = 1;                       // of its rate, between runs
  bool is_restored_ = false;
  double value_ = std::numeric_limits<double>::quiet_NaN();  // the best so far
  std::int64_t since_ = 0;                                   // reports after it, or after the last fall
};

}  // namespace

Shared<Handler> reduce_on_plateau(PlateauOptions options) {
  return Shared<Handler>(new ReduceOnPlateau(std::move(options)));
}

}  // namespace chainrule::train
