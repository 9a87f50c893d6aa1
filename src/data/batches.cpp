#include "chainrule/data/batches.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "chainrule/error.h"
#include "chainrule/random.h"
#include "core/memory.h"
#include "core/text.h"

namespace chainrule::data {

Batches::Batches(std::int64_t rows, const Options& options, std::span<const double> weights)
    : rows_(rows), options_(options) {
  if (rows < 1) throw ValueError(71, cat("[batches] ", rows, " rows; need at least one."));
  if (options.batch_size < 1) {
    throw ValueError(71, cat("[batches] batch size ", options.batch_size, "; need at least 1."));
  }
  const bool whole_only = options.drop_last && !draws();
  steps_per_epoch_ = rows / options.batch_size + (!whole_only && rows % options.batch_size != 0 ? 1 : 0);
  if (steps_per_epoch_ == 0) {
    throw ValueError(71, cat("[batches] drop_last leaves no batch: ", rows, " rows, batch size ",
                             options.batch_size, ". Make the batches smaller, or keep the last."));
  }
  if (!weights.empty() || options.order == Order::balanced) take_weights(weights);
}

void Batches::check(std::span<const double> weights) {
  for (std::size_t row = 0; row < weights.size(); ++row) {
    if (weights[row] >= 0 && std::isfinite(weights[row])) continue;
    throw ValueError(
        460, cat("[batches] the weight of row ", row, " is ", weights[row], "; need 0 or more, and finite."));
  }
}

void Batches::take_weights(std::span<const double> weights) {
  if (!draws()) {
    throw ValueError(460,
                     "[batches] weights for rows that each come once in an epoch; need the order "
                     "with_replacement.");
  }
  if (static_cast<std::int64_t>(weights.size()) != rows_) {
    throw ValueError(460, cat("[batches] ", weights.size(), " weights for ", rows_, " rows; need one each."));
  }
  check(weights);
  double sum = 0;
  sums_.reserve(weights.size());
  for (const double weight : weights) sums_.push_back(sum += weight);
  if (!std::isfinite(sum)) throw ValueError(460, "[batches] the sum of the weights is infinite.");
  if (sum == 0) throw ValueError(460, "[batches] all weights are 0; need one above it.");
}

std::span<const std::int64_t> Batches::at(std::int64_t step) {
  constexpr std::int64_t kMost = std::int64_t{1} << 60;
  if (step < 0 || step > kMost)
    throw ValueError(
        71, cat("[batches] step ", step, "; steps are counted from 0", step < 0 ? "" : " to 2^60", "."));
  if (draws()) {
    if (drawn_ != step) draw(step);
    return order_;
  }
  const std::int64_t epoch = step / steps_per_epoch_;
  if (drawn_ != epoch) shuffle(epoch);
  const std::int64_t begin = step % steps_per_epoch_ * options_.batch_size;
  const std::int64_t size = std::min(options_.batch_size, rows_ - begin);
  return std::span<const std::int64_t>(order_).subspan(static_cast<std::size_t>(begin),
                                                       static_cast<std::size_t>(size));
}

std::int64_t Batches::count(std::int64_t step) const {
  if (draws()) return options_.batch_size;
  return std::min(options_.batch_size, rows_ - step % steps_per_epoch_ * options_.batch_size);
}

void Batches::draw(std::int64_t step) {
  Random random(options_.seed, streams::kSample, static_cast<std::uint64_t>(step));
  if (order_.empty()) order_ = vector_with_room<std::int64_t>(options_.batch_size);
  order_.resize(static_cast<std::size_t>(options_.batch_size));
  if (sums_.empty()) {
    for (std::int64_t& row : order_) {
      row = static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(rows_)));
    }
  } else {
    // The first row whose sum lies beyond: one of weight 0 never does. Below the last sum, should it round
    // up.
    const double most = std::nextafter(sums_.back(), 0.0);
    for (std::int64_t& row : order_) {
      const double at = std::min(random.uniform() * sums_.back(), most);
      row = std::upper_bound(sums_.begin(), sums_.end(), at) - sums_.begin();
    }
  }
  drawn_ = step;
}

void Batches::shuffle(std::int64_t epoch) {
  const bool first = order_.empty();
  drawn_ = epoch;
  if (options_.order == Order::sequential && !first) return;
  // From the identity each time, so that an epoch's order does not depend on the epochs before it.
  order_.resize(static_cast<std::size_t>(rows_));
  std::iota(order_.begin(), order_.end(), std::int64_t{0});
  if (options_.order == Order::sequential) return;
  Random random(options_.seed, streams::kShuffle, static_cast<std::uint64_t>(epoch));
  for (std::size_t left = order_.size(); left > 1; --left) {
    std::swap(order_[left - 1], order_[random.below(left)]);
  }
}

}  // namespace chainrule::data
