#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "chainrule/config.h"

namespace chainrule::config {

/// Values at random, the same for the same seed.
class RandomValues {
 public:
  /// Which kinds come: a format does not have all of them.
  struct Without {
    bool null = false, seed = false, call = false, not_finite = false;
  };

  RandomValues(std::uint64_t seed, Without without) : state_(seed), without_(without) {}

  /// xorshift64* (Vigna 2016), good enough to reach every branch.
  std::uint64_t bits();
  std::uint64_t below(std::uint64_t bound) { return bits() % bound; }
  Value value(int depth);
  Value table(int depth);
  std::string text();
  double number();

 private:
  std::uint64_t state_;
  Without without_;
};

}  // namespace chainrule::config
