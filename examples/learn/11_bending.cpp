// Two arcs and a coin: a hidden layer moves the points until a straight line can part them.
#include <chainrule/chainrule.h>
#include <chainrule/plot.h>

#include <cstdio>

#include "learn.h"

using namespace chainrule;

/// Two arcs, one above the other.
learn::Rows arcs() {
  const Tensor t = cast(reshape(arange(400) >= 200, {400, 1}), f64);
  const Tensor x = uniform({400, 1}, {.seed = 1}, -1, 1, f64),
               noise = normal({400, 1}, {.seed = 2}, 0, 0.05, f64);
  return {concatenate({x, t - square(x) + noise}, 1), t};
}

/// A ring around a square hole: the hole, the ring and what is outside are 1, 2 and 3.
learn::Rows coin() {
  const Tensor x = uniform({1000, 2}, {.seed = 1}, -1, 1, f64);
  const Tensor in_hole = all(abs(x) < 0.4, 1, true), in_coin = sum(square(x), 1, true) < 0.7;
  return {x, where(in_hole, 1.0, where(in_coin, 2.0, 3.0))};
}

/// Points as dots, a colour a class.
plot::Figure scatter(const std::string& title, const Tensor& points, const Tensor& t, std::int64_t classes) {
  plot::Figure figure{.title = title};
  const auto x = points.to_vector(), label = t.to_vector();
  for (std::int64_t of = 0; of < classes; ++of) {
    plot::Series dots{.style = plot::Series::Style::dots};
    for (std::size_t i = 0; i < label.size(); ++i) {
      if (label[i] == static_cast<double>(of)) dots.x.push_back(x[2 * i]), dots.y.push_back(x[2 * i + 1]);
    }
    figure.series.push_back(dots);
  }
  return figure;
}

/// A net of two hidden units, and where each layer puts the points.
void part_arcs(const learn::Pictures& pictures) {
  const learn::Rows rows = learn::read("ch10.train.npz", arcs), held = learn::read("ch10.test.npz", arcs);
  const auto scaler = data::standardize(data::arrays(rows.x, rows.t));
  const data::Source train = scaler(data::arrays(rows.x, rows.t)),
                     test = scaler(data::arrays(held.x, held.t));
  nn::Sequential net{nn::Affine{2}, nn::Sigmoid{}, nn::Affine{1}};
  train::fit(net, loss::binary_cross_entropy_with_logits, train,
             {.epochs = 500, .lr = 0.03, .batch_size = 20});
  std::printf("two arcs: right %.3f of the test points\n", train::evaluate(net, test, metric::accuracy));

  const auto [x, t] = train.all();
  const Tensor z = net[0].predict(x), a = net[1].predict(z);
  pictures.save("layers", std::vector{scatter("the points", x, t, 2), scatter("behind W x + b", z, t, 2),
                                      scatter("behind the sigmoid", a, t, 2)});
  plot::Subject subject{.model = {net.clone(), {}}, .rows = test};
  pictures.save("arcs", plot::Decision().draw(subject).figures);
}

/// More units, more corners.
void part_coin(const learn::Pictures& pictures) {
  const learn::Rows rows = learn::read("ch11.train.npz", coin), held = learn::read("ch11.test.npz", coin);
  const auto source = [](const learn::Rows& of) {
    return data::arrays(of.x, cast(reshape(of.t - 1, {-1}), i64), {"1", "2", "3"});
  };
  const auto scaler = data::standardize(source(rows));
  const data::Source train = scaler(source(rows)), test = scaler(source(held));
  std::vector<plot::Figure> maps;
  for (const std::int64_t units : {2, 3, 8}) {
    nn::Sequential net{nn::Affine{units}, nn::Sigmoid{}, nn::Affine{3}};
    train::fit(net, loss::softmax_cross_entropy, train,
               {.epochs = 300, .lr = optim::cosine(0.1, epochs(300)), .batch_size = 10});
    const double right = train::evaluate(net, test, metric::accuracy);
    std::printf("coin, %lld hidden units: right %.3f of the test points\n", static_cast<long long>(units),
                right);
    maps.push_back(plot::Decision().draw({.model = {net.clone(), {}}, .rows = test}).figures[0]);
    maps.back().title = learn::text("%lld hidden units", static_cast<long long>(units));
  }
  pictures.save("coin", maps);
}

int main(int argc, char** argv) {
  const learn::Pictures pictures(argc, argv);
  part_arcs(pictures);
  part_coin(pictures);
}
