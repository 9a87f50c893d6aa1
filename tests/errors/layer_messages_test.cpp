// Messages about layers: the mistakes behind the examples of docs/errors.md, and that layers are named.
#include <gtest/gtest.h>

#include "chainrule/chainrule.h"
#include "errors/mistake.h"

namespace chainrule {
namespace {

/// A user's layer that takes a size from an input that may be left out.
struct Shifted : nn::LayerOf<Shifted> {
  static constexpr Info kInfo{.name = "shifted", .doc = "x + h W."};
  static constexpr std::string_view kInputs = "x, h?";
  nn::Parameter weight;
  void members(nn::Members& m) { m("weight", weight); }
  void init(nn::Init& init) { init("weight", weight, {init.size(1, 1)}, 1); }
  Tensor compute(const Tensor& x, const Tensor& h, nn::Pass&) const {
    return h.is_empty() ? x : x + h * weight.value();
  }
};

/// Frees at the end what a net that holds itself would keep for ever.
struct Unheld {
  nn::Sequential& net;
  ~Unheld() { net.layers.pop_back(); }
};

}  // namespace

std::vector<Mistake> layer_mistakes() {
  return {
      {240,
       [] {
         nn::Affine layer(10);
         layer.weight.value();
       }},
      {241,
       [] {
         Shifted().predict(ones({2, 3}));
       }},
      {242,
       [] {
         nn::Ports outputs(ones({2}));
         outputs[1];
       }},
      {243,
       [] {
         nn::Affine layer(10);
         layer.build(zeros({1, 4}));
         layer.predict(zeros({1, 4}, f64));
       }},
      {244,
       [] {
         nn::Sequential net;
         net.predict(zeros({1, 4}));
       }},
      {250,
       [] {
         nn::Conv2d layer(3, {1, 2, 3});
         layer.predict(zeros({1, 1, 9, 9}));
       }},
      {251,
       [] {
         nn::LayerNorm layer(2);
         layer.predict(zeros({8, 5}));
       }},
      {252,
       [] {
         nn::Flatten layer(2, 3);
         layer.predict(zeros({8, 5, 4}));
       }},
      {253,
       [] {
         nn::TimeDistributed layer{nn::Relu()};
         layer.predict(zeros({8}));
       }},
      {254,
       [] {
         const Shared<nn::Layer> net(new nn::Sequential(nn::Relu()));
         auto& inside = dynamic_cast<nn::Sequential&>(*net);
         inside.append(net);
         const Unheld unheld{inside};
         net->predict(zeros({1, 2}));
       }},
      {255,
       [] {
         nn::Mlp net;
         net.predict(zeros({1, 784}));
       }},
      {661,
       [] {
         nn::Residual(nn::Affine(1)).predict(ones({4, 5}));
       }},
      {662,
       [] {
         nn::Affine layer(2);
         layer.build(ones({1, 3}));
         layer.predict(ones({2, 4}));
       }},
  };
}

namespace {

TEST(ErrorMessages, NameTheLayer) {
  nn::Sequential net(nn::Affine(zeros({3, 5}), zeros({5})), nn::Relu(),
                     nn::Affine(zeros({4, 2}), zeros({2})));
  int line = 0;
  try {
    line = __LINE__, net.forward(zeros({7, 3}));
    FAIL() << "no error";
  } catch (const ShapeError& error) {
    EXPECT_STREQ(error.what(),
                 ("[affine] weight is (4, 2), but the layer needs (5, 2) here. In layer affine2, "
                  "called from layer_messages_test.cpp:" +
                  std::to_string(line) + ". (E042)")
                     .c_str());
  }
}

}  // namespace
}  // namespace chainrule
