// What every layer that has a name must do, tried with the samples.
#include <algorithm>
#include <cmath>

#include "chainrule/error.h"
#include "chainrule/grad.h"
#include "chainrule/nn/model.h"
#include "chainrule/ops.h"
#include "core/text.h"
#include "message_of.h"
#include "nn/samples.h"

namespace chainrule::nn {
namespace {

INSTANTIATE_TEST_SUITE_P(Samples, EveryLayer, ::testing::ValuesIn(samples()), test_name);

/// The largest difference, relative to the number or 1.
double difference(const Tensor& a, const Tensor& b) {
  const std::vector<double> x = a.to_vector(), y = b.to_vector();
  double worst = x.size() == y.size() ? 0 : INFINITY;
  for (std::size_t i = 0; i < x.size() && i < y.size(); ++i) {
    worst = std::max(worst, std::abs(x[i] - y[i]) / std::max(1.0, std::abs(y[i])));
  }
  return worst;
}

/// A training pass that gives the same random numbers each time.
Tensor train(const Layer& layer, const std::vector<Tensor>& inputs, std::int64_t step = 3) {
  Pass pass = Pass::training(7, step);
  return layer.run(Inputs(inputs), pass)[0];
}
Tensor predict(const Layer& layer, const std::vector<Tensor>& inputs) {
  return layer.predict_all(Inputs(inputs))[0];
}

TEST(LayerTable, HasASampleOfEveryLayer) {
  for (const std::string& name : registry<Layer>().names()) {
    const auto is_of_it = [&](const LayerSample& sample) { return sample.kind() == name; };
    EXPECT_TRUE(std::any_of(samples().begin(), samples().end(), is_of_it)) << name << " has no sample";
  }
}

TEST_P(EveryLayer, HasTheShapeThatZerosTell) {
  const Shared<Layer> layer = make(GetParam());
  layer->build(Inputs(zeros_for(GetParam(), 1)));
  const Shape of_one = predict(*layer, zeros_for(GetParam(), 1)).shape();
  for (const std::int64_t batch : {1, 2, 5}) {
    const std::vector<Tensor> inputs = inputs_of(GetParam(), batch);
    EXPECT_EQ(predict(*layer, inputs).shape(), with_batch(of_one, batch));
    EXPECT_EQ(train(*layer, inputs).shape(), with_batch(of_one, batch));
    EXPECT_EQ(layer->forward_all(Inputs(inputs))[0].shape(), with_batch(of_one, batch));
  }
}

TEST_P(EveryLayer, NamesItsPorts) {
  const Shared<Layer> layer = make(GetParam());
  const std::string_view names = layer->input_names();
  const std::size_t count = count_names(names), given = GetParam().inputs.size();
  const auto optional = static_cast<std::size_t>(std::count(names.begin(), names.end(), '?'));
  EXPECT_LE(given, count);
  EXPECT_GE(given, count - optional);
  EXPECT_EQ(layer->predict_all(Inputs(inputs_of(GetParam(), 2))).size(), count_names(layer->output_names()));
}

TEST_P(EveryLayer, ComputesWithKeptWeightsAndInputsInF32) {
  const Shared<Layer> layer = make(GetParam());
  std::vector<Tensor> inputs = inputs_of(GetParam(), 3, f32), kept;
  for (Tensor& x : inputs) {
    kept.push_back(x.is_empty() ? x : detach(cast(x, is_real(x) ? f16 : i32)));
    if (is_real(x)) x = detach(cast(kept.back(), f32));
  }
  layer->build(Inputs(inputs));
  const Shared<Layer> alike = make(GetParam());
  alike->build(Inputs(kept));  // the same first values
  EXPECT_EQ(predict(*alike, inputs).to_vector(), predict(*layer, inputs).to_vector());
  keep_weights(*layer, f16);
  const Tensor with_kept = predict(*layer, kept);
  EXPECT_EQ(with_kept.dtype(), predict(*layer, inputs).dtype());
  EXPECT_EQ(with_kept.to_vector(), predict(*layer, inputs).to_vector());
  keep_weights(*layer, f32);  // the rounded numbers, as any other
  EXPECT_EQ(with_kept.to_vector(), predict(*layer, inputs).to_vector());
}

TEST_P(EveryLayer, GivesInF32WhatItGivesInF64) {
  const Shared<Layer> narrow = make(GetParam()), wide = make(GetParam());
  const std::vector<Tensor> small = inputs_of(GetParam(), 3, f32);
  std::vector<Tensor> large;
  for (const Tensor& x : small) large.push_back(is_real(x) ? detach(cast(x, f64)) : x);
  narrow->build(Inputs(small));
  wide->build(Inputs(large), {.dtype = f64});
  const std::vector<NamedParameter> rounded = narrow->parameters(), drawn = wide->parameters();
  ASSERT_EQ(rounded.size(), drawn.size());
  for (std::size_t i = 0; i < drawn.size(); ++i) {
    EXPECT_EQ(rounded[i].parameter.value().dtype(), f32);
    EXPECT_EQ(drawn[i].parameter.value().dtype(), f64);
    const Tensor expected = cast(drawn[i].parameter.value(), f32);  // the same numbers, rounded
    EXPECT_EQ(rounded[i].parameter.value().to_vector(), expected.to_vector()) << drawn[i].name;
    Parameter(drawn[i].parameter).set_value(cast(expected, f64));
  }
  EXPECT_EQ(predict(*narrow, small).dtype(), f32);
  EXPECT_LT(difference(predict(*narrow, small), predict(*wide, large)), 2e-5);
  EXPECT_LT(difference(train(*narrow, small), train(*wide, large)), 2e-5);
}

TEST_P(EveryLayer, TrainsAsItPredictsUnlessItSaysOtherwise) {
  const Shared<Layer> layer = make(GetParam());
  const std::vector<Tensor> inputs = inputs_of(GetParam(), 4);
  const std::vector<double> predicted = predict(*layer, inputs).to_vector();
  const std::vector<double> trained = train(*layer, inputs).to_vector();
  EXPECT_EQ(trained != predicted, GetParam().differs_in_training);
  EXPECT_EQ(train(*layer, inputs).to_vector(), trained);  // a function of seed and step
  EXPECT_EQ(train(*layer, inputs, 4).to_vector() != trained, GetParam().is_random);
  EXPECT_EQ(predict(*layer, inputs).to_vector(), predicted);
}

std::vector<std::vector<double>> numbers(const std::vector<NamedState>& states) {
  std::vector<std::vector<double>> all;
  for (const NamedState& s : states) all.push_back(s.state.value().to_vector());
  return all;
}

TEST_P(EveryLayer, ChangesItsStatesOnlyWhereAPassIsStored) {
  const Shared<Layer> layer = make(GetParam());
  const std::vector<Tensor> inputs = inputs_of(GetParam(), 4);
  layer->build(Inputs(inputs));
  const auto before = numbers(layer->states());
  predict(*layer, inputs).to_vector();
  Pass pass = Pass::training(7, 3);
  layer->run(Inputs(inputs), pass)[0].to_vector();
  EXPECT_EQ(numbers(layer->states()), before);
  EXPECT_EQ(pass.updates().size(), before.size());
  pass.store();
  const auto after = numbers(layer->states());
  for (std::size_t i = 0; i < before.size(); ++i) EXPECT_NE(after[i], before[i]) << layer->states()[i].name;
  EXPECT_TRUE(pass.updates().empty());
}

TEST_P(EveryLayer, BackwardGivesWhatGradGives) {
  const Shared<Layer> layer = make(GetParam()), other = make(GetParam());
  const std::vector<Tensor> inputs = inputs_of(GetParam(), 3);
  layer->build(Inputs(inputs), {.dtype = f64});
  const Tensor out = layer->forward_all(Inputs(inputs))[0];
  const Tensor dout = normal(out.shape(), {.seed = 5}, 0, 1, f64);
  const Ports gradients = layer->backward(dout);

  other->build(Inputs(inputs), {.dtype = f64});
  Pass pass = Pass::training(1, 0);  // as the first forward's
  const Tensor again = other->run(Inputs(inputs), pass)[0];
  EXPECT_EQ(again.to_vector(), out.to_vector());
  std::vector<Tensor> variables;
  for (const Tensor& x : inputs) {
    if (is_real(x)) variables.push_back(x);
  }
  const std::size_t floating = variables.size();
  for (const NamedParameter& p : other->parameters()) variables.push_back(p.parameter.value());
  const std::vector<Tensor> expected = vjp(again, variables, dout);
  ASSERT_EQ(gradients.size(), inputs.size());
  std::size_t at = 0;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    ASSERT_EQ(!gradients[i].is_empty(), is_real(inputs[i]));
    if (gradients[i].is_empty()) continue;
    EXPECT_EQ(gradients[i].to_vector(), expected[at++].to_vector()) << "input " << i;
  }
  ASSERT_EQ(at, floating);
  for (const NamedParameter& p : layer->parameters()) {
    EXPECT_EQ(p.parameter.grad().to_vector(), expected[at++].to_vector()) << p.name;
  }
}

TEST_P(EveryLayer, TakesABatchOfNothing) {
  const Shared<Layer> layer = make(GetParam());
  layer->build(Inputs(zeros_for(GetParam(), 1)));
  const std::vector<Tensor> none = zeros_for(GetParam(), 0);
  const Shape expected = with_batch(predict(*layer, zeros_for(GetParam(), 1)).shape(), 0);
  try {
    EXPECT_EQ(predict(*layer, none).shape(), expected);
    EXPECT_EQ(train(*layer, none).shape(), expected);
    predict(*layer, none).to_vector();
    train(*layer, none).to_vector();
    for (const NamedState& s : layer->states()) {
      for (const double x : s.state.value().to_vector()) EXPECT_TRUE(std::isfinite(x)) << s.name;
    }
  } catch (const Error& error) {
    EXPECT_FALSE(GetParam().may_be_empty) << error.what();
  }
}

TEST_P(EveryLayer, NamesItselfInErrors) {
  const auto expect_named = [&](const std::vector<Tensor>& inputs, const char* what) {
    const Shared<Layer> layer = make(GetParam());
    layer->set_name("probe");
    const std::string text = message_of([&] { predict(*layer, inputs).to_vector(); });
    EXPECT_NE(text.find("In layer probe"), std::string::npos) << what << ": " << text;
  };
  std::vector<Tensor> inputs = inputs_of(GetParam(), 2);
  const Tensor first = inputs[0];
  if (GetParam().wrong != Shape()) {
    inputs[0] = zeros(GetParam().wrong, f64);
    expect_named(inputs, "another shape");
    inputs[0] = first;
  }
  const std::vector<Tensor> right = inputs;
  inputs.resize(count_names(make(GetParam())->input_names()));
  inputs.push_back(first);
  expect_named(inputs, "one input too many");
  inputs = right;
  inputs[0] = Tensor();
  expect_named(inputs, "an empty tensor");
  inputs.clear();
  expect_named(inputs, "no input");
}

TEST_P(EveryLayer, RefusesAnotherDtypeThanItsParameters) {
  const Shared<Layer> layer = make(GetParam());
  layer->set_name("probe");
  layer->build(Inputs(inputs_of(GetParam(), 1, f32)));
  const std::vector<Tensor> inputs = inputs_of(GetParam(), 1);
  if (layer->parameters().empty() && layer->states().empty()) return;
  if (std::none_of(inputs.begin(), inputs.end(), is_real)) return;
  const std::string text = message_of([&] { predict(*layer, inputs_of(GetParam(), 2, f64)); });
  EXPECT_NE(text.find("the input is f64, the parameters are f32"), std::string::npos) << text;
  EXPECT_NE(text.find("In layer probe"), std::string::npos) << text;
}

/// Whole numbers where the layer takes real ones, or hands on what it gets.
std::vector<Tensor> whole_inputs(const Layer& layer, std::vector<Tensor> inputs, DType dtype) {
  const std::string kept = cat(", ", layer.whole_inputs(), ",");
  std::string_view names = layer.input_names();
  for (Tensor& x : inputs) {
    const std::string name(names.substr(0, names.find_first_of(",?")));
    const bool is_index = name != "x" && kept.find(cat(", ", name, ",")) != std::string::npos;
    if (is_real(x) && !is_index) x = detach(cast(floor(abs(x) * 3) + 1, dtype));
    names.remove_prefix(std::min(names.size(), names.find(',')) + (names.find(',') < names.size() ? 2 : 0));
  }
  return inputs;
}

TEST_P(EveryLayer, TakesWholeNumbersAsF32) {
  for (const DType dtype : {u8, i32, i64}) {
    const Shared<Layer> of_whole = make(GetParam()), of_real = make(GetParam());
    const std::vector<Tensor> inputs = whole_inputs(*of_whole, inputs_of(GetParam(), 3, f32), dtype);
    std::vector<Tensor> real;
    for (std::size_t i = 0; i < inputs.size(); ++i)
      real.push_back(is_real(inputs_of(GetParam(), 3, f32)[i]) ? detach(cast(inputs[i], f32)) : inputs[i]);
    const Tensor expected = predict(*of_real, real), found = predict(*of_whole, inputs);
    EXPECT_EQ(found.to_vector(), expected.to_vector()) << name_of(dtype);
    EXPECT_NE(found.dtype(), f64);
    for (const NamedParameter& p : of_whole->parameters())
      EXPECT_EQ(p.parameter.value().dtype(), f32) << p.name;
    for (const NamedState& s : of_whole->states()) EXPECT_EQ(s.state.value().dtype(), f32) << s.name;
    EXPECT_EQ(predict(*of_whole, real).to_vector(), expected.to_vector());
  }
}

}  // namespace
}  // namespace chainrule::nn
