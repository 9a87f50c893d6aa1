// How many threads work, and one net that several threads of the program's own ask at once.
#include <chainrule/chainrule.h>
#include <chainrule/threads.h>

#include <cstdio>
#include <thread>
#include <vector>

using namespace chainrule;

/// A bit that differs anywhere counts.
bool is_same(const Tensor& a, const Tensor& b) { return a.to_vector() == b.to_vector(); }

/// One computation with 1, 2, 3 and 4 threads.
void count_of_threads() {
  const Tensor a = normal({300, 2000}, {.seed = 1}), b = normal({2000, 300}, {.seed = 2});
  std::vector<Tensor> results;
  for (int threads = 1; threads <= 4; ++threads) {
    set_num_threads(threads);
    results.push_back(sum(tanh(matmul(a, b)), 1));
    std::printf("%d threads: %s\n", num_threads(),
                is_same(results.back(), results[0]) ? "same bits" : "other bits");
  }
  std::printf("\n");
}

/// Rows shared out among threads; each thread asks for its own.
void predict(const nn::Sequential& net, const Tensor& rows) {
  const std::int64_t count = 4, each = rows.size(0) / count;
  std::vector<std::vector<double>> answers(count);
  std::vector<std::thread> threads;
  for (std::int64_t i = 0; i < count; ++i) {
    threads.emplace_back([&net, &rows, &answer = answers[static_cast<std::size_t>(i)], i, each] {
      const Tensor mine = slice(rows, 0, i * each, (i + 1) * each);
      answer = net.predict(mine).to_vector();
    });
  }
  for (std::thread& thread : threads) thread.join();

  std::vector<double> together;
  for (const auto& answer : answers) together.insert(together.end(), answer.begin(), answer.end());
  const bool same = together == net.predict(rows).to_vector();
  std::printf("%zu answers of 4 threads, %s those of one\n\n", together.size(), same ? "the bits of" : "not");
}

/// Nets that are trained at once are different nets: each thread has a clone and an optimizer of its own.
void train_at_once(const nn::Sequential& net, const Tensor& x, const Tensor& t) {
  const std::vector<double> rates = {0.001, 0.01, 0.1};
  std::vector<double> losses(rates.size());
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < rates.size(); ++i) {
    threads.emplace_back([&, i] {
      const Shared<nn::Layer> mine = net.clone();
      optim::Optimizer optimizer(*mine, optim::Adam{}, {.lr = rates[i]});
      for (int step = 0; step < 200; ++step) losses[i] = optimizer.step(mse(mine->forward(x), t));
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (std::size_t i = 0; i < rates.size(); ++i) std::printf("rate %g: loss %.5f\n", rates[i], losses[i]);
  std::printf("\n");
}

/// The same by a search: the result does not depend on the number of threads.
void search(const nn::Sequential& net, const data::Source& rows) {
  const auto run = [&](const train::Point& at) {
    const Shared<nn::Layer> mine = net.clone();
    train::fit(*mine, loss::mse, rows, {.epochs = 20, .lr = at.number("lr")});
    return train::evaluate(*mine, rows, metric::r2);
  };
  const auto found =
      train::sweep({{"lr", {0.001, 0.01, 0.1}}}, run, {.larger_is_better = true, .threads = 3});
  std::printf("the best of the search is rate %g\n", found.best().point.number("lr"));
}

int main() {
  count_of_threads();

  const Tensor x = normal({400, 8}, {.seed = 3}), t = sum(square(x), 1, true) / 8;
  evaluate({x, t});  // what threads share must have its numbers

  nn::Sequential net{nn::Affine{32}, nn::Tanh{}, nn::Affine{1}};
  net.build(x);
  predict(net, x);
  train_at_once(net, x, t);
  search(net, data::arrays(x, t));
}
