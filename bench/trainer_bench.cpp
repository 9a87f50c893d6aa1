// What the Trainer costs over the loop by hand: the two-layer net of the books, batches of 100 of 60,000
// images, with a handler that looks at each step. Blocks of steps take turns, so that what the machine does
// else meets both.
//     build/release/bench/bench_trainer [BLOCKS]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "chainrule/chainrule.h"

namespace {

using namespace chainrule;

constexpr std::int64_t kBlock = 100;

data::ImageSet noise() {
  data::ImageSet set;
  set.count = 60000, set.height = 28, set.width = 28;
  Random random(1);
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(set.count * set.image_size())), labels;
  for (std::uint8_t& pixel : pixels) pixel = static_cast<std::uint8_t>(random());
  for (std::int64_t i = 0; i < set.count; ++i) labels.push_back(static_cast<std::uint8_t>(random.below(10)));
  set.pixels = pixels, set.labels = labels;
  return set;
}

struct Net {
  nn::TwoLayerNet net{nn::TwoLayerNet::Options{}};
  optim::Optimizer optimizer{net, optim::Sgd{}, {.lr = 0.1}};
};

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2),
                   values.end());
  return values[values.size() / 2];
}

template <class F>
double microseconds_a_step(F&& f) {
  const auto start = std::chrono::steady_clock::now();
  f();
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count() / kBlock;
}

}  // namespace

int main(int argc, char** argv) {
  const int blocks = argc > 1 ? std::max(1, std::atoi(argv[1])) : 200;
  const data::Source source = data::images(noise(), {.flat = true});
  Net by_hand, trained;
  data::Loader loader(source, {.seed = 1});
  train::Trainer trainer({trained.net, loss::softmax_cross_entropy, {metric::accuracy}}, trained.optimizer,
                         {source, {.seed = 1}}, {.seed = 1});
  double seen = 0;
  trainer.on(steps(1), [&](const train::State& state) { seen += state.loss; });
  std::int64_t step = 0;
  double sum = 0;
  std::vector<double> hand, train;
  for (int block = 0; block < blocks; ++block) {
    hand.push_back(microseconds_a_step([&] {
      for (const std::int64_t end = step + kBlock; step < end; ++step) {
        const auto [x, t] = loader.at(step);
        auto pass = nn::Pass::training(1, step);
        sum += by_hand.optimizer.step(softmax_cross_entropy(by_hand.net.forward(x, pass), t), pass);
      }
    }));
    train.push_back(microseconds_a_step([&] { trainer.run(steps(kBlock)); }));
  }
  const double a = median(hand), b = median(train);
  std::printf("loop by hand %.1f us/step, trainer %.1f us/step: %+.1f %%; the losses %s\n", a, b,
              100 * (b / a - 1), sum == seen ? "are the same" : "DIFFER");
  return sum == seen ? 0 : 1;
}
