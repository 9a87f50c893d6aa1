#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "chainrule/dtype.h"
#include "chainrule/nn/parameter.h"
#include "chainrule/random_tensor.h"
#include "chainrule/tensor.h"

namespace chainrule::nn {

/// What first values depend on, beside each parameter's path.
struct InitOptions {
  std::uint64_t seed = 1;
  /// Of parameters; the dtype of the first input where that is floating, f32 where it is not, if `follow` is
  /// set.
  DType dtype = f32;
  bool follow = true;
  bool zeros = false;  ///< no numbers are drawn: they come from a file
};

class Inputs;
class Layer;
class Ports;

/// Hears what runs in a pass, inner layers before those that hold them.
class Observer {
 public:
  virtual ~Observer() = default;
  /// @param path  null for a layer that stands alone.
  virtual void ran(const Layer& layer, const std::string* path, const Inputs& inputs,
                   const Ports& outputs) = 0;
};

/// One pass forward through a net. It belongs to the caller: it says whether it trains, gives random keys,
/// and collects what layers want to keep (running statistics). A pass that is dropped has changed nothing;
/// optim::Optimizer::step stores what it collected.
class Pass {
 public:
  /// Dropout does nothing, batch norm uses its running statistics.
  static Pass inference() { return Pass(false, 0, 0); }
  /// @param step  of the training; with the seed it decides what is random, so that resuming needs a counter
  /// only.
  static Pass training(std::uint64_t seed, std::int64_t step) {
    return Pass(true, seed, static_cast<std::uint64_t>(step));
  }

  bool is_training() const { return is_training_; }
  /// A key unrelated to all others of this pass: of the seed, the path of the layer that is running, the
  /// step, and how often that layer has asked in this pass. Its numbers are a leaf of the graph.
  RandomKey key();
  /// Keeps `next`, graph, as the state's new value, if the pass comes to be stored: the last one set.
  void set(const State& state, Tensor next);
  /// What was set, or else what the state holds: where a layer that runs twice in a pass goes on.
  Tensor value(const State& state) const;

  struct Update {
    State state;
    Tensor next;
  };
  std::vector<Update>& updates() { return updates_; }
  /// Computes and stores what was collected.
  void store();

  /// How layers that run for the first time make their parameters.
  InitOptions init;
  /// Not owned; null if nobody listens.
  Observer* observer = nullptr;

 private:
  friend class Layer;
  Pass(bool is_training, std::uint64_t seed, std::uint64_t step)
      : is_training_(is_training), seed_(seed), step_(step) {}

  struct Asked {
    const std::string* path;
    std::uint64_t times;
  };
  bool is_training_;
  std::uint64_t seed_, step_;
  std::vector<Asked> asked_;
  const Layer* running_ = nullptr;  // the innermost layer that runs
  std::vector<Update> updates_;
};

}  // namespace chainrule::nn
