#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "chainrule/nn/shards.h"
#include "chainrule/optim.h"
#include "chainrule/train/trainer.h"
#include "ops/op.h"
#include "train/shard_tree.h"

namespace chainrule::train {

/// Sums over all shards of a step in the middle of their nets, as batch norm asks for.
///
/// The graphs of this rank's shards are built first, each with leaves in place of the sums. Then their
/// numbers are found: what each shard adds to the first sum is computed and added up by the tree over shards,
/// and becomes the leaf; then the second, which may depend on the first, and so on. What has been computed on
/// the way stays with its nodes. Backward the same: with s_i the shard's part of sum i, T_i the sum and D_i
/// the derivative of the step's loss by it, a leaf as well, the gradients of a shard are those of
///
///     loss * counted + sum over i of D_i s_i
///
/// whose derivative by T_i is the shard's part of D_i, and depends on later D alone. So they are found from
/// the last to the first. All of it is the same bits for any number of ranks.
class Joined {
 public:
  /// @param nodes  of the tree over shards that are this rank's.
  Joined(const TrainerOptions& options, std::span<const Range> nodes);

  /// While it exists the net is run for one shard: graph is built, and nothing computed, whatever
  /// CHAINRULE_MODE says.
  class Building final : public nn::JoinedShards {
   public:
    Building(Joined& joined, std::int64_t shard);
    ~Building() override;
    /// @throws ValueError  if another shard asked for something else (E609).
    Tensor sum(const Tensor& mine) override;
    /// Of the parameters, as graph.
    /// @param loss  of the shard; weighted: times what it counts, f64.
    /// @throws  as Optimizer::gradients; ValueError  if another shard asked for more (E609).
    std::vector<Tensor> gradients(const Tensor& loss, const Tensor& weighted, optim::Optimizer& optimizer,
                                  Location where);

   private:
    Joined& joined_;
    std::size_t shard_;  // of this rank's
    std::size_t asked_ = 0;
    Mode mode_;
  };

  /// Fills all leaves.
  /// @param compute  computes a tensor of a shard.
  /// @throws ValueError  if other ranks ask for other sums (E609).
  using Compute = std::function<void(std::int64_t shard, const Tensor& tensor)>;
  void find(const Compute& compute);

 private:
  struct Sum {
    Tensor total, slope;               // T, D: leaves that are filled
    std::vector<Tensor> mine, slopes;  // s and parts of D, by shard of this rank; empty for one without rows
  };
  std::vector<std::size_t> sizes_of_all() const;
  void fill(std::size_t size, const std::vector<Tensor>* of_shards, Tensor* leaf,
            const Compute& compute) const;

  const TrainerOptions& options_;
  std::span<const Range> nodes_;
  Range shards_;
  std::vector<Sum> sums_;
  bool is_first_ = true;  // no shard has been built
};

}  // namespace chainrule::train
