#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "chainrule/nn/layer.h"

// Layers that read a sequence x (N, T, features) step by step: y (N, T, hidden), what each step says, and h,
// the state after the last one. All have these inputs, which may be left out:
//
//     h, c      the states before the first step, (N, layers, hidden), with two directions (N, 2 layers,
//               hidden): of layer 1 forwards, layer 1 backwards, layer 2 forwards, ...; zeros
//     lengths   (N), i64 or u8: how many of its T steps each sequence has. What is beyond has no influence,
//               y is 0 there, and h and c are those after the last real step. More than T is T.
//
//     const nn::Ports said = nn::Lstm(128).predict_all({x});   // said[0] is y, said[1] h, said[2] c
//
// Weights and biases are those of PyTorch, transposed: weight_x1 (features, gates * hidden) is weight_ih_l0',
// weight_h1 is weight_hh_l0', bias_x1 and bias_h1 the two biases, and those of the second direction begin
// with "back_". The order of the gates is i, f, g, o in an LSTM and r, z, n in a GRU. First values of weights
// have the deviation 1 / sqrt(inputs), as in "Deep Learning from Scratch 2"; biases start at 0, but for
// forget gates.
//
// A cell for one step is the layer itself, called with T = 1 and the state of the step before.
namespace chainrule::nn {

enum class CellKind : std::uint8_t;
struct Loop;

struct RecurrentOptions {
  std::int64_t layers = 1;     ///< one over another: each reads what the one below says
  bool bidirectional = false;  ///< a second loop from the last step to the first; y is (N, T, 2 hidden)
  double dropout = 0;          ///< in training, between layers
  bool bias = true;
  bool last = false;  ///< y is what the last step says alone, (N, hidden): to tell what a sequence is
  AnyInitializer weight_init = Lecun{};
};

/// What the three have in common.
/// @throws ShapeError  unless x is (N, T, features) with a step (E440), or for a state or lengths of another
///     shape (E442).
/// @throws DTypeError  for lengths that are no whole numbers (E443).
class Recurrent : public Layer {
 public:
  static constexpr std::int64_t kMostLayers = 1000;

  std::int64_t hidden = 0;
  RecurrentOptions options;

  /// Parameters of one layer in one direction.
  struct Weights {
    Parameter x, h, bias_x, bias_h;
  };
  /// Layer by layer, direction by direction.
  const std::vector<Weights>& weights() const { return made(); }

  void members(Members& m);
  void init(Init& init);

 protected:
  Recurrent() = default;
  Recurrent(const Recurrent& other);
  Recurrent& operator=(const Recurrent& other);

  /// y and the states, (N, layers, parts of a state).
  Ports read(const Tensor& x, const Tensor& state, const Tensor& lengths, Pass& pass) const;
  /// A state that was given, checked, or an empty tensor.
  Tensor checked_state(const Tensor& state, const Tensor& x, std::string_view name) const;
  void shared_fields(Fields& f);
  std::int64_t directions() const { return options.bidirectional ? 2 : 1; }

  virtual CellKind cell() const = 0;
  virtual Tensor unroll(const Loop& loop) const;
  /// The first value of each gate's bias, where it is not 0.
  virtual double first_bias(std::int64_t) const { return 0; }

 private:
  std::vector<Weights>& made() const;
  void check_lengths(const Tensor& lengths, const Tensor& x) const;

  mutable std::vector<Weights> weights_;  // made on demand: settings may come later
};

/// h' = tanh(x W_x + b_x + h W_h + b_h), or relu of the same   (Elman 1990).
struct Rnn : LayerOf<Rnn, Recurrent> {
  static constexpr Info kInfo{.name = "rnn", .doc = "A recurrent layer: h = tanh(x W_x + h W_h + b)."};
  static constexpr std::string_view kWhole = "lengths";
  static constexpr std::string_view kInputs = "x, h?, lengths?", kOutputs = "y, h";
  enum class Activation : std::uint8_t { tanh, relu };
  Activation activation = Activation::tanh;

  Rnn() = default;
  explicit Rnn(std::int64_t units, RecurrentOptions more = {}, Activation a = Activation::tanh);
  void fields(Fields& f);
  Ports compute(const Inputs& in, Pass& pass) const;

 protected:
  CellKind cell() const override;
};

/// c' = f c + i g, h' = o tanh(c') with gates i, f, o = sigmoid, g = tanh of sums as in Rnn, each with
/// weights of its own   (Hochreiter and Schmidhuber 1997; Gers et al. 2000).
struct Lstm : LayerOf<Lstm, Recurrent> {
  static constexpr Info kInfo{.name = "lstm",
                              .doc = "A recurrent layer that learns what to keep: long short-term memory."};
  static constexpr std::string_view kWhole = "lengths";
  static constexpr std::string_view kInputs = "x, h?, c?, lengths?", kOutputs = "y, h, c";
  /// Where the forget gates' bias starts: above 0 they keep at first (Jozefowicz et al. 2015). PyTorch's is
  /// 0.
  double forget_bias = 1;

  Lstm() = default;
  explicit Lstm(std::int64_t units, RecurrentOptions more = {}, double forget = 1);
  void fields(Fields& f);
  Ports compute(const Inputs& in, Pass& pass) const;

 protected:
  CellKind cell() const override;
  double first_bias(std::int64_t gate) const override { return gate == 1 ? forget_bias : 0; }
};

/// h' = (1 - z) n + z h with gates r, z = sigmoid of sums as in Rnn and n = tanh(x_n + r (h W_n + b_n)) (Cho
/// et al. 2014).
struct Gru : LayerOf<Gru, Recurrent> {
  static constexpr Info kInfo{.name = "gru", .doc = "A recurrent layer with gates that reset and update."};
  static constexpr std::string_view kWhole = "lengths";
  static constexpr std::string_view kInputs = "x, h?, lengths?", kOutputs = "y, h";
  /// Whether r is multiplied after the product, as PyTorch and cuDNN have it. Else n = tanh(x_n + (r h) W_n +
  /// b_n), as in the first paper, which takes several times as long.
  bool reset_after = true;

  Gru() = default;
  explicit Gru(std::int64_t units, RecurrentOptions more = {}, bool after = true);
  void fields(Fields& f);
  Ports compute(const Inputs& in, Pass& pass) const;

 protected:
  CellKind cell() const override;
  Tensor unroll(const Loop& loop) const override;
};

}  // namespace chainrule::nn
