#pragma once

#include <array>
#include <cstdint>
#include <limits>

namespace chainrule {

/// Philox4x32-10: four random 32-bit words for every (seed, stream, step, element), with no state.
///
/// Ten rounds of a keyed bijection over a 128-bit counter (Salmon, Moraes, Dror, Shaw: Parallel random
/// numbers: as easy as 1, 2, 3. SC 2011). Any element may be asked for in any order on any thread, so a
/// dropout mask does not depend on the number of threads, and resuming a run needs no generator state but the
/// step.
class Philox {
 public:
  using Block = std::array<std::uint32_t, 4>;
  using Key = std::array<std::uint32_t, 2>;

  /// For a fixed stream, different seeds have different keys; streams of one seed are unrelated.
  Philox(std::uint64_t seed, std::uint64_t stream) {
    const std::uint64_t key = mix(mix(seed) + stream);
    key_ = {low(key), high(key)};
  }

  /// The four words of one element at one step.
  Block block(std::uint64_t step, std::uint64_t index) const {
    return encrypt({low(index), high(index), low(step), high(step)}, key_);
  }

  /// The bare function as published, for its known-answer tests and for kernels.
  static constexpr Block encrypt(Block counter, Key key) {
    for (int round = 0; round < 10; ++round) {
      const std::uint64_t a = std::uint64_t{0xD2511F53u} * counter[0];
      const std::uint64_t b = std::uint64_t{0xCD9E8D57u} * counter[2];
      counter = {high(b) ^ counter[1] ^ key[0], low(b), high(a) ^ counter[3] ^ key[1], low(a)};
      key = {key[0] + 0x9E3779B9u, key[1] + 0xBB67AE85u};
    }
    return counter;
  }

  const Key& key() const { return key_; }

 private:
  static constexpr std::uint32_t low(std::uint64_t x) { return static_cast<std::uint32_t>(x); }
  static constexpr std::uint32_t high(std::uint64_t x) { return static_cast<std::uint32_t>(x >> 32); }

  // The finaliser of SplitMix64 (Steele, Lea, Flood 2014): a bijection in which every bit reaches every bit.
  static constexpr std::uint64_t mix(std::uint64_t x) {
    x += 0x9E3779B97F4A7C15u;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
  }

  Key key_;
};

/// What a stream of random numbers is for. One seed feeds them all, and none can disturb another.
namespace streams {
inline constexpr std::uint64_t kInit = 1;     ///< first values of parameters
inline constexpr std::uint64_t kShuffle = 2;  ///< order of the rows in an epoch; step = epoch
inline constexpr std::uint64_t kSample = 3;   ///< rows drawn with replacement; step = training step
inline constexpr std::uint64_t kDropout = 4;
inline constexpr std::uint64_t kDigits = 5;  ///< the drawn digits; step = split, index = image
inline constexpr std::uint64_t kAugment = 6;
inline constexpr std::uint64_t kSplit = 7;    ///< which part of a split a row goes to
inline constexpr std::uint64_t kUser = 1000;  ///< the first number that the library never uses
}  // namespace streams

/// A double in [0, 1): a multiple of 2^-53.
constexpr double uniform_f64(std::uint64_t bits) { return static_cast<double>(bits >> 11) * 0x1p-53; }

/// A float in [0, 1): a multiple of 2^-24.
constexpr float uniform_f32(std::uint32_t bits) { return static_cast<float>(bits >> 8) * 0x1p-24f; }

/// A standard normal number from 64 random bits, by inversion, so that one draw uses one word. The same bits
/// on every machine: it calls nothing of the C library but sqrt, which IEEE 754 defines to the last bit.
double normal_f64(std::uint64_t bits);

/// The standard normal quantile: x with P(X <= x) = p. Relative error about 1e-15.
///
/// Algorithm AS 241, PPND16 (Wichura 1988). @param p  in (0, 1); 0 and 1 give the infinities, else NaN.
double normal_quantile(double p);

/// A generator in the usual form: numbers one after another, from element 0 of one step of one stream.
/// Meets std::uniform_random_bit_generator; the standard's distributions differ between libraries, though,
/// so use the members below where a result has to be the same everywhere.
class Random {
 public:
  using result_type = std::uint32_t;

  explicit Random(std::uint64_t seed, std::uint64_t stream = streams::kUser, std::uint64_t step = 0)
      : Random(Philox(seed, stream), step) {}
  Random(const Philox& philox, std::uint64_t step, std::uint64_t index = 0)
      : philox_(philox), step_(step), index_(index) {}

  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return std::numeric_limits<result_type>::max(); }

  result_type operator()() {
    if (used_ == 4) {
      block_ = philox_.block(step_, index_++);
      used_ = 0;
    }
    return block_[used_++];
  }

  std::uint64_t bits64() {
    const std::uint64_t first = (*this)();
    return first | (std::uint64_t{(*this)()} << 32);
  }

  /// A double in [0, 1).
  double uniform() { return uniform_f64(bits64()); }
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  double normal() { return normal_f64(bits64()); }
  double normal(double mean, double deviation) { return mean + deviation * normal(); }

  /// An integer in [0, bound), every one equally likely; 0 for bound 0.
  std::uint64_t below(std::uint64_t bound);

 private:
  std::uint64_t below_large(std::uint64_t bound);

  Philox philox_;
  std::uint64_t step_;
  std::uint64_t index_;
  Philox::Block block_{};
  std::size_t used_ = 4;
};

}  // namespace chainrule
