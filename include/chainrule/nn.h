#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chainrule/grad.h"
#include "chainrule/tensor.h"

/// Layers as the books have them: forward, backward, parameters.
namespace chainrule::nn {

/// A trained tensor of a layer, and its gradient once a backward pass has run.
class Parameter {
 public:
  explicit Parameter(Tensor value) : value_(std::move(value)) {}

  const Tensor& value() const { return value_; }
  /// @throws ShapeError  if the shape or dtype changes (E042).
  void set_value(Tensor value);

  /// Empty until a backward pass has run.
  const Tensor& grad() const { return grad_; }
  void set_grad(Tensor grad) { grad_ = std::move(grad); }

 private:
  Tensor value_;
  Tensor grad_;
};

/// A parameter with its path from the layer that was asked: "affine1.weight".
struct NamedParameter {
  std::string name;
  Parameter* parameter;
};

/// The parameters' values in their order, as grad takes them.
std::vector<Tensor> values(const std::vector<NamedParameter>& parameters);

/// An input to a layer; made by conversion, so that errors can name the user's line.
class Input {
 public:
  Input(const Tensor& tensor, Location where = Location::current()) : tensor_(tensor), where_(where) {}
  const Tensor& tensor() const { return tensor_; }
  Location where() const { return where_; }

 private:
  Tensor tensor_;
  Location where_;
};

/// A function with parameters. A layer of one's own writes compute() and describe(); forward records what
/// compute() did, and backward is the vector-Jacobian product of what was recorded: no derivative is written
/// twice.
class Layer {
 public:
  /// @param kind  lower case: "affine". Names without a number of their own are made from it.
  explicit Layer(std::string kind);
  virtual ~Layer();
  Layer(Layer&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
  Layer& operator=(Layer&& other) noexcept {
    std::swap(state_, other.state_);
    return *this;
  }

  /// The layer's result.
  /// @throws ValueError  for a layer of another number of inputs (E041).
  Tensor forward(const Input& x);
  Tensor forward(const Input& x, const Input& y);

  /// The gradient of the first input; each parameter's is left in Parameter::grad.
  /// @param dout  gradient of the output; may be left out if the output is a scalar, and is 1 then.
  /// @throws ValueError  if forward has not been called (E040).
  /// @throws ShapeError  if dout does not have the output's shape (E033).
  Tensor backward(const Tensor& dout = {}, Location where = Location::current());

  /// One line for people: "Affine(784 -> 50)".
  virtual std::string describe() const = 0;

  const std::string& kind() const;
  /// The name that messages and parameter paths use; empty for a layer that stands alone.
  const std::string& name() const;
  void set_name(std::string name);

  /// Its parameters and those of its layers, in the order in which they were added.
  std::vector<NamedParameter> parameters();
  /// @throws ValueError  if there is no parameter of that path (E043): names those there are.
  Parameter& parameter(std::string_view path);

 protected:
  virtual Tensor compute(const std::vector<Tensor>& inputs) = 0;
  virtual int input_count() const { return 1; }

  /// Gradients of all inputs that are floating; an empty tensor for the others.
  std::vector<Tensor> backward_all(const Tensor& dout, Location where);

  Parameter& add_parameter(std::string name, Tensor value);
  /// Puts a layer made with `new` inside this one, which will delete it; `name` must not stand among the
  /// others.
  Layer& add_layer(std::string name, Layer* layer);
  const std::vector<Layer*>& layers() const;

 private:
  Tensor record(std::vector<Tensor> inputs, Location where);
  void collect(const std::string& prefix, std::vector<NamedParameter>& found);

  // A plain pointer, because <memory> alone would double the time that including this header takes.
  struct State;
  State* state_;
};

/// x * y. backward gives both gradients.
class Mul : public Layer {
 public:
  Mul() : Layer("mul") {}
  std::pair<Tensor, Tensor> backward(const Tensor& dout = {}, Location where = Location::current());
  std::string describe() const override { return "Mul"; }

 protected:
  Tensor compute(const std::vector<Tensor>& inputs) override;
  int input_count() const override { return 2; }
};

/// x + y. backward gives both gradients.
class Add : public Layer {
 public:
  Add() : Layer("add") {}
  std::pair<Tensor, Tensor> backward(const Tensor& dout = {}, Location where = Location::current());
  std::string describe() const override { return "Add"; }

