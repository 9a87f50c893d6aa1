#pragma once

#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "chainrule/conv.h"
#include "chainrule/nn/attention.h"
#include "chainrule/nn/embedding.h"
#include "chainrule/nn/layer.h"
#include "chainrule/nn/linear.h"
#include "chainrule/nn/recurrent.h"
#include "chainrule/nn/transformer.h"

// The layers. Sizes of inputs are taken from the first input; src/nn/layer_list.def has the list,
// docs/layers.md every setting.
namespace chainrule::nn {

/// x y. backward gives both gradients.
struct Mul : LayerOf<Mul> {
  static constexpr Info kInfo{.name = "mul", .doc = "x y, element by element."};
  static constexpr std::string_view kInputs = "x, y", kOutputs = "z";
  Tensor compute(const Tensor& x, const Tensor& y, Pass&) const;
};

/// x + y. backward gives both gradients.
struct Add : LayerOf<Add> {
  static constexpr Info kInfo{.name = "add", .doc = "x + y, element by element."};
  static constexpr std::string_view kInputs = "x, y", kOutputs = "z";
  Tensor compute(const Tensor& x, const Tensor& y, Pass&) const;
};

struct AffineOptions {
  bool bias = true;
  AnyInitializer weight_init = He{};
};
/// x W + b for x of shape (N, ...), any rank from 2 up: the axes after the first are flattened to `in`
/// features, and backward restores them. The result has shape (N, out).
struct Affine : LayerOf<Affine> {
  static constexpr Info kInfo{.name = "affine",
                              .doc = "x W + b: every output is a weighted sum of all inputs."};
  std::int64_t outputs = 0;
  AffineOptions options;
  Parameter weight;  ///< W, shape (in, out)
  Parameter bias;    ///< b, shape (out)

  Affine() = default;
  explicit Affine(std::int64_t out, AffineOptions more = {}) : outputs(out), options(std::move(more)) {}
  /// With first values of one's own.
  /// @throws ShapeError  if the two do not fit (E042).
  Affine(const Tensor& w, const Tensor& b);
  void fields(Fields& f);
  void members(Members& m);
  void init(Init& init);
  Tensor compute(const Tensor& x, Pass&) const;
};

struct Conv2dOptions {
  Spatial stride = 1, padding = 0, dilation = 1;
  std::int64_t groups = 1;
  bool bias = true;
  AnyInitializer weight_init = He{};
};
/// Convolution of images (N, C, H, W) to (N, filters, H', W'): chainrule::conv2d.
struct Conv2d : LayerOf<Conv2d> {
  static constexpr Info kInfo{.name = "conv2d",
                              .doc = "Every output channel is the image seen through a filter."};
  std::int64_t filters = 0;
  std::vector<std::int64_t> kernel{3}, stride{1}, padding{0}, dilation{1};
  std::int64_t groups = 1;
  bool has_bias = true;
  AnyInitializer weight_init = He{};
  Parameter weight;  ///< (filters, C / groups, kernel, kernel)
  Parameter bias;    ///< (filters)

  Conv2d() = default;
  explicit Conv2d(std::int64_t outputs, Spatial window = 3, const Conv2dOptions& options = {});
  void fields(Fields& f);
  void members(Members& m);
  void init(Init& init);
  Tensor compute(const Tensor& x, Pass&) const;
};

/// The largest of each window of images (N, C, H, W): chainrule::max_pool2d.
struct MaxPool2d : LayerOf<MaxPool2d> {
  static constexpr Info kInfo{.name = "max_pool2d", .doc = "The largest number of each window."};
  std::vector<std::int64_t> kernel{2}, stride, padding{0};
  bool ceil_mode = false;

  MaxPool2d() = default;
  explicit MaxPool2d(Spatial window, const PoolOptions& options = {});
  void fields(Fields& f);
  Tensor compute(const Tensor& x, Pass&) const;
};

/// The mean of each channel: (N, C, ...) to (N, C).
struct GlobalAvgPool : LayerOf<GlobalAvgPool> {
  static constexpr Info kInfo{.name = "global_avg_pool",
                              .doc = "The mean of each channel: (N, C, ...) to (N, C)."};
  Tensor compute(const Tensor& x, Pass&) const;
};

/// (N, ...) to (N, features).
struct Flatten : LayerOf<Flatten> {
  static constexpr Info kInfo{.name = "flatten", .doc = "All axes but the first become one."};
  Tensor compute(const Tensor& x, Pass&) const;
};

/// x where x > 0, else 0.
struct Relu : LayerOf<Relu> {
  static constexpr Info kInfo{.name = "relu", .doc = "x where x > 0, else 0."};
  Tensor compute(const Tensor& x, Pass&) const;
};

/// 1 / (1 + exp(-x)).
struct Sigmoid : LayerOf<Sigmoid> {
  static constexpr Info kInfo{.name = "sigmoid", .doc = "1 / (1 + exp(-x))."};
  Tensor compute(const Tensor& x, Pass&) const;
};

struct Tanh : LayerOf<Tanh> {
  static constexpr Info kInfo{.name = "tanh", .doc = "The hyperbolic tangent."};
  Tensor compute(const Tensor& x, Pass&) const;
};

/// In training each element is 0 with probability p.
struct Dropout : LayerOf<Dropout> {
  static constexpr Info kInfo{.name = "dropout", .doc = "In training, numbers are left out at random."};
  double p = 0.5;
  /// Whether what is kept is divided by 1 - p in training (Srivastava et al. 2014), so that inference need do
  /// nothing. Otherwise inference multiplies by 1 - p, as in "Deep Learning from Scratch".
  bool inverted = true;

