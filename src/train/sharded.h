#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "chainrule/train/trainer.h"
#include "train/joined.h"
#include "train/shard_tree.h"

namespace chainrule::train {

/// A step whose batch is cut into shards. The gradient of each is computed alone, times what its loss counts;
/// they are added up by the tree over shards, and divided by what all count: so the bits do not depend on how
/// many ranks share the work. States of layers, such as running statistics, become the mean of what the
/// shards make of them, weighed by rows.
class ShardedStep final : public Counted {
 public:
  /// Lets the trainer's loader give this rank's part of each batch.
  /// @throws ValueError  for more ranks than shards, or more shards than rows (E600).
  ShardedStep(const TrainerOptions& options, data::Loader& loader);

  struct Done {
    double loss = 0;
    bool is_interrupted = false;  ///< on some rank
  };
  /// @param batch  this rank's rows of the trainer's next step.
  /// @throws ValueError  if the loss is not finite, on all ranks (E080): `bad` is the batch of the shard
  /// then,
  ///     and `bad_row` its first row in the whole batch; empty if it lies on another rank.
  Done run(Trainer& trainer, const data::Batch& batch, bool interrupts);

  data::Batch bad;
  std::int64_t bad_row = 0;
  std::int64_t checked_at = -1;  ///< the step after which ranks were compared last; -1: not in this run

 private:
  struct Numbers {
    std::vector<float> f32;
    std::vector<double> f64;
    void resize(std::size_t floats, std::size_t doubles) { f32.resize(floats), f64.resize(doubles); }
  };
  /// Where a gradient or a state lies among the numbers.
  struct Place {
    Shape shape;
    DType dtype = DType::f32;
    std::size_t at = 0;
  };
  struct Step;
  struct Graph;

  void lay_out(Trainer& trainer);
  void join(Step& step);
  void sum_of(Step& step, Range node, float* f32, double* f64, std::size_t depth);
  void compute(Step& step, std::int64_t shard, float* f32, double* f64);
  Graph graph_of(Step& step, std::int64_t shard, Joined::Building* joined) const;
  void evaluate_of(Step& step, std::int64_t shard, std::span<const Tensor> tensors) const;
  void put(const Tensor& tensor, double factor, const Place& place, float* f32, double* f64) const;
  Tensor take(const Place& place) const;
  void refuse(Step& step);
  nn::Pass pass_of(const Step& step, std::int64_t first_row) const;

  TrainerOptions options_;
  std::vector<Range> nodes_;  // of this rank
  std::vector<Place> places_;
  std::size_t gradients_ = 0, floats_ = 0, doubles_ = 0;
  std::vector<nn::NamedState> states_;
  Numbers sums_;                  // of each node
  std::vector<Numbers> scratch_;  // by depth
};

}  // namespace chainrule::train
