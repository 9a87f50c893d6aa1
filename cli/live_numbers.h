#pragma once

#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <vector>

#include "training.h"

// The numbers of the live page. Looking at them changes nothing of the training, and takes a small share of
// its time.
namespace chainrule::cli {

using Json = nlohmann::ordered_json;

/// Says when to do something again: not too often, and so that doing it takes at most a share of the time.
class Sparing {
 public:
  using Clock = std::chrono::steady_clock;

  Sparing(Clock::duration least, double share) : least_(least), share_(share) {}
  bool is_due() const { return Clock::now() >= next_; }
  void soon() { next_ = {}; }
  /// Does it, and looks at the clock.
  template <class F>
  void time(F f) {
    const auto start = Clock::now();
    f();
    const auto end = Clock::now();
    const std::chrono::duration<double> pause = std::chrono::duration<double>(end - start) / share_;
    next_ = end + std::max(least_, std::chrono::duration_cast<Clock::duration>(pause));
  }

 private:
  Clock::duration least_;
  double share_;
  Clock::time_point next_{};
};

/// The loss of every step, however many there are, as some hundred means over equally many steps.
class LossCurve {
 public:
  static constexpr std::size_t kMost = 600;

  void add(std::int64_t step, double loss);
  Json json() const;

 private:
  struct Mean {
    std::int64_t step = 0;  // the last one
    double sum = 0;
    std::int64_t count = 0;
  };
  std::vector<Mean> means_;
  std::int64_t each_ = 1;  // steps of a mean
};

/// What was reported, by column; of many reports some hundred.
Json json_of(const train::History& history);

/// Of each parameter the root mean square of its numbers, and of the gradient for some training rows.
Json layers_of(Training& training);

}  // namespace chainrule::cli