 protected:
  Tensor compute(const std::vector<Tensor>& inputs) override;
  int input_count() const override { return 2; }
};

/// x W + b for x of shape (N, ...), any rank from 2 up: the axes after the first are flattened to `in`
/// features, and backward restores them. The result has shape (N, out).
class Affine : public Layer {
 public:
  /// @param weight  W, shape (in, out), f32 or f64.
  /// @param bias    b, shape (out).
  /// @throws ShapeError  if the two do not fit (E042).
  Affine(Tensor weight, Tensor bias);
  std::string describe() const override;

  Parameter& weight() { return *weight_; }
  Parameter& bias() { return *bias_; }

 protected:
  Tensor compute(const std::vector<Tensor>& inputs) override;

 private:
  Parameter* weight_;
  Parameter* bias_;
};

/// x where x > 0, else 0.
class Relu : public Layer {
 public:
  Relu() : Layer("relu") {}
  std::string describe() const override { return "Relu"; }

 protected:
  Tensor compute(const std::vector<Tensor>& inputs) override;
};

/// 1 / (1 + exp(-x)).
class Sigmoid : public Layer {
 public:
  Sigmoid() : Layer("sigmoid") {}
  std::string describe() const override { return "Sigmoid"; }

 protected:
  Tensor compute(const std::vector<Tensor>& inputs) override;
};

/// Mean softmax cross-entropy: forward(logits, targets), targets as class numbers or one-hot rows.
class SoftmaxWithLoss : public Layer {
 public:
  SoftmaxWithLoss() : Layer("softmax_with_loss") {}
  std::string describe() const override { return "SoftmaxWithLoss"; }

 protected:
  Tensor compute(const std::vector<Tensor>& inputs) override;
  int input_count() const override { return 2; }
};

/// Layers one after another, named by kind and number: affine1, relu1, affine2.
class Sequential : public Layer {
 public:
  template <class... Layers>
  explicit Sequential(Layers... layers) : Layer("sequential") {
    (add(std::move(layers)), ...);
  }

  /// Appends a layer and returns the one that is now inside.
  template <class L>
  L& add(L layer) {
    return static_cast<L&>(append(new L(std::move(layer))));
  }

  std::size_t size() const { return layers().size(); }
  Layer& operator[](std::size_t i) { return *layers()[i]; }
  /// One line a layer.
  std::string describe() const override;

 protected:
  Tensor compute(const std::vector<Tensor>& inputs) override;

 private:
  Layer& append(Layer* layer);
};

/// Tensors by name, in the order of the parameters.
class NamedTensors {
 public:
  void add(std::string name, Tensor tensor) { items_.emplace_back(std::move(name), std::move(tensor)); }
  /// @throws ValueError  if there is no tensor of that name (E043).
  const Tensor& operator[](std::string_view name) const;
  auto begin() const { return items_.begin(); }
  auto end() const { return items_.end(); }
  std::size_t size() const { return items_.size(); }

 private:
  std::vector<std::pair<std::string, Tensor>> items_;
};

/// The books' net for digits: Affine, Relu, Affine, SoftmaxWithLoss, with parameters W1, b1, W2, b2.
class TwoLayerNet {
 public:
  struct Options {
    std::int64_t input = 784, hidden = 50, output = 10;
    double weight_deviation = 0.01;  ///< of the normal initial weights; biases start at 0
    std::uint64_t seed = 1;
    DType dtype = f32;
  };
  explicit TwoLayerNet(const Options& options);

  /// Logits (N, output) for x of shape (N, input).
  Tensor predict(const Input& x);
  /// Scalar. @param t  class numbers (N) or one-hot rows (N, output).
  Tensor loss(const Input& x, const Input& t);
  /// Share of rows whose largest logit is that of the target.
  double accuracy(const Input& x, const Input& t);
  /// Gradients of the loss by backpropagation.
  NamedTensors gradient(const Input& x, const Input& t);
  /// The same by central differences with step h; two losses an element, so for a few images only.
  NamedTensors numerical_gradient(const Input& x, const Input& t, double h = 1e-4);

  /// W1 (input, hidden), b1 (hidden), W2 (hidden, output), b2 (output).
  std::vector<NamedParameter> params();
  Sequential& layers() { return layers_; }
  SoftmaxWithLoss& last_layer() { return last_layer_; }

 private:
  Sequential layers_;
  SoftmaxWithLoss last_layer_;
};

}  // namespace chainrule::nn
