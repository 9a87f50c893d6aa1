#pragma once

#include "chainrule/nn/layer.h"

namespace chainrule::nn {

/// How the answers of several nets become one.
enum class Voting : std::uint8_t {
  mean,           ///< of their outputs
  probabilities,  ///< logarithm of the mean of their softmaxes over the last axis: log-probabilities
  vote,           ///< share of the nets whose largest output on the last axis is there; has no derivative
};

/// Several nets on one input, whose answers are put together: with nets that were trained from different
/// seeds it errs less than each of them. Saved and loaded as any net.
///
///     nn::Ensemble all(nn::Voting::probabilities);
///     for (const auto& net : trained) all.add(net);
struct Ensemble : LayerOf<Ensemble> {
  static constexpr Info kInfo{.name = "ensemble", .doc = "What several nets say of one input, put together."};
  std::vector<Shared<Layer>> nets;  ///< all give one shape
  Voting voting = Voting::mean;

  Ensemble() = default;
  explicit Ensemble(Voting how);
  /// Appends a net and returns the one that is now inside, which shares its parameters.
  template <std::derived_from<Layer> L>
  L& add(L net) {
    L* inside = new L(std::move(net));
    add(Shared<Layer>(inside));
    return *inside;
  }
  void add(Shared<Layer> net);

  void fields(Fields& f);
  void members(Members& m);
  void init(Init& init);
  /// @throws ValueError  if there are no nets (E244).
  Tensor compute(const Tensor& x, Pass& pass) const;

 private:
  void check() const;
};

}  // namespace chainrule::nn
