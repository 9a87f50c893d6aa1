#pragma once

#include "chainrule/tensor.h"

// A batch that is cut into shards (train::TrainerOptions), each computed alone, and layers that look at all
// of it nevertheless, as batch norm may.
namespace chainrule::nn {

/// Whether layers that this thread calls now see one shard of a batch, and are to look at all of it: during a
/// step with shards and TrainerOptions::sync_batch_norm.
bool joins_shards();

/// The sum of `mine` and what the other shards give at the same place: graph, with gradients. `mine` itself
/// where shards are not joined. For a layer of one's own:
///
///     const Tensor rows = nn::sum_over_shards(scalar(static_cast<double>(x.shape()[0]), f64));
///     const Tensor mean = nn::sum_over_shards(cast(sum(x, 0), f64)) / rows;
///
/// All shards must ask for the same sums in the same order. A loss that is made of gradients itself takes the
/// sums for constants.
/// @param mine  f64, since few numbers come from many.
/// @throws DTypeError  for another dtype (E609).
Tensor sum_over_shards(const Tensor& mine);

/// While one exists layers of this thread see all shards. What a trainer does; nothing for programs.
class JoinedShards {
 public:
  JoinedShards();
  virtual ~JoinedShards();
  JoinedShards(const JoinedShards&) = delete;
  JoinedShards& operator=(const JoinedShards&) = delete;
  virtual Tensor sum(const Tensor& mine) = 0;

 private:
  JoinedShards* previous_;
};

}  // namespace chainrule::nn
