// What a run's bits depend on, and what they do not.
#include <chainrule/chainrule.h>
#include <chainrule/threads.h>

#include <cstdint>
#include <cstdio>
#include <cstring>

#include "folder.h"

using namespace chainrule;

struct Settings {
  std::uint64_t seed = 1;
  int threads = 1, workers = 0;
  std::int64_t batch_size = 16;
  std::string folder = {};      // of checkpoints; empty: none
  std::int64_t stop_at = 1000;  // a step
};

/// A checksum of all bits of a net (FNV-1a).
std::uint32_t checksum(const nn::Layer& net) {
  std::uint32_t sum = 2166136261U;
  for (const nn::NamedParameter& named : net.parameters()) {
    for (const double value : named.parameter.value().to_vector()) {
      unsigned char bytes[sizeof value];
      std::memcpy(bytes, &value, sizeof value);
      for (const unsigned char byte : bytes) sum = (sum ^ byte) * 16777619U;
    }
  }
  return sum;
}

/// Trains with everything that draws random numbers: first weights, order of rows, noise, dropout.
std::uint32_t run(const Settings& s) {
  set_num_threads(s.threads);
  const Tensor x = normal({200, 20}, {.seed = 7}), t = sum(square(x), 1, true);
  nn::Sequential net{nn::Affine{32}, nn::Relu{}, nn::Dropout{0.3}, nn::Affine{1}};
  optim::Optimizer optimizer(net, optim::Adam{}, {.lr = 0.01});
  const data::LoaderOptions batches{
      .batch_size = s.batch_size, .seed = s.seed, .transforms = {data::Noise(0.1)}, .workers = s.workers};
  train::Trainer trainer({net, loss::mse}, optimizer, {data::arrays(x, t), batches}, {.seed = s.seed});
  if (!s.folder.empty()) trainer.on(steps(25), train::checkpoint(s.folder));
  trainer.on(steps(1), [&](train::Trainer& now) {
    if (now.steps_done() == s.stop_at) now.stop("stopped");
  });
  if (!s.folder.empty()) trainer.resume(s.folder);
  trainer.run(steps(100));
  return checksum(net);
}

int main() {
  const std::uint32_t first = run({});
  const auto compare = [&](const char* what, std::uint32_t made) {
    std::printf("%-34s %s\n", what, made == first ? "the same bits" : "other bits");
  };
  compare("again:", run({}));
  compare("4 threads:", run({.threads = 4}));
  compare("3 workers that make batches:", run({.workers = 3}));
  const learn::Folder folder;
  run({.folder = folder / "run", .stop_at = 40});
  compare("stopped at step 40 and resumed:", run({.threads = 2, .folder = folder / "run"}));
  compare("another seed:", run({.seed = 2}));
  compare("another batch size:", run({.batch_size = 17}));

  const RandomKey key{.seed = 1};
  std::printf("\ntwo draws of one key differ by %g\n",
              max(abs(uniform({5}, key) - uniform({5}, key))).item());
}
