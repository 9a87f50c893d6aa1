#pragma once

#include <span>
#include <vector>

#include "chainrule/nn/recurrent.h"
#include "nn/recurrence.h"

// Recurrent layers handed over whole, for formats that know such layers: from the graph of a loop nobody
// should have to find out what layer it was.
namespace chainrule::nn {

/// A layer of a recurrent net, in its one or two directions. T steps, N sequences, D directions, H units, G
/// gates.
struct WholeLayer {
  CellKind kind;
  bool reset_after = true;  ///< of a GRU
  Tensor x;                 ///< (T, N, features)
  struct Weights {
    Tensor x, h, bias_x, bias_h;  ///< (features, G H), (H, G H), (G H), (G H); the last two may be empty
  };
  std::vector<Weights> directions = {};  ///< forwards, backwards
  Tensor h = {}, c = {};                 ///< the states before, (D, N, H), or empty
  Tensor lengths = {};                   ///< (N), from 0 to T, or empty
};
/// What it says: y (T, D, N, H), which is 0 behind the end of a sequence, and the states after the last step,
/// (D, N, H); c of an LSTM only.
struct WholeSaid {
  Tensor y, h, c;
};

/// While one lives, recurrent layers that this thread calls hand over each layer with what was computed, and
/// say what comes back.
class WholeLayers {
 public:
  using Take = WholeSaid (*)(const WholeLayer& layer, const WholeSaid& computed);

  explicit WholeLayers(Take take);
  ~WholeLayers();
  WholeLayers(const WholeLayers&) = delete;
  WholeLayers& operator=(const WholeLayers&) = delete;

  /// Null if nobody asked.
  static Take taker();

 private:
  Take previous_;
};

/// Hands over the layers of a net, one after the other.
class Handover {
 public:
  /// @param x        (T, N, features)
  /// @param state    (N, layers times directions, H or 2 H), or empty
  /// @param lengths  (N), or empty
  Handover(const Recurrent& net, CellKind kind, const Tensor& x, const Tensor& state, const Tensor& lengths);

  /// The next layer: what each direction said, (T, N, H), and its last state.
  void add(std::span<const Tensor> said, std::span<const Tensor> last);
  /// y, h, and c of an LSTM.
  Ports said() const;

 private:
  Tensor start(const Tensor& state, std::int64_t part) const;

  const Recurrent& net_;
  WholeLayer layer_;  // the next one
  Tensor state_;
  std::vector<Tensor> h_, c_;
};

}  // namespace chainrule::nn
