// Handlers that measure and tell.
#include "chainrule/train/handlers.h"

#include <iostream>

#include "chainrule/error.h"

namespace chainrule::train {
namespace {

class Evaluate final : public Handler {
 public:
  Evaluate(data::Source source, EvaluateOptions options)
      : source_(std::move(source)), options_(std::move(options)) {
    if (source_.rows() == 0) throw ValueError(81, "[evaluate] the source has no rows; need at least one.");
  }
  bool measures() const override { return true; }
  void call(Trainer& trainer) override {
    for (Measure& measure :
         train::measure(trainer.task(), source_, options_.batch_size, trainer.options().team)) {
      measure.name = options_.name + "." + measure.name;
      trainer.record(std::move(measure));
    }
  }

 private:
  data::Source source_;
  EvaluateOptions options_;
};

class Print final : public Handler {
 public:
  explicit Print(std::ostream& out) : out_(out) {}
  bool measures() const override { return true; }
  void call(Trainer&) override {}
  void reported(Trainer& trainer, const Report& report) override {
    if (trainer.writes()) out_ << report << std::endl;
  }

 private:
  std::ostream& out_;
};

}  // namespace

Shared<Handler> evaluate(data::Source source, EvaluateOptions options) {
  return Shared<Handler>(new Evaluate(std::move(source), std::move(options)));
}

Shared<Handler> report() { return report(std::cout); }
Shared<Handler> report(std::ostream& out) { return Shared<Handler>(new Print(out)); }

}  // namespace chainrule::train
