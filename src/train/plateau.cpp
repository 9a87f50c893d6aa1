// A learning rate that falls when results have stopped getting better.
#include <algorithm>
#include <limits>

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
  void begin(Trainer& trainer) override {
    if (scale_ < 0) scale_ = trainer.optimizer().lr_scale();
    trainer.optimizer().set_lr_scale(scale_);
  }
  void call(Trainer& trainer) override { best_.find(trainer); }  // says if nobody measures it
  void reported(Trainer& trainer, const Report& report) override {
    const double* value = report.find(options_.metric);
    if (value == nullptr) return;
    ++since_;
    if (best_.is_better(best_.is_larger_better(trainer.task()), *value, value_)) value_ = *value, since_ = 0;
    if (since_ < options_.patience) return;
    since_ = 0;
    scale_ = std::max(scale_ * options_.factor, std::min(scale_, options_.smallest));
    trainer.optimizer().set_lr_scale(scale_);
  }

  NamedTensors state() const override {
    NamedTensors all;
    all.add("plateau", tensor({scale_, value_, static_cast<double>(since_)}, f64));
    return all;
  }
  void restore(const NamedTensors& state) override {
    const std::vector<double> numbers = state["plateau"].to_vector();
    scale_ = numbers.at(0), value_ = numbers.at(1), since_ = static_cast<std::int64_t>(numbers.at(2));
  }

 private:
  PlateauOptions options_;
  BestOf best_;
  double scale_ = -1;  // of the optimizer's rate; negative before the first run
  double value_ = std::numeric_limits<double>::quiet_NaN();  // the best so far
  std::int64_t since_ = 0;                                   // reports after it, or after the last fall
};

}  // namespace

Shared<Handler> reduce_on_plateau(PlateauOptions options) {
  return Shared<Handler>(new ReduceOnPlateau(std::move(options)));
}

}  // namespace chainrule::train
