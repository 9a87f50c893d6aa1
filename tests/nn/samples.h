#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "chainrule/nn.h"
#include "chainrule/ops.h"

namespace chainrule::nn {

/// An input of a layer to be tried: numbers, class numbers below `classes`, or shares from 0.1 to 0.9.
struct SampleInput {
  Shape shape;  // with a batch of one
  std::int64_t classes = 0;
  bool is_left_out = false;  // of those that may be
  bool is_share = false;
};

/// A layer with settings, and what it takes.
struct LayerSample {
  std::string text;  // as configurations write it
  std::vector<SampleInput> inputs;
  bool differs_in_training = false;
  bool is_random = false;    // in training
  bool may_be_empty = true;  // whether a batch of nothing has a value
  double step = 1e-3;        // of differences: smaller where thousands of kinks lie around
  Shape wrong = {};          // a shape of the first input that it must refuse; (): it takes every shape

  std::string kind() const { return text.substr(0, text.find('(')); }
};
/// For the names of tests.
std::ostream& operator<<(std::ostream& out, const LayerSample& sample);

/// At least one for each layer that has a name.
const std::vector<LayerSample>& samples();
/// Those of layers of sequences.
std::vector<LayerSample> sequence_samples();

Shared<Layer> make(const LayerSample& sample);
/// The shape with so many rows for each there is; () stays ().
Shape with_batch(const Shape& shape, std::int64_t batch);
/// Fixed random numbers. @param dtype  of inputs that are no class numbers.
std::vector<Tensor> inputs_of(const LayerSample& sample, std::int64_t batch, DType dtype = f64);
std::vector<Tensor> zeros_for(const LayerSample& sample, std::int64_t batch, DType dtype = f64);
/// Whether an input was given and has a gradient.
inline bool is_real(const Tensor& input) { return !input.is_empty() && is_floating(input.dtype()); }

/// The example of chainrule/nn/layer.h, as a program outside of this tree writes it.
struct Scale : LayerOf<Scale> {
  static constexpr Info kInfo{.name = "scale", .doc = "x times a trained number."};
  Parameter factor;
  void members(Members& m) { m("factor", factor); }
  void init(Init& init) { init("factor", factor, {}, 1); }
  Tensor compute(const Tensor& x, Pass&) const { return x * factor.value(); }
};

/// A test of each sample.
class EveryLayer : public ::testing::TestWithParam<LayerSample> {};
std::string test_name(const ::testing::TestParamInfo<LayerSample>& info);

}  // namespace chainrule::nn
