// Copies, which share, and clones, which do not; what is left of a layer that was moved from.
#include <set>

#include "chainrule/config.h"
#include "chainrule/error.h"
#include "chainrule/ops.h"
#include "nn/samples.h"

namespace chainrule::nn {
namespace {

class LayerCopies : public EveryLayer {
 protected:
  std::vector<double> numbers(const Layer& layer) const {
    return layer.predict_all(Inputs(inputs_of(GetParam(), 2)))[0].to_vector();
  }
  /// Puts other numbers in all parameters and states.
  static void disturb(const Layer& layer) {
    for (NamedParameter& p : layer.parameters()) p.parameter.set_value(p.parameter.value() * 2 + 0.5);
    for (NamedState& s : layer.states()) s.state.set_value(s.state.value() * 2 + 0.5);
  }
};
INSTANTIATE_TEST_SUITE_P(Samples, LayerCopies, ::testing::ValuesIn(samples()), test_name);

TEST_P(LayerCopies, NameParametersByPath) {
  const Shared<Layer> layer = make(GetParam());
  const auto names_of = [](const Layer& of) {
    std::vector<std::string> names;
    for (const NamedParameter& p : of.parameters()) names.push_back(p.name);
    for (const NamedState& s : of.states()) names.push_back(s.name);
    return names;
  };
  const std::vector<std::string> before = names_of(*layer);  // known before the first input
  layer->build(Inputs(zeros_for(GetParam(), 1)));
  EXPECT_EQ(names_of(*layer), before);
  EXPECT_EQ(names_of(*layer->clone()), before);
  EXPECT_EQ(std::set<std::string>(before.begin(), before.end()).size(), before.size());
  for (const NamedParameter& p : layer->parameters()) {
    EXPECT_TRUE(layer->parameter(p.name) == p.parameter) << p.name;
    EXPECT_TRUE(p.parameter) << p.name << " has no value";
  }
  EXPECT_THROW(layer->parameter("nobody"), ValueError);
}

TEST_P(LayerCopies, ClonesShareNothing) {
  const Shared<Layer> layer = make(GetParam());
  const std::vector<double> before = numbers(*layer);
  const Shared<Layer> clone = layer->clone();
  EXPECT_TRUE(clone->is_built());
  EXPECT_EQ(numbers(*clone), before);
  const std::vector<NamedParameter> here = layer->parameters(), there = clone->parameters();
  ASSERT_EQ(here.size(), there.size());
  for (const NamedParameter& a : here) {
    for (const NamedParameter& b : there) EXPECT_FALSE(a.parameter == b.parameter) << a.name;
  }
  const std::vector<NamedState> states = layer->states(), other_states = clone->states();
  for (std::size_t i = 0; i < states.size(); ++i) EXPECT_FALSE(states[i].state == other_states[i].state);
  disturb(*clone);
  EXPECT_EQ(numbers(*layer), before);
  EXPECT_EQ(numbers(*clone) != before, !here.empty() || !states.empty());
}

TEST_P(LayerCopies, ClonesOfWhatIsNotBuiltStartFromTheSameNumbers) {
  const Shared<Layer> layer = make(GetParam()), clone = layer->clone();
  EXPECT_EQ(numbers(*clone), numbers(*layer));
  disturb(*clone);
  EXPECT_EQ(numbers(*layer), numbers(*make(GetParam())));
}

TEST_P(LayerCopies, ShareParametersAndStates) {
  for (const bool is_built : {true, false}) {
    const Shared<Layer> layer = make(GetParam());
    if (is_built) layer->build(Inputs(zeros_for(GetParam(), 1)));
    const Shared<Layer> copy(layer->copy());
    EXPECT_EQ(numbers(*copy), numbers(*layer));
    const std::vector<NamedParameter> here = layer->parameters(), there = copy->parameters();
    ASSERT_EQ(here.size(), there.size());
    for (std::size_t i = 0; i < here.size(); ++i) {
      EXPECT_TRUE(here[i].parameter == there[i].parameter) << here[i].name;
      EXPECT_EQ(here[i].name, there[i].name);
    }
    disturb(*copy);
    EXPECT_EQ(numbers(*copy), numbers(*layer));
  }
}

/// A layer of a known type is moved from; then everything that it has is called.
template <class L>
void expect_moves(const LayerSample& sample, bool is_built) {
  const Shared<Layer> made = make(sample);
  L layer = dynamic_cast<const L&>(*made);
  const std::vector<Tensor> inputs = inputs_of(sample, 2);
  const std::vector<double> expected = made->clone()->predict_all(Inputs(inputs))[0].to_vector();
  if (is_built) layer.build(Inputs(inputs));
  L moved = std::move(layer);
  EXPECT_EQ(moved.predict_all(Inputs(inputs))[0].to_vector(), expected);
  try {  // as if nothing had happened, or an error
    EXPECT_EQ(layer.predict_all(Inputs(inputs))[0].to_vector(), expected);
    const Tensor out = layer.forward_all(Inputs(inputs))[0];
    layer.Layer::backward(zeros(out.shape(), out.dtype()));
  } catch (const Error& error) {
    EXPECT_NE(error.code(), 40) << error.what();
  }
  layer.describe(), layer.parameters(), layer.states(), layer.clone();
  const std::vector<double> now = moved.predict_all(Inputs(inputs))[0].to_vector();  // states have gone on
  layer = moved;
  EXPECT_EQ(layer.predict_all(Inputs(inputs))[0].to_vector(), now);
  moved = std::move(layer);
  EXPECT_EQ(moved.predict_all(Inputs(inputs))[0].to_vector(), now);
}

TEST_P(LayerCopies, CanBeMoved) {
  int tried = 0;
  for (const bool is_built : {true, false}) {
#define CHAINRULE_ROW(Type) \
  if (GetParam().kind() == Type::kInfo.name) expect_moves<Type>(GetParam(), is_built), ++tried;
#include "nn/layer_list.def"
    CHAINRULE_ROW(Scale)
#undef CHAINRULE_ROW
  }
  EXPECT_EQ(tried, 2);
}

/// A decoder that uses its encoder's weight, and a part twice.
Sequential tied() {
  const Affine first(4, {.bias = false});
  Sequential net(first, Tanh(), first);
  const Shared<Layer> part(new Affine(4));
  net.layers.push_back(part);
  net.layers.push_back(part);
  return net;
}

TEST(Sequentials, GrowAfterTheyAreBuilt) {
  const Tensor x = normal({3, 4}, {.seed = 1}, 0, 1, f64);
  Sequential net(Affine(4), Tanh());
  net.predict(x);
  net.add(Affine(2));
  EXPECT_EQ(net.predict(x).to_vector(), Sequential(Affine(4), Tanh(), Affine(2)).predict(x).to_vector());
  EXPECT_EQ(net.parameters().back().name, "affine2.bias");
}

TEST(TiedLayers, StandOnceAndStayTiedInClones) {
  const Tensor x = normal({3, 4}, {.seed = 1}, 0, 1, f64);
  const Sequential net = tied();
  const std::vector<double> before = net.predict(x).to_vector();
  const auto expect_tied = [&](const Sequential& of) {
    std::vector<std::string> names;
    for (const NamedParameter& p : of.parameters()) names.push_back(p.name);
    EXPECT_EQ(names, (std::vector<std::string>{"affine1.weight", "affine3.weight", "affine3.bias"}));
    const auto affine = [&](std::size_t i) -> const Affine& { return dynamic_cast<const Affine&>(of[i]); };
    EXPECT_TRUE(affine(0).weight == affine(2).weight);
    EXPECT_EQ(&of[3], &of[4]);
    EXPECT_EQ(of[3].name(), "affine3");  // the name of its parameters' paths
  };
  expect_tied(net);
  const Shared<Layer> clone = net.clone();
  expect_tied(dynamic_cast<const Sequential&>(*clone));
  EXPECT_EQ(clone->predict(x).to_vector(), before);
  Parameter(clone->parameter("affine1.weight")).set_value(zeros({4, 4}, f64));
  EXPECT_EQ(net.predict(x).to_vector(), before);
}

}  // namespace
}  // namespace chainrule::nn
