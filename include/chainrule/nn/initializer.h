#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chainrule/boxed.h"
#include "chainrule/nn/pass.h"
#include "chainrule/nn/ports.h"
#include "chainrule/random_tensor.h"
#include "chainrule/shape.h"

namespace chainrule::nn {

/// How many numbers go into one of the outputs of a weight, and how many outputs one input reaches.
struct Fans {
  std::int64_t in = 1, out = 1;
};

/// How the first values of a parameter are drawn: a struct with a `kInfo`, `fields`, and
///
///     Tensor make(const Shape& shape, Fans fans, const RandomKey& key) const;   // f64, graph
///
/// All draw in f64, so that a net in f32 starts from the numbers of one in f64, rounded. Those there are
/// stand in src/nn/initializer_list.def.
class Initializer : public Configurable {
 public:
  virtual Tensor make(const Shape& shape, Fans fans, const RandomKey& key) const = 0;

  template <class I>
  requires requires(const I& i, const Shape& s, const RandomKey& k) { i.make(s, Fans{}, k); }
  static Initializer* box(I initializer);
};

template <class I>
class InitializerBox final : public Boxed<I, Initializer> {
 public:
  using Boxed<I, Initializer>::Boxed;
  Tensor make(const Shape& shape, Fans fans, const RandomKey& key) const override {
    return this->plain.make(shape, fans, key);
  }
};

template <class I>
requires requires(const I& i, const Shape& s, const RandomKey& k) { i.make(s, Fans{}, k); }
Initializer* Initializer::box(I initializer) { return new InitializerBox<I>(std::move(initializer)); }

using AnyInitializer = Any<Initializer>;

struct Zeros {
  static constexpr Info kInfo{.name = "zeros", .doc = "0 everywhere."};
  Tensor make(const Shape& shape, Fans, const RandomKey&) const;
};

struct Constant {
  static constexpr Info kInfo{.name = "constant", .doc = "One number everywhere."};
  double value = 0;
  void fields(Fields& f);
  Tensor make(const Shape& shape, Fans, const RandomKey&) const;
};

struct Normal {
  static constexpr Info kInfo{.name = "normal", .doc = "Normal with mean 0."};
  double deviation = 0.01;
  void fields(Fields& f);
  Tensor make(const Shape& shape, Fans, const RandomKey& key) const;
};

struct Uniform {
  static constexpr Info kInfo{.name = "uniform", .doc = "Uniform from low to high."};
  double low = -0.1, high = 0.1;
  void fields(Fields& f);
  Tensor make(const Shape& shape, Fans, const RandomKey& key) const;
};

/// Deviation gain sqrt(2 / (fan in + fan out))   (Glorot and Bengio 2010).
struct Xavier {
  static constexpr Info kInfo{.name = "xavier",
                              .doc = "Deviation gain sqrt(2 / (fan in + fan out)): for sigmoid and tanh."};
  double gain = 1;
  bool uniform = false;
  void fields(Fields& f);
  Tensor make(const Shape& shape, Fans fans, const RandomKey& key) const;
};

/// Deviation gain sqrt(2 / fan in)   (He et al. 2015).
struct He {
  static constexpr Info kInfo{.name = "he", .doc = "Deviation gain sqrt(2 / fan in): for relu."};
  double gain = 1;
  bool uniform = false;
  void fields(Fields& f);
  Tensor make(const Shape& shape, Fans fans, const RandomKey& key) const;
};

/// Deviation gain sqrt(1 / fan in)   (LeCun et al. 1998).
struct Lecun {
  static constexpr Info kInfo{.name = "lecun",
                              .doc = "Deviation gain sqrt(1 / fan in): for selu, and no activation."};
  double gain = 1;
  bool uniform = false;
  void fields(Fields& f);
  Tensor make(const Shape& shape, Fans fans, const RandomKey& key) const;
};

/// The first axis against all others: rows, or columns if there are more of those, of length `gain` at right
/// angles (Saxe et al. 2014).
struct Orthogonal {
  static constexpr Info kInfo{.name = "orthogonal", .doc = "Rows or columns at right angles, of one length."};
  double gain = 1;
  void fields(Fields& f);
  Tensor make(const Shape& shape, Fans, const RandomKey& key) const;
};

/// What a layer's `init` gets when it sees its first inputs: it tells their shapes, and fills parameters and
/// states. What a parameter starts from is a function of seed and path alone.
class Init {
 public:
  /// The shape of an input; that of the batch included.
  /// @throws ValueError  if that input was left out (E241).
  const Shape& shape(std::size_t input = 0) const;
  /// The size of an input's axis, after a check that the input has it: for "affine needs a batch (N, ...)".
  std::int64_t size(int axis, std::size_t input = 0) const;
  DType dtype() const { return dtype_; }
  /// Whether an input was given.
  bool has(std::size_t input) const { return !inputs_[input].is_empty(); }

  /// Gives a parameter its first value; one that has a value (that of a tied layer, say) keeps it if the
  /// shape is right.
  /// @param name  as `members` calls it.
  /// @throws ShapeError  if it has a value of another shape (E042).
  void operator()(std::string_view name, Parameter& parameter, const Shape& shape, const AnyInitializer& how,
                  Fans fans = {});
  /// A parameter or state that starts with one number everywhere.
  void operator()(std::string_view name, Variable& variable, const Shape& shape, double value);

  /// For the library. @param kind  of the layer; @param path  of it, or null for one that stands alone.
  Init(std::string_view kind, const Inputs& inputs, const InitOptions& options, const std::string* path);

 private:
  std::string_view kind_;
  const Inputs& inputs_;
  InitOptions options_;
  const std::string* path_;
  DType dtype_;
  friend class Layer;
  std::vector<std::pair<std::string, const Variable*>> filled_;
};

}  // namespace chainrule::nn

namespace chainrule {
template <>
Registry& registry<nn::Initializer>();
}  // namespace chainrule