  Dropout() = default;
  explicit Dropout(double probability, bool is_inverted = true) : p(probability), inverted(is_inverted) {}
  void fields(Fields& f);
  Tensor compute(const Tensor& x, Pass& pass) const;
};

struct BatchNormOptions {
  double momentum = 0.1;  ///< share of the new batch in the running statistics
  double eps = 1e-5;
  bool affine = true;  ///< whether the result is scaled and shifted by parameters
};
/// (x - mean) / sqrt(variance + eps), scaled and shifted, channel by channel (axis 1); in training by the
/// statistics of the batch, else by running ones (Ioffe and Szegedy 2015). The running variance is that of a
/// sample, with N - 1.
struct BatchNorm : LayerOf<BatchNorm> {
  static constexpr Info kInfo{.name = "batch_norm",
                              .doc = "Each channel with mean 0 and variance 1, then scaled."};
  BatchNormOptions options;
  Parameter scale, shift;  ///< (C)
  State mean, variance;    ///< (C), running

  BatchNorm() = default;
  explicit BatchNorm(BatchNormOptions more) : options(more) {}
  void fields(Fields& f);
  void members(Members& m);
  void init(Init& init);
  Tensor compute(const Tensor& x, Pass& pass) const;
};

/// Mean softmax cross-entropy: forward(logits, targets), targets as class numbers or one-hot rows.
struct SoftmaxWithLoss : LayerOf<SoftmaxWithLoss> {
  static constexpr Info kInfo{.name = "softmax_with_loss", .doc = "Softmax and its mean cross-entropy."};
  static constexpr std::string_view kInputs = "x, t", kOutputs = "loss";
  Tensor compute(const Tensor& x, const Tensor& t, Pass&) const;
};

/// x factor + offset with fixed numbers, along the last axis or as `shape` says: a scaler inside a net, or
/// before one. Lists of one number hold for all.
struct ScaleShift : LayerOf<ScaleShift> {
  static constexpr Info kInfo{.name = "scale_shift",
                              .doc = "x factor + offset with fixed numbers, feature by feature."};
  std::vector<double> factor{1}, offset{0};
  std::vector<std::int64_t> shape;  ///< of both lists, to broadcast against a row: {3, 1, 1} for colours

  ScaleShift() = default;
  ScaleShift(std::vector<double> factors, std::vector<double> offsets, std::vector<std::int64_t> lie = {})
      : factor(std::move(factors)), offset(std::move(offsets)), shape(std::move(lie)) {}
  void fields(Fields& f);
  Tensor compute(const Tensor& x, Pass&) const;
};

/// Layers one after another, named by kind and number: affine1, relu1, affine2.
struct Sequential : LayerOf<Sequential> {
  static constexpr Info kInfo{.name = "sequential", .doc = "Layers one after another."};
  std::vector<Shared<Layer>> layers;

  Sequential() = default;
  template <std::derived_from<Layer>... Layers>
  requires(sizeof...(Layers) > 1 ||
           !(std::is_same_v<Layers, Sequential> && ...)) explicit Sequential(Layers... inside) {
    (add(std::move(inside)), ...);
  }
  /// Appends a layer and returns the one that is now inside.
  template <std::derived_from<Layer> L>
  L& add(L layer) {
    L* inside = new L(std::move(layer));
    layers.push_back(Shared<Layer>(inside));
    inside->set_name(name_of(layers.size() - 1));
    return *inside;
  }

  std::size_t size() const { return layers.size(); }
  Layer& operator[](std::size_t i) const { return *layers[i]; }
  void fields(Fields& f);
  void members(Members& m);
  void init(Init& init);
  /// @throws ValueError  if there are no layers (E244).
  Tensor compute(const Tensor& x, Pass& pass) const;

 private:
  std::string name_of(std::size_t place) const;
  void check() const;
};

/// x + body(x)   (He et al. 2016); with a shortcut, shortcut(x) + body(x), for a body that changes the shape.
struct Residual : LayerOf<Residual> {
  static constexpr Info kInfo{.name = "residual", .doc = "What a layer makes of x, added to x."};
  Shared<Layer> body, shortcut;

  Residual() = default;
  template <std::derived_from<Layer> Body>
  requires(!std::is_same_v<Body, Residual>) explicit Residual(Body inside)
      : body(new Body(std::move(inside))) {}
  template <std::derived_from<Layer> Body, std::derived_from<Layer> Shortcut>
  Residual(Body inside, Shortcut around)
      : body(new Body(std::move(inside))), shortcut(new Shortcut(std::move(around))) {}
  void fields(Fields& f);
  void members(Members& m);
  void init(Init& init);
  /// @throws ValueError  if there is no body (E244).
  Tensor compute(const Tensor& x, Pass& pass) const;

 private:
  void check() const;
};

}  // namespace chainrule::nn
