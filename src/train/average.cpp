// Averages of the weights along a run.
#include "chainrule/error.h"
#include "chainrule/ops.h"
#include "chainrule/train/handlers.h"
#include "core/text.h"
#include "ops/internal.h"
#include "train/weights_of.h"

namespace chainrule::train {
namespace {

constexpr std::string_view kAverage = "average/", kCount = "count";

class AverageWeights final : public Handler {
 public:
  explicit AverageWeights(AverageOptions options) : options_(options) {
    if (options_.decay >= 0 && options_.decay < 1) return;
    throw ValueError(
        301, cat("[average_weights] decay ", options_.decay, "; need a number from 0 to less than 1."));
  }

  bool remembers() const override { return true; }
  bool comes_first() const override { return true; }
  void begin(Trainer& trainer) override {
    from_ = options_.from.in_steps(trainer.steps_per_epoch());
    swap_out(trainer);
  }
  void call(Trainer& trainer) override {
    if (trainer.steps_done() < from_) return;
    ++count_;
    const double share = count_ == 1          ? 1
                         : options_.decay > 0 ? 1 - options_.decay
                                              : 1 / static_cast<double>(count_);
    NamedTensors next;
    std::vector<Tensor> all;
    for (const auto& [name, value] : take_weights(trainer.net())) {
      const bool is_whole = share == 1 || !is_floating(value.dtype());
      next.add(name, is_whole ? value : approach(average_[name], scalar(share, value.dtype()), value));
      all.push_back(next[name]);
    }
    chainrule::evaluate(all);
    average_ = {};
    for (const auto& [name, value] : next) average_.add(name, detach(value));
  }
  void before_measuring(Trainer& trainer) override { swap_in(trainer); }
  void after_measuring(Trainer& trainer) override { swap_out(trainer); }
  void end(Trainer& trainer) override {
    swap_out(trainer);  // of a run that failed while it measured
    swap_in(trainer);
  }

  NamedTensors state() const override {
    NamedTensors all;
    all.add(kCount.data(), tensor({static_cast<double>(count_)}, i64));
    for (const auto& [name, value] : average_) all.add(cat(kAverage, name), value);
    return all;
  }
  void restore(const NamedTensors& state) override {
    count_ = state[kCount].to_vector<std::int64_t>().at(0);
    average_ = {};
    for (const auto& [name, value] : state) {
      if (name != kCount) average_.add(name.substr(kAverage.size()), value);
    }
  }

 private:
  void swap_in(Trainer& trainer) {
    if (count_ == 0) return;
    own_ = take_weights(trainer.net());
    put_weights(trainer.net(), average_);
  }
  void swap_out(Trainer& trainer) {
    put_weights(trainer.net(), own_);
    own_ = {};
  }

  AverageOptions options_;
  std::int64_t from_ = 0, count_ = 0;
  NamedTensors average_;
  NamedTensors own_;  // of the training, while the net has the average
};

}  // namespace

Shared<Handler> average_weights(AverageOptions options) {
  return Shared<Handler>(new AverageWeights(options));
}

}  // namespace chainrule::train
