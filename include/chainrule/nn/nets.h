#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "chainrule/dtype.h"
#include "chainrule/named_tensors.h"
#include "chainrule/nn/layers.h"

// Nets that have a name: layers like any other, so that configurations say "mlp([128, 10])". Those of "Deep
// Learning from Scratch" (Saitoh) stand under its names, with the methods and the names of parameters that
// the book gives them.
namespace chainrule::nn {

/// A row of layers that is made of settings when it is first needed.
class Net : public Layer {
 public:
  /// The layers, to be called one by one.
  Sequential& layers();
  void visit_members(Members& m) override;

 protected:
  Net() = default;
  Net(const Net& other);
  Net& operator=(const Net& other);
  virtual Sequential make_layers() const = 0;
  Ports evaluate(const Inputs& inputs, Pass& pass) const override;

 private:
  Sequential layers_;
};

template <class Self, class Base = Net>
class NetOf : public ConfigurableOf<Self, Base> {
 public:
  std::string_view input_names() const override { return "x"; }
  std::string_view output_names() const override { return "y"; }
  Layer* copy() const override { return new Self(static_cast<const Self&>(*this)); }
};

/// A row of layers that ends in the numbers of classes before softmax. Its parameters are called W1, b1, W2,
/// b2, ...
class Classifier : public Net {
 public:
  /// Scalar: the mean softmax cross-entropy. @param t  class numbers (N) or one-hot rows (N, classes).
  Tensor loss(const Input& x, const Input& t) const;
  Tensor loss(const Input& x, const Input& t, Pass& pass) const;
  /// Share of rows whose largest number is that of the target.
  double accuracy(const Input& x, const Input& t) const;
  /// Gradients of the loss by backpropagation, as inference computes it: nothing is random.
  NamedTensors gradient(const Input& x, const Input& t) const;
  /// The same by central differences with step h; two losses an element, so for a few images only.
  NamedTensors numerical_gradient(const Input& x, const Input& t, double h = 1e-4);
  std::vector<NamedParameter> params() const { return parameters(); }

  SoftmaxWithLoss& last_layer() { return last_layer_; }
  std::string rename(std::string path) const override;

 private:
  SoftmaxWithLoss last_layer_;
};

/// `Net({})` means default options: without this one, some compilers take it for a copy as well.
enum class NoOptions : std::uint8_t {};

/// Affine, Relu, Affine (chapter 4): x (N, ...) with `input` numbers a sample.
class TwoLayerNet : public NetOf<TwoLayerNet, Classifier> {
 public:
  static constexpr Info kInfo{.name = "two_layer_net", .doc = "The book's first net: affine, relu, affine."};
  struct Options {
    std::int64_t input = 784, hidden = 50, output = 10;
    double weight_deviation = 0.01;  ///< of the normal initial weights; biases start at 0
    std::uint64_t seed = 1;
    DType dtype = f32;
  };

  TwoLayerNet() = default;
  explicit TwoLayerNet(const Options& options);
  explicit TwoLayerNet(NoOptions);
  void fields(Fields& f);

 private:
  Sequential make_layers() const override;
  Options options_;
};

/// Conv, Relu, Pool, Affine, Relu, Affine (chapter 7), for images (N, C, H, W).
class SimpleConvNet : public NetOf<SimpleConvNet, Classifier> {
 public:
  static constexpr Info kInfo{
      .name = "simple_conv_net",
      .doc = "The book's first convolutional net: conv, relu, pool, affine, relu, affine."};
  struct Options {
    std::int64_t channels = 1, height = 28, width = 28;  ///< of an image
    std::int64_t filters = 30, kernel = 5, padding = 0, stride = 1;
    std::int64_t hidden = 100, output = 10;
    double weight_deviation = 0.01;
    std::uint64_t seed = 1;
    DType dtype = f32;
  };

  SimpleConvNet() = default;
  explicit SimpleConvNet(const Options& options);
  explicit SimpleConvNet(NoOptions);
  void fields(Fields& f);

 private:
  Sequential make_layers() const override;
  Options options_;
};

/// Six convolutions of 3x3 with 16, 16, 32, 32, 64, 64 channels, relu after each, pooling after each second;
/// Affine, Relu, Dropout, Affine, Dropout (chapter 8). He initialisation; the book's dropout, which is not
/// inverted.
class DeepConvNet : public NetOf<DeepConvNet, Classifier> {
 public:
  static constexpr Info kInfo{
      .name = "deep_conv_net",
      .doc = "The book's deep net: six convolutions and two affine layers, with dropout."};
  struct Options {
    std::int64_t channels = 1, height = 28, width = 28;
    std::int64_t hidden = 50, output = 10;
    double dropout = 0.5;
    std::uint64_t seed = 1;
    DType dtype = f32;
  };

  DeepConvNet() = default;
  explicit DeepConvNet(const Options& options);
  explicit DeepConvNet(NoOptions);
  void fields(Fields& f);

 private:
  Sequential make_layers() const override;
  Options options_;
};

enum class PoolKind : std::uint8_t { avg, max };
/// LeNet-5 (LeCun et al. 1998) as the books have it: convolutions of 5x5 with 6 and 16 channels, pooling by 2
/// after each; Affine of 120, 84 and the classes. For images of 28x28 with padding 2, of 32x32 without.
struct LeNet : NetOf<LeNet> {
  static constexpr Info kInfo{.name = "lenet",
                              .doc = "LeNet-5: two convolutions, two poolings, three affine layers."};
  std::int64_t outputs = 10, padding = 2;
  PoolKind pool = PoolKind::avg;
  Shared<Layer> activation{new Tanh()};
  AnyInitializer weight_init = Xavier{};

  void fields(Fields& f);

 private:
  Sequential make_layers() const override;
};

struct MlpOptions {
  Shared<Layer> activation{new Relu()};
  double dropout = 0;       ///< after each activation; 0: none
  bool batch_norm = false;  ///< before each activation
  AnyInitializer weight_init = He{};
};
/// Affine layers of these sizes, with an activation after each but the last.
struct Mlp : NetOf<Mlp> {
  static constexpr Info kInfo{.name = "mlp", .doc = "Affine layers with an activation between."};
  std::vector<std::int64_t> sizes;  ///< of what the layers give; the last is that of the net
  MlpOptions options;

  Mlp() = default;
  explicit Mlp(std::vector<std::int64_t> of_layers, MlpOptions more = {});
  void fields(Fields& f);

 private:
  /// @throws ValueError  if there are no sizes (E255).
  void initialize(Init&) override;
  Sequential make_layers() const override;
};

/// Affine layers of these sizes with relu between: nn::mlp({64, 64, 1}).
Sequential mlp(std::initializer_list<std::int64_t> sizes);
Sequential mlp(std::span<const std::int64_t> sizes);

}  // namespace chainrule::nn
