// A table: who earns more than 50,000 dollars a year? Scaling, words as numbers, the best weights, and what a
// share that is right does not tell.
#include <chainrule/chainrule.h>
#include <chainrule/plot.h>

#include <cmath>
#include <cstdio>

#include "learn.h"
#include "nets.h"

using namespace chainrule;

/// How many different words each column has; 0: it is a number.
constexpr std::int64_t kWords[] = {0, 7, 0, 16, 0, 7, 14, 6, 5, 2, 0, 0, 0, 41};

/// People who do not exist: those who are older, learnt longer and work longer earn more, as a rule.
learn::Rows made(std::int64_t people, std::uint64_t seed) {
  std::vector<Tensor> columns;
  for (std::size_t i = 0; i < std::size(kWords); ++i) {
    const Tensor drawn = uniform({people, 1}, {.seed = seed, .stream = i}, 0, 1, f64);
    columns.push_back(kWords[i] > 0 ? floor(static_cast<double>(kWords[i]) * square(drawn)) : drawn);
  }
  columns[0] = 17 + 60 * columns[0], columns[4] = 1 + 15 * columns[4], columns[12] = 99 * columns[12];
  columns[2] = 2e5 * columns[2], columns[10] = 1e4 * pow(columns[10], 9),
  columns[11] = 1e3 * pow(columns[11], 9);
  const Tensor married = equal(columns[5], 0), manager = equal(columns[6], 3),
               noise = normal({people, 1}, {.seed = seed + 1}, 0, 1, f64);
  const Tensor score = columns[0] / 40 + columns[4] / 5 + columns[12] / 50 + 2 * cast(married, f64) +
                       2 * cast(manager, f64) + noise;
  return {concatenate(columns, 1), cast(score > 6.1, f64)};
}

/// Each word of a column gets a column of its own, with a 1 where it stands.
Tensor words_apart(const Tensor& x) {
  std::vector<Tensor> parts;
  for (std::size_t i = 0; i < std::size(kWords); ++i) {
    const Tensor column = select(x, static_cast<std::int64_t>(i), 1);
    parts.push_back(kWords[i] > 0 ? one_hot(cast(column, i64), kWords[i]) : reshape(column, {-1, 1}));
  }
  return concatenate(parts, 1);
}

/// Three parts: to learn from, to choose the weights by, to measure.
struct People {
  data::Source train, validation, test;
  People(const learn::Rows& known, const learn::Rows& held, Tensor (*inputs)(const Tensor&), bool scaled)
      : test(data::arrays(inputs(held.x), held.t)) {
    const auto parts = data::split(data::arrays(inputs(known.x), known.t), 0.9, {.seed = 1});
    train = parts.train, validation = parts.test;
    if (!scaled) return;
    const auto scaler = data::standardize(train);
    train = scaler(train), validation = scaler(validation), test = scaler(test);
  }
};

/// Trains on people, keeps the weights of the epoch that was best for the validation part, and measures them
/// once.
train::History learn_from(const People& people, const char* what, nn::Layer& net) {
  optim::Optimizer optimizer(net, optim::Adam{}, {.lr = 0.001});
  train::Trainer trainer({net, loss::binary_cross_entropy_with_logits, {metric::accuracy}}, optimizer,
                         {people.train, {.batch_size = 64, .seed = 1}});
  trainer.on(epochs(1), train::evaluate(people.validation, {.name = "validation"}));
  trainer.on(epochs(1), train::keep_best("validation.accuracy"));
  trainer.run(epochs(15));
  std::printf("%-42s %.4f\n", what, train::evaluate(net, people.test, metric::accuracy));
  return trainer.history();
}

int main(int argc, char** argv) {
  const auto read = [](const char* file, learn::Rows (*make)()) { return learn::read(file, make, f32); };
  const learn::Rows known = read("ch14.Income.train.npz", [] { return made(30000, 1); });
  const learn::Rows held = read("ch14.Income.test.npz", [] { return made(15000, 5); });
  const auto as_they_are = [](const Tensor& x) { return x; };
  const People raw(known, held, as_they_are, false), scaled(known, held, as_they_are, true),
      apart(known, held, words_apart, true);

  std::printf("right of %d people:\n", static_cast<int>(held.t.numel()));
  std::printf("%-42s %.4f\n", "\"no\" for everybody", 1 - mean(held.t).item());
  nn::Sequential unscaled = nn::mlp({32, 16, 8, 4, 1}), line = nn::mlp({1}), net = nn::mlp({32, 16, 8, 4, 1}),
                 better = nn::mlp({32, 16, 8, 4, 1});
  learn_from(raw, "the net, numbers as they are", unscaled);
  learn_from(scaled, "one layer, numbers scaled", line);
  const train::History one = learn_from(scaled, "the net, numbers scaled", net),
                       other = learn_from(apart, "the net, a column for each word", better);
  std::printf("\nof those who earn more it finds %.3f; of those whom it names %.3f do\n",
              train::evaluate(better, apart.test, metric::recall),
              train::evaluate(better, apart.test, metric::precision));

  plot::Figure loss{.title = "loss", .x = {.label = "epoch"}},
      right{.title = "right of validation people", .x = {.label = "epoch"}};
  loss.series = {learn::curve(one, "loss", "training people"),
                 learn::curve(one, "validation.loss", "validation people")};
  right.series = {learn::curve(one, "validation.accuracy", "words as numbers"),
                  learn::curve(other, "validation.accuracy", "a column for each word")};
  learn::Pictures(argc, argv).save("training", std::vector{loss, right});
}
