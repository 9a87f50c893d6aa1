// What is computed, and how often: counted by an operation that counts, and by what CHAINRULE_VERBOSE says.
#include <chainrule/chainrule.h>
#include <chainrule/op.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "stderr.h"

using namespace chainrule;

/// x as it is; counts how often it is computed.
struct Tally {
  static constexpr OpInfo kInfo{.name = "tally", .doc = "x."};
  static inline int runs = 0;
  bool operator==(const Tally&) const = default;
  Meta infer(std::span<const Meta> in) const { return in[0]; }
  Gradients vjp(const Vjp& v) const { return {v.cotangent}; }
  void run(const Kernel& k) const {
    ++runs;
    std::copy_n(k.inputs[0].as<float>(), k.output.numel(), k.output.as<float>());
  }
  static std::vector<Sample> samples() { return {}; }
};
Tensor tallied(const Tensor& x) { return apply(Tally{}, {x}, Location::current()); }

template <class F>
void count(const char* what, int times, F f) {
  Tally::runs = 0;
  for (int i = 0; i < times; ++i) f();
  std::printf("%-42s computed %d times\n", what, Tally::runs);
}

void what_is_computed() {
  const Tensor x = arange(5, f32) / 5, w = scalar(2);
  count("nobody reads it:", 1, [&] { exp(tallied(x)); });
  count("read twice:", 1, [&] {
    const Tensor y = exp(tallied(x));
    y.to_vector(), y.to_vector();
  });
  count("a loss, and then its gradient:", 1, [&] {
    const Tensor loss = sum(square(tallied(x) * w)), slope = grad(loss, w);
    loss.item(), slope.item();
  });
  count("written twice, read one by one:", 1, [&] {
    const Tensor a = exp(tallied(x)), b = sqrt(tallied(x));
    a.to_vector(), b.to_vector();
  });
  count("written twice, evaluated together:", 1, [&] {
    const Tensor a = exp(tallied(x)), b = sqrt(tallied(x));
    evaluate({a, b});
  });
  count("in a loop of 10:", 10, [&] { (tallied(x) * 2).to_vector(); });
  const Tensor y = tallied(x);
  count("held outside of the loop:", 10, [&] { (y * 2).to_vector(); });
}

template <class F>
void plans(const char* what, int times, F f) {
  const std::string text = learn::stderr_of([&] {
    for (int i = 0; i < times; ++i) f(i);
  });
  std::printf("%-36s %3d plans made, %d found again\n", what, learn::count_in(text, " made: "),
              learn::count_in(text, " hit."));
}

void training() {
  nn::Sequential net{nn::Affine{8}, nn::Relu{}, nn::Affine{1}};
  optim::Optimizer optimizer(net, optim::Adam{}, {.lr = 0.01});
  const auto step = [&](std::int64_t rows) {
    const Tensor x = ones({rows, 4}), t = ones({rows, 1});
    optimizer.step(mse(net.forward(x), t));
  };
  step(1);
  plans("12 steps, batches of one size:", 12, [&](int) { step(32); });
  plans("every fourth batch is short:", 12, [&](int i) { step(i % 4 == 3 ? 17 : 32); });
  plans("each batch of another size:", 12, [&](int i) { step(40 + i); });
}

void predictions() {
  nn::Sequential net{nn::Affine{8}, nn::Relu{}, nn::Affine{1}};
  const Tensor x = detach(normal({100, 4}, {.seed = 1}));
  const data::Source rows = data::arrays(x, zeros({100}));
  net.predict(x).to_vector();

  plans("100 rows together:", 1, [&](int) { net.predict(x).to_vector(); });
  plans("each row from a source:", 100, [&](int i) { net.predict(rows.take({i})[0]).item(); });
  plans("each row by slice:", 100, [&](int i) { net.predict(slice(x, 0, i, i + 1)).item(); });
}

int main() {
  setenv("CHAINRULE_VERBOSE", "1", 1);  // before the first computation
  learn::stderr_of(what_is_computed);
  std::printf("\n");
  learn::stderr_of(training);
  std::printf("\n");
  learn::stderr_of(predictions);
}
