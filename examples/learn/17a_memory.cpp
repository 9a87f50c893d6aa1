// Memory: recurrent nets that repeat a number, and that keep a borrow in mind.
#include <chainrule/chainrule.h>

#include <cstdio>

#include "learn.h"
#include "nets.h"

using namespace chainrule;

/// A recurrent layer, and a number at each step from what it says.
template <class Reader>
struct EachStep : nn::LayerOf<EachStep<Reader>> {
  static constexpr Info kInfo{.name = "each_step", .doc = "A number at each step."};
  Reader reader;
  nn::Linear output{1};
  explicit EachStep(std::int64_t hidden) : reader(hidden) {}
  void members(nn::Members& m) {
    m("reader", reader);
    m("output", output);
  }
  Tensor compute(const Tensor& x, nn::Pass& pass) const { return squeeze(output(reader(x, pass), pass), -1); }
};

/// Two steps of noise; what is to be said is the number of the step before, at first 0.
learn::Rows echo() {
  const Tensor x = uniform({200, 2, 1}, {.seed = 1});
  return {x, concatenate({zeros({200, 1}), slice(squeeze(x, 2), 1, 0, 1)}, 1)};
}

/// All differences of four bits that are not negative, the lowest bit first: (136, 4, 2) and (136, 4).
learn::Rows differences() {
  std::vector<double> x, t;
  for (int a = 0; a < 16; ++a) {
    for (int b = 0; b <= a; ++b) {
      for (int bit = 0; bit < 4; ++bit)
        x.push_back(a >> bit & 1), x.push_back(b >> bit & 1), t.push_back((a - b) >> bit & 1);
    }
  }
  return {from_data(x, {136, 4, 2}), from_data(t, {136, 4})};
}

void learn_echo() {
  const learn::Rows rows = learn::read("ch19.train_echo.npz", echo, f32),
                    held = learn::read("ch19.test_echo.npz", echo, f32);
  EachStep<nn::Rnn> net(4);
  train::fit(net, loss::mse, data::arrays(rows.x, rows.t), {.epochs = 200, .lr = 0.01});
  std::printf("echo: mean squared error %.5f\n", mse(net.predict(held.x), held.t).item());
  const Tensor said = net.predict(held.x);
  for (std::int64_t i = 0; i < 3; ++i) {
    const auto in = select(held.x, i).to_vector(), out = select(said, i).to_vector();
    std::printf("heard %.2f %.2f, says %.2f %.2f\n", in[0], in[1], out[0], out[1]);
  }
}

/// How many of all differences are right while it learns.
template <class Reader>
plot::Series learn_differences(const learn::Rows& rows) {
  EachStep<Reader> net(16);
  optim::Optimizer optimizer(net, optim::Adam{}, {.lr = 0.01});
  train::Trainer trainer({net, loss::binary_cross_entropy_with_logits}, optimizer,
                         {data::arrays(rows.x, rows.t), {.batch_size = 32, .seed = 1}});
  trainer.on(epochs(5), train::measure("right", [&](train::Trainer&) {
               return sum(all(equal(net.predict(rows.x) > 0, rows.t > 0), 1)).item();
             }));
  trainer.run(epochs(100));
  const std::string name(Reader::kInfo.name);
  std::printf("%s: %.0f of 136 differences are right\n", name.c_str(), trainer.history().back()["right"]);
  return learn::curve(trainer.history(), "right", name);
}

int main(int argc, char** argv) {
  learn_echo();
  std::printf("\n");
  const learn::Rows rows = learn::read("ch19.train_minus.npz", differences, f32);
  plot::Figure figure{.title = "differences that are right, of 136", .x = {.label = "epoch"}};
  figure.series = {learn_differences<nn::Rnn>(rows), learn_differences<nn::Lstm>(rows),
                   learn_differences<nn::Gru>(rows)};
  learn::Pictures(argc, argv).save("differences", figure);
}
