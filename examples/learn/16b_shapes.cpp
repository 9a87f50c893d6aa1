// Colours, shapes and clothes: what a convolutional net sees better than one of affine layers, and what not.
#include <chainrule/chainrule.h>
#include <chainrule/plot.h>

#include <cmath>
#include <cstdio>

#include "learn.h"
#include "nets.h"

using namespace chainrule;

/// Pictures of 20x20 with one shape, of any colour, in any place: made here, each a function of its number.
struct Drawn : data::Rows {
  static constexpr std::int64_t kSize = 20;
  bool of_colours;  ///< whether the class is the colour, or the shape

  Drawn(std::int64_t count, bool colours)
      : Rows(count, {{"x", f32, {3, kSize, kSize}}, {"t", i64, {}, colours ? kColours : kShapes}}),
        of_colours(colours) {}
  static const std::vector<std::string> kColours, kShapes;

  void gather(std::span<const std::int64_t> rows, std::span<const Array> out) const override {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      Random random(1, streams::kUser, static_cast<std::uint64_t>(rows[i]));
      const auto kind = static_cast<std::int64_t>(random.below(6)),
                 colour = static_cast<std::int64_t>(random.below(6));
      const double r = 3.5 + 2 * random.uniform(), x = 6 + 8 * random.uniform(), y = 6 + 8 * random.uniform();
      float* pixel = out[0].as<float>() + static_cast<std::int64_t>(i) * 3 * kSize * kSize;
      for (std::int64_t channel = 0; channel < 3; ++channel) {
        const double ink = ((colour + 1) >> channel & 1) != 0 ? 0.6 + 0.4 * random.uniform() : 0;
        for (std::int64_t at = 0; at < kSize * kSize; ++at) {
          const bool in = covers(kind, (static_cast<double>(at % kSize) - x) / r,
                                 (static_cast<double>(at / kSize) - y) / r);
          *pixel++ = static_cast<float>((in ? ink : 0) + 0.15 * random.uniform());
        }
      }
      out[1].as<std::int64_t>()[i] = of_colours ? colour : kind;
    }
  }
  static bool covers(std::int64_t kind, double x, double y) {
    const double d = std::hypot(x, y), a = std::fabs(x), b = std::fabs(y);
    const bool in[] = {d < 1,
                       d < 1 && d > 0.6,
                       a < 0.85 && b < 0.85,
                       y < 0.8 && y > 2 * a - 1,
                       a + b < 1.1,
                       (a < 0.3 && b < 1) || (b < 0.3 && a < 1)};
    return in[kind];
  }
};
const std::vector<std::string> Drawn::kColours{"red", "green", "yellow", "blue", "purple", "cyan"},
    Drawn::kShapes{"disc", "ring", "square", "triangle", "diamond", "cross"};

/// Trains both nets and says how many of the test pictures they get right.
void compare(const char* what, const data::Source& train, const data::Source& test, nn::Layer& flat,
             nn::Layer& seeing) {
  const train::FitOptions how{.epochs = 4, .lr = 0.002, .batch_size = 50};
  train::fit(flat, loss::softmax_cross_entropy, train, how);
  train::fit(seeing, loss::softmax_cross_entropy, train, how);
  std::printf("%s: affine layers %.3f, convolution %.3f\n", what,
              train::evaluate(flat, test, metric::accuracy), train::evaluate(seeing, test, metric::accuracy));
}

nn::Sequential conv_net(std::int64_t classes) {
  return nn::Sequential{nn::Conv2d{8},  nn::BatchNorm{}, nn::Relu{},         nn::MaxPool2d{2},
                        nn::Conv2d{16}, nn::BatchNorm{}, nn::Relu{},         nn::MaxPool2d{2},
                        nn::Affine{64}, nn::Relu{},      nn::Affine{classes}};
}

int main(int argc, char** argv) {
  const learn::Pictures pictures(argc, argv);
  std::vector<plot::Figure> figures;
  for (const bool of_colours : {true, false}) {
    const data::Source made = Drawn(4000, of_colours), kept = data::arrays(made.all(), made.class_names());
    const auto [train, test] = data::split(kept, 0.75, {.seed = 2});
    nn::Sequential flat = nn::mlp({64, 6}), seeing = conv_net(6);
    compare(of_colours ? "colours" : "shapes", train, test, flat, seeing);
    plot::Figure figure{.title = of_colours ? "told by colour" : "told by shape", .columns = 6};
    for (std::int64_t i = 0; i < 12; ++i) {
      const auto [x, t] = train.take({i});
      figure.tiles.push_back(
          learn::image(select(x, 0), train.class_names()[static_cast<std::size_t>(t.item())]));
    }
    figures.push_back(figure);
  }
  pictures.save("drawn", figures);

  const data::Dataset clothes = learn::images("fashion-mnist");
  const data::Source train = data::subset(clothes.train, 0, 6000), test = data::subset(clothes.test, 0, 2000);
  nn::Sequential flat = nn::mlp({64, 10}), seeing = conv_net(10);
  compare("clothes", train, test, flat, seeing);
  const plot::Subject subject{.model = {seeing.clone(), {}}, .rows = test};
  plot::Figure mistakes = plot::Mistakes().draw(subject).figures[0];
  mistakes.tiles.resize(6);
  pictures.save("clothes", std::vector{plot::Confusion().draw(subject).figures[0], mistakes});
}
