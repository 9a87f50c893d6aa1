// What a layer of one's own forgets to list, and handles that are empty.
#include <gtest/gtest.h>

#include <algorithm>

#include "chainrule/chainrule.h"
#include "chainrule/config.h"
#include "message_of.h"

namespace chainrule::nn {
namespace {

struct Twice : LayerOf<Twice> {
  static constexpr Info kInfo{.name = "twice", .doc = "An affine layer, twice."};
  Affine inner{2};
  Tensor compute(const Tensor& x, Pass& pass) const { return inner(inner(x, pass), pass); }
};

struct Forgotten : LayerOf<Forgotten> {
  static constexpr Info kInfo{.name = "forgotten", .doc = "x times a number that nobody lists."};
  Parameter factor;
  void init(Init& init) { init("factor", factor, {}, 1); }
  Tensor compute(const Tensor& x, Pass&) const { return x * factor.value(); }
};

/// Without the line of the call.
std::string message_of_call(const Layer& layer) {
  const std::string text = message_of([&] { layer(ones({1, 2})); });
  const std::size_t place = text.find(" Called from");
  return text.substr(0, place) + text.substr(std::min(text.find(" (E", place), text.size()));
}

/// Layers made as they are needed, and one that is built elsewhere, are nothing to list.
struct Borrowing : LayerOf<Borrowing> {
  static constexpr Info kInfo{.name = "borrowing", .doc = "What another layer gives, cut off at 0."};
  const Affine* other = nullptr;
  Tensor compute(const Tensor& x, Pass& pass) const { return Relu()((*other)(x, pass), pass); }
};

TEST(LayerMembers, ThatAreNotListedAreAnError) {
  EXPECT_EQ(
      message_of_call(Twice()),
      "[twice] affine is used, but not listed among its members: it would be neither trained nor saved. Add "
      "m(\"affine\", ...) to its members(); in Python, make it an attribute. (E247)");
  EXPECT_EQ(message_of_call(Forgotten()),
            "[forgotten] factor is used, but not listed among its members: it would be neither trained nor "
            "saved. Add "
            "m(\"factor\", ...) to its members(); in Python, make it an attribute. (E247)");
  Affine affine(3);
  affine.build(ones({1, 2}));
  Borrowing borrowing;
  borrowing.other = &affine;
  EXPECT_EQ(borrowing(ones({4, 2})).shape(), (Shape{4, 3}));
}

TEST(LayerMembers, EmptyHandlesAreAnError) {
  Sequential net{Affine(2)};
  net.layers.push_back({});
  const std::string expected = "[sequential] layer 2 of 2 is an empty handle. Put a layer there.";
  EXPECT_EQ(message_of([&] { net(ones({1, 2})); }).substr(0, expected.size()), expected);
  EXPECT_EQ(net.describe(), "sequential([affine(2), none])");
  EXPECT_EQ(net.clone()->parameters().size(), 2u);
  EXPECT_EQ(message_of([] {
              registry<Layer>().add({nullptr, nullptr});
            }),
            "[registry] a layer without Info, or without a function that makes it. Use add<T>(). (E220)");
}

TEST(Windows, HaveOneNumberOrOneAnAxis) {
  const auto message_on = [](const char* text, const Shape& shape) {
    return message_of([&] { config::make<Layer>(text)->predict(ones(shape)); });
  };
  const auto message = [&](const char* text) { return message_on(text, {1, 1, 9, 9}); };
  const auto expect_start = [](const std::string& text, const char* start) {
    EXPECT_EQ(text.find(start), 0u) << text;
    EXPECT_NE(text.find("(E250)"), std::string::npos) << text;
  };
  expect_start(message_on("conv1d(3, kernel=[1, 2])", {1, 1, 9}), "[conv1d] kernel has 2 numbers; need one.");
  expect_start(message_on("conv3d(3, stride=[1, 2])", {1, 1, 3, 3, 3}),
               "[conv3d] stride has 2 numbers; need one, or three: depth, height and width.");
  expect_start(message_on("conv1d(3, padding=[1, 2, 3])", {1, 1, 9}),
               "[conv1d] padding has 3 numbers; need one, or 2, those before the image first.");
  expect_start(message("max_pool2d(padding=[1, 1, 1])"),
               "[max_pool2d] padding has 3 numbers; need one, 2, or 4, those before the image first.");
  expect_start(message("pad([1, 1, 1])"),
               "[pad] widths has 3 numbers; need one, 2, or 4, those before the image first.");
  expect_start(message("conv_transpose2d(2, output_padding=[0, 0, 0])"),
               "[conv_transpose2d] output_padding has 3 numbers; need one, or two: height and width.");
  EXPECT_EQ(message("conv2d(3, kernel=[1, 2, 3])")
                .find("[conv2d] kernel has 3 numbers; need one, or two: height and "
                      "width. Called from layer_members_test.cpp:"),
            0u);
  for (const char* text : {"conv2d(3, kernel=[])", "conv2d(3, 3, stride=[1, 1, 1])",
                           "conv2d(3, 3, padding=[])", "conv2d(3, 3, dilation=[1, 2, 3])", "avg_pool2d([])",
                           "max_pool2d(dilation=[])", "max_pool2d([])", "max_pool2d(2, stride=[1, 2, 3])"}) {
    EXPECT_NE(message(text).find("(E250)"), std::string::npos) << text << ": " << message(text);
  }
  EXPECT_EQ(message("max_pool2d(2, stride=[])"), "no error");
  EXPECT_EQ(message("conv2d(3, padding=sam)"),
            "[config] column 19: 'padding' of conv2d cannot be 'sam'. Did you mean 'same'? Need one of same. "
            "(E229)");
  EXPECT_EQ(message("conv2d(3, padding=-1)"),  // which is how "same" is stored
            "[config] column 19: 'padding' of conv2d holds -1. Need at least 0. (E228)");
  EXPECT_EQ(
      message("conv2d(3, padding=[same, 1])"),
      "[config] column 20: 'padding' of conv2d holds the text \"same\". Need a list of integers or same, "
      "each at least 0. (E227)");
}

struct Gate : LayerOf<Gate> {
  static constexpr Info kInfo{.name = "gate", .doc = "A layer times a number."};
  Affine inner{3};
  Parameter factor;
  void members(Members& m) { m("inner", inner), m("factor", factor); }
  void init(Init& init) { init("factor", factor, {}, 1); }
  Tensor compute(const Tensor& x, Pass& pass) const { return inner(x, pass) * factor.value(); }
};

TEST(Summary, CountsWhatALayerHoldsBesideOthers) {
  const std::string text = Sequential(Gate(), Affine(2)).summary(ones({1, 4}));
  EXPECT_NE(text.find("gate1 "), std::string::npos) << text;
  EXPECT_NE(text.find("gate1.inner "), std::string::npos) << text;
  EXPECT_NE(text.find("24 parameters"), std::string::npos) << text;  // 4 3 + 3, 1, 3 2 + 2
}

}  // namespace
}  // namespace chainrule::nn
