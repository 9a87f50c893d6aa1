// Colours, shapes and clothes: what a convolutional net sees better than one of affine layers, and what not.
#include <chainrule/chainrule.h>
#include <chainrule/plot.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "learn.h"
#include "nets.h"

using namespace chainrule;

const std::vector<std::string> kColours{"red", "green", "yellow", "blue", "purple", "cyan"},
    kShapes{"disc", "ring", "square", "triangle", "diamond", "cross"};

/// What is asked, and the largest share of the ground that is lit, in each colour.
struct Question {
  const char* what;
  bool of_colours = false;
  double specks = 0;
};

/// Pictures with one shape, of any colour, in any place: made here, each a function of its number.
struct Drawn : data::Rows {
  static constexpr std::int64_t kSize = 24;
  Question asked;
  Drawn(std::int64_t count, const Question& q)
      : Rows(count, {{"x", f32, {3, kSize, kSize}}, {"t", i64, {}, q.of_colours ? kColours : kShapes}}),
        asked(q) {}
  void gather(std::span<const std::int64_t> rows, std::span<const Array> out) const override {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      Random random(1, streams::kUser, static_cast<std::uint64_t>(rows[i]));
      const std::uint64_t kind = random.below(6), colour = random.below(6);
      const double r = 3.5 + 2 * random.uniform(), room = kSize - 1 - 2 * r;
      const double x = r + room * random.uniform(), y = r + room * random.uniform();
      float* pixel = out[0].as<float>() + static_cast<std::int64_t>(i) * 3 * kSize * kSize;
      for (std::int64_t channel = 0; channel < 3; ++channel) {
        const double ink = ((colour + 1) >> channel & 1) != 0 ? 0.6 + 0.4 * random.uniform() : 0,
                     lit = asked.specks * random.uniform();
        for (std::int64_t at = 0; at < kSize * kSize; ++at) {
          const bool in = covers(kind, (static_cast<double>(at % kSize) - x) / r,
                                 (static_cast<double>(at / kSize) - y) / r);
          const double ground = random.uniform() < lit ? 0.6 + 0.4 * random.uniform() : 0;
          *pixel++ = static_cast<float>((in ? ink : ground) + 0.15 * random.uniform());
        }
      }
      out[1].as<std::int64_t>()[i] = static_cast<std::int64_t>(asked.of_colours ? colour : kind);
    }
  }
  static bool covers(std::uint64_t kind, double x, double y) {
    const double d = std::hypot(x, y), a = std::fabs(x), b = std::fabs(y);
    const bool square = std::max(a, b) < 0.85, cross = std::min(a, b) < 0.3 && std::max(a, b) < 1;
    const bool in[] = {d < 1, d < 1 && d > 0.6, square, y < 0.8 && y > 2 * a - 1, a + b < 1.1, cross};
    return in[kind];
  }
};

nn::Sequential conv_net(std::int64_t classes) {
  return nn::Sequential{nn::Conv2d{8},  nn::BatchNorm{}, nn::Relu{},         nn::MaxPool2d{2},
                        nn::Conv2d{16}, nn::BatchNorm{}, nn::Relu{},         nn::MaxPool2d{2},
                        nn::Affine{64}, nn::Relu{},      nn::Affine{classes}};
}

/// Trains both nets, says how many of the test pictures they get right, and gives the second.
nn::Sequential compare(const char* what, const data::Source& train, const data::Source& test) {
  const auto classes = static_cast<std::int64_t>(train.class_names().size());
  const train::FitOptions how{.epochs = 5, .lr = 0.002, .batch_size = 50};
  nn::Sequential flat = nn::mlp({64, classes}), seeing = conv_net(classes);
  train::fit(flat, loss::softmax_cross_entropy, train, how);
  train::fit(seeing, loss::softmax_cross_entropy, train, how);
  std::printf("%s: affine layers %.3f, convolution %.3f\n", what,
              train::evaluate(flat, test, metric::accuracy), train::evaluate(seeing, test, metric::accuracy));
  return seeing;
}

int main(int argc, char** argv) {
  std::vector<plot::Figure> figures;
  for (const Question& q : {Question{"colours", true}, {"among specks", true, 0.2}, {"shapes"}}) {
    const data::Source made = Drawn(4000, q);
    const auto [train, test] = data::split(data::arrays(made.all(), made.class_names()), 0.75, {.seed = 2});
    compare(q.what, train, test);
    plot::Figure figure{.title = q.what, .columns = 4};
    for (std::int64_t i = 0; i < 12; ++i) {
      const auto [x, t] = train.take({i});
      figure.tiles.push_back(
          learn::image(select(x, 0), train.class_names()[static_cast<std::size_t>(t.item())]));
    }
    figures.push_back(figure);
  }
  const learn::Pictures pictures(argc, argv);
  pictures.save("drawn", figures);

  const data::Dataset clothes = learn::images("fashion-mnist");
  const data::Source train = data::subset(clothes.train, 0, 6000), test = data::subset(clothes.test, 0, 2000);
  const plot::Subject subject{.model = {compare("clothes", train, test).clone(), {}}, .rows = test};
  plot::Figure mistakes = plot::Mistakes().draw(subject).figures[0];
  mistakes.tiles.resize(6);
  pictures.save("clothes", std::vector{plot::Confusion().draw(subject).figures[0], mistakes});
}
