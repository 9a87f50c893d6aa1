#pragma once

#include <concepts>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "chainrule/fields.h"
#include "chainrule/location.h"
#include "chainrule/nn/initializer.h"
#include "chainrule/nn/parameter.h"
#include "chainrule/nn/pass.h"
#include "chainrule/nn/ports.h"

// A layer is a function with parameters, written as one struct:
//
//     struct Scale : nn::LayerOf<Scale> {
//       static constexpr Info kInfo{.name = "scale", .doc = "x times a trained number."};
//       nn::Parameter factor;
//       void members(nn::Members& m) { m("factor", factor); }
//       void init(nn::Init& init) { init("factor", factor, {}, 1); }
//       Tensor compute(const Tensor& x, nn::Pass&) const { return x * factor.value(); }
//     };
//
// Only kInfo and compute are needed. Its derivatives follow from compute. `fields` lists settings, `members`
// what it holds: parameters, states and other layers; `init` fills those when the layer sees its first
// inputs, so sizes need not be given. Layers with several inputs or outputs name them:
//
//     static constexpr std::string_view kInputs = "query, key?, value?", kOutputs = "y, weights";
//     nn::Ports compute(const nn::Inputs& in, nn::Pass& pass) const;
// where one with "?" may be empty; compute may also take (const Tensor& a, const Tensor& b, Pass& pass).
//
// compute gets real numbers: whole ones are cast to the dtype of the parameters. Inputs that are indices,
// lengths and the like are named in kWhole, as in kInputs, and come as they are. A layer that holds layers
// hands on what it gets, unless it has a kWhole.
//
// chainrule::registry<nn::Layer>().add<Scale>() makes it known by its name, to files and configurations.
namespace chainrule::nn {

class Layer;

/// What a layer holds, by name, in its order.
class Members {
 public:
  struct Member {
    std::string name;
    Parameter* parameter = nullptr;  // one of these four
    State* state = nullptr;
    Layer* layer = nullptr;
    Shared<Layer>* shared = nullptr;

    /// Whether both are one parameter, or one state.
    bool is_same(const Member& other) const;
  };

  void operator()(std::string_view name, Parameter& parameter);
  void operator()(std::string_view name, State& state);
  void operator()(std::string_view name, Layer& layer);
  /// One that may be empty.
  void operator()(std::string_view name, Shared<Layer>& layer);
  /// Layers in a row: name1, name2, ...
  template <std::derived_from<Layer> L>
  void operator()(std::string_view name, std::vector<L>& layers) {
    for (std::size_t i = 0; i < layers.size(); ++i) add(name, i + 1).layer = &layers[i];
  }

  std::span<const Member> all() const { return {members_.data(), members_.size()}; }

 private:
  /// @param number  stands behind the name; 0: none.
  Member& add(std::string_view name, std::size_t number = 0);
  std::vector<Member> members_;
};

/// A function with parameters.
///
/// - `predict(x)`, or `net(x)`: inference. Writes nothing: several threads may call it at once, on one net.
/// - `forward(x)` and `backward(dout)`: training as the books have it. This layer remembers what went in,
///   and not those inside it; backward leaves each parameter its gradient and returns those of the inputs.
///
/// - `forward(x, pass)`: training with a Pass of the caller's, for optim::Optimizer::step.
///
/// All build graph and compute nothing. Copies share parameters (see Variable); clone() does not.
class Layer : public Configurable {
 public:
  /// Names of inputs and outputs: "x, h?", "y, h"; those with "?" may be left out.
  virtual std::string_view input_names() const = 0;
  virtual std::string_view output_names() const = 0;
  /// Names of the inputs whose whole numbers are taken as they are: all, unless a struct has a LayerOf as
  /// base. No text at all: none, or all where it holds layers.
  virtual std::string_view whole_inputs() const { return input_names(); }

  /// @throws ValueError  for another number of inputs (E041), or as the layer does.
  /// @throws DTypeError  for a floating input that has not the parameters' dtype (E243).
  Tensor predict(const Input& x) const { return predict_all(Inputs(x))[0]; }
  Tensor predict(const Input& x, const Input& y) const { return predict_all(Inputs(x, y))[0]; }
  Ports predict_all(const Inputs& inputs) const;
  Tensor operator()(const Input& x) const { return predict(x); }

  Tensor forward(const Input& x) { return forward_all(Inputs(x))[0]; }
  Tensor forward(const Input& x, const Input& y) { return forward_all(Inputs(x, y))[0]; }
  Ports forward_all(const Inputs& inputs);
  /// The gradients of all inputs; an empty tensor for those that are not floating. Each parameter's is left
  /// in Parameter::grad.
  /// @param dout  gradient of the (first) output; may be left out if the output is a scalar, and is 1 then.
  /// @throws ValueError  if forward has not been called (E040).
  /// @throws ShapeError  if dout does not have the output's shape (E033).
  Ports backward(const Tensor& dout = {}, Location where = Location::current());
  /// The same for several outputs; an empty tensor for one that has no gradient.
  Ports backward_all(std::span<const Tensor> douts, Location where = Location::current());

  Tensor forward(const Input& x, Pass& pass) const { return run(Inputs(x), pass)[0]; }
  Tensor forward(const Input& x, const Input& y, Pass& pass) const { return run(Inputs(x, y), pass)[0]; }
  /// The same, for layers that call the layers they hold.
  Tensor operator()(const Input& x, Pass& pass) const { return run(Inputs(x), pass)[0]; }
  Ports run(const Inputs& inputs, Pass& pass) const;

  /// Makes the parameters now, for inputs like these (their numbers do not matter), and nothing if they are
  /// there. The first call with data does it, too.
  void build(const Inputs& inputs, const InitOptions& options = {});
  bool is_built() const;

