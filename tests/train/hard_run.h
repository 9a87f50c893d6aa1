#pragma once

#include <algorithm>
#include <string>

#include "core/thread_pool.h"
#include "train/stripes.h"

namespace chainrule::train {

/// A training with everything that has to be resumed: batch norm, dropout, Adam, a schedule, workers, the
/// best weights.
struct HardRun {
  struct Options {
    int threads = 1;
    std::int64_t workers = 0;
    std::int64_t checkpoint_every = 4;
    std::string folder = {};  // empty: keeps no checkpoints
    std::uint64_t rows = 1;
  };
  static constexpr std::int64_t kSteps = 40;

  explicit HardRun(const Options& options)
      : net{nn::Affine{16, {.bias = false}},
            nn::BatchNorm{},
            nn::Relu{},
            nn::Dropout{0.3},
            nn::Affine{8},
            nn::Relu{},
            nn::Dropout{0.2},
            nn::Affine{4}},
        optimizer(net, optim::Adam{}, {.lr = optim::warm_up(steps(5), optim::cosine(0.03, steps(60)))}),
        trainer({net, loss::softmax_cross_entropy, {metric::accuracy}}, optimizer,
                {stripes(230, options.rows), {.batch_size = 20, .seed = 3, .workers = options.workers}},
                {.seed = 7}) {
    set_num_threads(options.threads);
    trainer.on(steps(7), evaluate(stripes(60, 2)));
    trainer.on(steps(1),
               keep_best("test.loss", Best::largest));  // of an early report, so that they have to be kept
    if (!options.folder.empty()) trainer.on(steps(options.checkpoint_every), checkpoint(options.folder));
  }

  /// Of all that the end depends on: weights, states, the history without seconds.
  std::string digest() const {
    std::string text =
        std::to_string(checksum_of(net)) + " " + std::to_string(io::checksum(sorted(trainer.tensors())));
    for (Report report : trainer.history()) {
      report.seconds = 0;
      text += '\n';
      text += to_json(report);
    }
    return text;
  }

  /// The best weights lie in another order when they come from a file.
  static NamedTensors sorted(const NamedTensors& tensors) {
    std::vector<std::string> names = tensors.names();
    std::sort(names.begin(), names.end());
    NamedTensors all;
    for (const std::string& name : names) all.add(name, tensors[name]);
    return all;
  }

  nn::Sequential net;
  optim::Optimizer optimizer;
  Trainer trainer;
};

}  // namespace chainrule::train
