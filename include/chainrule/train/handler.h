#pragma once

#include <concepts>
#include <cstdint>
#include <utility>

#include "chainrule/named_tensors.h"
#include "chainrule/shared.h"
#include "chainrule/train/history.h"

namespace chainrule::train {

class Trainer;

/// Where the training stands.
struct State {
  std::int64_t step = 0;           ///< steps done
  double epoch = 0;                ///< the same in epochs
  double loss = 0;                 ///< of the last batch
  const Report* report = nullptr;  ///< the last one, or null
};

/// What happens in a training beside its steps: hung on a Trainer with `on`.
class Handler : public Counted {
 public:
  /// Every so many steps or epochs.
  virtual void call(Trainer& trainer) = 0;
  /// Whether `call` records numbers of a report, so that there is one at these steps. Such handlers are
  /// called before others, and at the end of the run.
  virtual bool measures() const { return false; }
  /// Whether it is called before those that measure, as what changes the weights that are measured. One that
  /// measures itself is called with those.
  virtual bool comes_first() const { return false; }
  /// Whether what it keeps is of one training, so that another trainer refuses it (E322).
  virtual bool remembers() const { return false; }
  /// @name Of a run. Handlers begin in the opposite of the order in which they end, which is that in which
  /// they were hung up.
  /// @{
  virtual void begin(Trainer&) {}
  virtual void reported(Trainer&, const Report&) {}  ///< after each report
  virtual void ending(Trainer&) {}                   ///< before the last report
  virtual void end(Trainer&) {}                      ///< also of one that failed
  /// @}
  /// @name Around all that measures at a step, and the report: to have other weights measured. After it
  /// handlers are called in the opposite order.
  /// @{
  virtual void before_measuring(Trainer&) {}
  virtual void after_measuring(Trainer&) {}
  /// @}

  /// What a run that is resumed needs of it, or one that goes back to its last report since its weights were
  /// not finite any more. `restore` is given what `state` gave, which may be nothing.
  virtual NamedTensors state() const { return {}; }
  virtual void restore(const NamedTensors&) {}

 private:
  friend class Trainer;
  std::uint64_t training_ = 0;  // the number of the trainer that it hangs on, if it remembers
};

/// Any function of (Trainer&), of (const State&), or of nothing, as a handler.
template <class F>
class HandlerOf final : public Handler {
 public:
  explicit HandlerOf(F function) : function_(std::move(function)) {}
  void call(Trainer& trainer) override;

 private:
  F function_;
};

template <class F>
concept HandlerFunction =
    std::invocable<F&, Trainer&> || std::invocable<F&, const State&> || std::invocable<F&>;

}  // namespace chainrule::train