  /// Its parameters and those of its layers, by path, in the order of `members`; one that is shared stands
  /// once.
  std::vector<NamedParameter> parameters() const;
  std::vector<NamedState> states() const;
  /// All parameters and states by path, those of inner layers too, in each place where they are held.
  /// @throws ValueError  if a layer holds itself (E254), here, in what asks for them, and when it runs.
  std::vector<Members::Member> variables() const;
  /// @throws ValueError  if there is no parameter of that path (E043): names those there are.
  Parameter parameter(std::string_view path) const;

  /// A copy with parameters and states of its own; what was shared inside is shared inside the copy.
  Shared<Layer> clone() const;
  /// A copy, made with `new`, that shares parameters and states.
  virtual Layer* copy() const = 0;

  /// What it is, as configurations write it: "affine(50)".
  std::string describe() const;
  /// A line a layer: path, what it is, shape of its output, its own parameters, FLOP; and what they sum up
  /// to.
  /// @param inputs  one batch; their numbers do not matter.
  std::string summary(const Inputs& inputs) const;

  std::string_view kind() const { return info().name; }
  /// What messages and paths call it inside another layer; empty for one that stands alone.
  const std::string& name() const { return name_; }
  void set_name(std::string name) { name_ = std::move(name); }

  virtual void visit_members(Members&) {}
  /// What a path of a parameter or state inside is called from outside, for nets with names of their own.
  virtual std::string rename(std::string path) const { return path; }

 protected:
  Layer() = default;
  Layer(const Layer& other);
  Layer& operator=(const Layer& other);

  virtual void initialize(Init&) {}
  virtual Ports evaluate(const Inputs& inputs, Pass& pass) const = 0;

 private:
  struct Record;
  struct Place {  // where it stood when it was built
    const std::string *outer = nullptr, *path = nullptr;
  };

  struct Chain;
  std::vector<Members::Member> variables(const Chain* around) const;
  std::vector<Members::Member> members() const;
  void check_inputs(const Inputs& inputs) const;
  bool keeps_whole(std::size_t input) const;
  DType real_dtype(const Inputs& inputs, const Pass& pass) const;
  Ports real_numbers(const Inputs& inputs, const Pass& pass) const;
  void make(const Inputs& inputs, const Pass& pass, const std::string* outer, const std::string* path);
  Record& record();
  const std::string* path_in(const std::string* outer) const;
  void check_listed(const Layer* outer) const;

  std::string name_;
  bool is_built_ = false;  // read and written atomically
  DType dtype_ = f32;      // of its parameters, once built
  bool has_dtype_ = false, holds_layers_ = false;
  Place place_;
  Shared<Counted> record_;  // of the last forward: a Record
};

/// What `compute` is like: how many inputs it names, if it names them.
template <class F>
struct ComputeSignature;
template <class R, class C, class... Arguments>
struct ComputeSignature<R (C::*)(Arguments...) const> {
  static constexpr bool kTakesAll = (std::is_same_v<Arguments, const Inputs&> || ...);
  static constexpr std::size_t kTensors =
      (std::size_t{0} + ... + std::size_t{std::is_same_v<std::remove_cvref_t<Arguments>, Tensor>});
};

constexpr std::size_t count_names(std::string_view names) {
  std::size_t commas = 0;
  for (const char c : names) commas += c == ',';
  return names.empty() ? 0 : commas + 1;
}

/// Base for a struct `Self` as at the top of this file. `Base` may be a class between, derived from Layer.
template <class Self, class Base = Layer>
class LayerOf : public ConfigurableOf<Self, Base> {
 public:
  std::string_view input_names() const override { return inputs_of(); }
  std::string_view output_names() const override {
    if constexpr (requires { Self::kOutputs; }) return Self::kOutputs;
    return "y";
  }
  std::string_view whole_inputs() const override {
    if constexpr (requires { Self::kWhole; }) return Self::kWhole;
    return {};
  }
  Layer* copy() const override { return new Self(static_cast<const Self&>(*this)); }
  void visit_members(Members& m) override {
    if constexpr (requires(Self & self) { self.members(m); }) self().members(m);
  }
  /// As Layer::backward, with the number of inputs known: `Tensor dx = affine.backward(dout)`, and
  /// `auto [dx, dy] = mul.backward(dout)`.
  auto backward(const Tensor& dout = {}, Location where = Location::current()) {
    constexpr std::size_t kCount = count_names(inputs_of());
    if constexpr (kCount == 1) {
      return Tensor(Layer::backward(dout, where));
    } else {
      return PortsOf<kCount>(Layer::backward(dout, where));
    }
  }

 protected:
  void initialize(Init& init) override {
    if constexpr (requires(Self & self) { self.init(init); }) self().init(init);
  }
  Ports evaluate(const Inputs& in, Pass& pass) const override {
    using Signature = ComputeSignature<decltype(&Self::compute)>;
    const Self& self = static_cast<const Self&>(*this);
    if constexpr (Signature::kTakesAll) {
      return self.compute(in, pass);
    } else {
      static_assert(Signature::kTensors == count_names(inputs_of()),
                    "kInputs names another number of inputs");
      return call(self, in, pass, std::make_index_sequence<Signature::kTensors>());
    }
  }

 private:
  static constexpr std::string_view inputs_of() {
    if constexpr (requires { Self::kInputs; }) return Self::kInputs;
    return "x";
  }
  template <std::size_t... I>
  static Ports call(const Self& self, const Inputs& in, Pass& pass, std::index_sequence<I...>) {
    return self.compute(in[I]..., pass);
  }
  Self& self() { return static_cast<Self&>(*this); }
};

}  // namespace chainrule::nn

namespace chainrule {
template <>
Registry& registry<nn::Layer>();
}  // namespace chainrule
