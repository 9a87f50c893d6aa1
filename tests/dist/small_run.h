#pragma once

#include <cstdint>
#include <string>

#include "chainrule/dist.h"
#include "chainrule/train/trainer.h"

namespace chainrule::dist {

/// A training by name: "two_layer"; "lenet", with batch norm and dropout; "gpt", the text net with dropout;
/// "file", the two layers on the rows of an .npz file.
struct SmallRun {
  std::string net = "two_layer";
  std::int64_t shards = 8, steps = 12;
  train::Team* team = nullptr;
  std::string folder = {};  // keeps checkpoints, each step, and resumes
  /// Called after each step.
  void (*after_step)(train::Trainer& trainer) = nullptr;
  double lr = 0.05;
  bool sync_batch_norm = false;
  std::int64_t batch_size = 30;
  std::string file = {};
  bool on_disk = false;
};

/// Returns what the end depends on: a checksum of weights, statistics and the optimizer's state, and the
/// history without seconds.
std::string train_small(const SmallRun& run);

}  // namespace chainrule::dist
