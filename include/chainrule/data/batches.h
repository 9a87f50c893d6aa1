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
    balanced,          ///< drawn like that, with each class equally often: Loader finds the weights for it
  };
  struct Options {
    std::int64_t batch_size = 100;
    Order order = Order::shuffled;
    std::uint64_t seed = 0;
    bool drop_last = false;  ///< leave out an epoch's last batch if it is short
  };

  /// @param weights  one a row, for drawing with replacement or balanced: how often a row is drawn, in
  ///     proportion to the others; 0 for never. None: all alike.
  /// @throws ValueError  without rows, for a batch size below 1, or if drop_last leaves no batch (E071); for
  ///     weights that are not allowed, or with another order (E460).
  Batches(std::int64_t rows, const Options& options, std::span<const double> weights = {});

  /// @throws ValueError  for a weight below 0 or not finite (E460).
  static void check(std::span<const double> weights);

  /// The rows of a step, counted from 0 over all epochs. Valid until the next call.
  /// Cheap for steps of one epoch; a change of epoch shuffles anew, O(rows).
  std::span<const std::int64_t> at(std::int64_t step);

  /// How many rows a step has.
  std::int64_t count(std::int64_t step) const;

  /// Batches that an epoch has: where rows are drawn, as many as it takes to draw as many as there are.
  std::int64_t steps_per_epoch() const { return steps_per_epoch_; }
  std::int64_t rows() const { return rows_; }
  /// Whether rows are drawn, so that an epoch has some of them more than once.
  bool draws() const { return options_.order >= Order::with_replacement; }
  const Options& options() const { return options_; }

 private:
  void take_weights(std::span<const double> weights);
  void draw(std::int64_t step);
  void shuffle(std::int64_t epoch);

  std::int64_t rows_;
  Options options_;
  std::int64_t steps_per_epoch_;
  std::int64_t drawn_ = -1;  // the epoch, or with replacement the step, that order_ holds
  std::vector<std::int64_t> order_;
  std::vector<double> sums_;  // of the weights up to each row and with it
};

}  // namespace chainrule::data
