#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace chainrule::data {

/// Which rows make up the batch of each step: a function of (seed, step) alone, so that a resumed run needs
/// only the step.
class Batches {
 public:
  enum class Order : std::uint8_t {
    shuffled,          ///< epochs: every row once, in a new random order each epoch
    sequential,        ///< epochs in the order of the rows
    with_replacement,  ///< every row of every batch drawn from all rows, as the books do with
                       ///< np.random.choice
  };
  struct Options {
    std::int64_t batch_size = 100;
    Order order = Order::shuffled;
    std::uint64_t seed = 0;
    bool drop_last = false;  ///< leave out an epoch's last batch if it is short
  };

  /// @throws ValueError  without rows, for a batch size below 1, or if drop_last leaves no batch (E071).
  Batches(std::int64_t rows, const Options& options);

  /// The rows of a step, counted from 0 over all epochs. Valid until the next call.
  /// Cheap for steps of one epoch; a change of epoch shuffles anew, O(rows).
  std::span<const std::int64_t> at(std::int64_t step);

  /// Batches that an epoch has: with replacement, as many as it takes to draw as many rows as there are.
  std::int64_t steps_per_epoch() const { return steps_per_epoch_; }
  std::int64_t rows() const { return rows_; }
  const Options& options() const { return options_; }

 private:
  void draw(std::int64_t step);
  void shuffle(std::int64_t epoch);

  std::int64_t rows_;
  Options options_;
  std::int64_t steps_per_epoch_;
  std::int64_t drawn_ = -1;  // the epoch, or with replacement the step, that order_ holds
  std::vector<std::int64_t> order_;
};

}  // namespace chainrule::data
