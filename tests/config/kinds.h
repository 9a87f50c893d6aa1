#pragma once

#include <array>

#include "chainrule/config.h"

// Kinds of objects for the tests, as a program declares them, and a struct with a setting of every kind.
namespace chainrule {

struct Schedule : Configurable {};
struct Rule : Configurable {};
struct Layer : Configurable {};

struct Constant : ConfigurableOf<Constant, Schedule> {
  static constexpr Info kInfo{.name = "constant", .doc = "The same at every step."};
  double rate = 0.01;
  void fields(Fields& f) { f("rate", rate, "the learning rate", at_least(0)); }
};

struct Cosine : ConfigurableOf<Cosine, Schedule> {
  static constexpr Info kInfo{.name = "cosine", .doc = "Half a wave down."};
  double low = 0;
  std::int64_t epochs = 10;
  void fields(Fields& f) {
    f("low", low, "where it ends", fraction());
    f("epochs", epochs, "how long it takes", at_least(1));
  }
};

struct Warmup : ConfigurableOf<Warmup, Schedule> {
  static constexpr Info kInfo{.name = "warmup", .doc = "A line up, then another schedule."};
  std::int64_t steps = 100;
  Shared<Schedule> then;
  void fields(Fields& f) {
    f("steps", steps, "of the line", at_least(0));
    f("then", then, "what follows");
  }
};

struct Limits {
  double norm = 0;
  bool strict = false;
  void fields(Fields& f) {
    f("norm", norm, "largest norm of a gradient, 0 for none", at_least(0));
    f("strict", strict, "whether to stop instead");
  }
};

struct Sgd : ConfigurableOf<Sgd, Rule> {
  static constexpr Info kInfo{.name = "sgd", .doc = "Gradient descent."};
  double lr = 0.01, momentum = 0;
  bool nesterov = false;
  Limits clip;
  Shared<Schedule> schedule;
  void fields(Fields& f) {
    f("lr", lr, "the learning rate", above(0));
    f("momentum", momentum, "what is left of the velocity", fraction());
    f("nesterov", nesterov, "whether to look ahead");
    f("clip", clip, "limits of the gradient");
    f("schedule", schedule, "of the learning rate");
  }
};

struct Adam : ConfigurableOf<Adam, Rule> {
  static constexpr Info kInfo{.name = "adam", .doc = "Moments of the gradient."};
  double lr = 0.001;
  std::vector<double> betas = {0.9, 0.999};
  void fields(Fields& f) {
    f("lr", lr, "the learning rate", above(0));
    f("betas", betas, "what is left of the moments", fraction());
  }
};

struct Relu : ConfigurableOf<Relu, Layer> {
  static constexpr Info kInfo{.name = "relu", .doc = "What is above 0 | else 0."};
};

enum class Border : std::uint8_t { none, same, reflect };
inline constexpr std::array<std::string_view, 3> kPaddings = {"none", "same", "reflect"};

struct Conv2d : ConfigurableOf<Conv2d, Layer> {
  static constexpr Info kInfo{.name = "conv2d", .doc = "A convolution of images."};
  std::int64_t filters = 1, kernel = 3, stride = 1;
  Border padding = Border::none;
  void fields(Fields& f) {
    f("filters", filters, "channels of the result", at_least(1));
    f("kernel", kernel, "side of the window", at_least(1));
    f("stride", stride, "step of the window", at_least(1));
    f("padding", padding, kPaddings, "what is around the image");
  }
};

struct Sequential : ConfigurableOf<Sequential, Layer> {
  static constexpr Info kInfo{.name = "sequential", .doc = "One after another."};
  std::vector<Shared<Layer>> layers;
  void fields(Fields& f) { f("layers", layers, "in their order"); }
};

/// Without a default: made by the program only.
struct Lambda : ConfigurableOf<Lambda, Schedule> {
  static constexpr Info kInfo{.name = "lambda", .doc = "A function of the program."};
  explicit Lambda(double at) : factor(at) {}
  double factor;
  void fields(Fields& f) { f("factor", factor, "of the rate"); }
};

template <>
Registry& registry<Schedule>();
template <>
Registry& registry<Rule>();
template <>
Registry& registry<Layer>();

struct Train {
  std::int64_t epochs = 10;
  double validation = 0.1;
  Limits clip;
  void fields(Fields& f) {
    f("epochs", epochs, "how often all examples are seen", between(1, 1000));
    f("validation", validation, "the part that is held back", fraction());
    f("clip", clip, "limits of the gradient");
  }
};

/// A setting of every kind.
struct RunSettings {
  bool shuffle = true;
  std::int64_t batch = 100;
  std::uint64_t seed = 1;
  double scale = 1;
  std::string name = "run";
  Border padding = Border::same;
  std::vector<std::int64_t> sizes = {50, 10};
  std::vector<double> weights;
  std::vector<std::string> tags = {"a"};
  Shared<Rule> optimizer = make_shared<Sgd>();
  std::vector<Shared<Layer>> layers;
  Train train;
  std::vector<Limits> clips;
  void fields(Fields& f) {
    f("shuffle", shuffle, "whether the order is drawn");
    f("batch", batch, "examples a step", at_least(1));
    f("seed", seed, "of all random numbers");
    f("scale", scale, "of the inputs");
    f("name", name, "of the folder");
    f("padding", padding, kPaddings, "of images");
    f("sizes", sizes, "of layers", at_least(1));
    f("weights", weights, "of classes", between(0, 1));
    f("tags", tags, "to find it by");
    f("optimizer", optimizer, "what makes steps");
    f("layers", layers, "of the net");
    f("train", train, "how long, and on what");
    f("clips", clips, "of parts of the net");
  }
};

}  // namespace chainrule
