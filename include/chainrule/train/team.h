#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "chainrule/error.h"

namespace chainrule::train {

/// What is wrong with the ranks of a run, not with the run: one that is gone, does not answer, or holds other
/// numbers than the rest (E604 to E609).
class RankError : public Error {
 public:
  using Error::Error;
};

/// Processes, ranks, that train one net together: chainrule::dist::World is such a team. Each makes the same
/// trainer, and calls the same of its functions; what is called here all of them call.
class Team {
 public:
  virtual ~Team() = default;

  virtual int rank() const = 0;  ///< from 0
  virtual int size() const = 0;
  /// "rank 3 on host b"
  virtual std::string name_of(int rank) const = 0;

  /// The texts, or bytes, of all ranks, in their order. All of them get the same.
  virtual std::vector<std::string> gather(std::string_view mine) = 0;
  /// The text, or bytes, of one rank: on the others `text` is replaced.
  virtual void broadcast(std::string& text, int from) = 0;

  /// Adds numbers up over shards, each pair by the same binary tree for any number of ranks (see
  /// train/shard_tree.h of the sources).
  /// @param parts  of each largest subtree that lies on this rank its sum, n numbers each, one after another.
  ///     Afterwards the first n are the sum of all, the same on all ranks.
  virtual void sum(std::int64_t shards, std::span<float> parts) = 0;
  virtual void sum(std::int64_t shards, std::span<double> parts) = 0;
};

}  // namespace chainrule::train
