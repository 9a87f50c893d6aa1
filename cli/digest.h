#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace chainrule::cli {

/// Checksums that others publish of their files; a piece at a time. Not for secrets.
///
///     Sha256().add("abc").hex()
template <class Rounds>
class Digest {
 public:
  Digest& add(std::string_view bytes) {
    length_ += bytes.size();
    for (const char byte : bytes) {
      block_[filled_++] = static_cast<std::uint8_t>(byte);
      if (filled_ == block_.size()) take_block();
    }
    return *this;
  }
  /// The last call.
  std::string hex();

 private:
  void take_block() {
    Rounds::take(state_, block_);
    filled_ = 0;
  }

  typename Rounds::State state_ = Rounds::kStart;
  std::array<std::uint8_t, 64> block_{};
  std::size_t filled_ = 0;
  std::uint64_t length_ = 0;
};

/// RFC 1321.
struct Md5Rounds {
  using State = std::array<std::uint32_t, 4>;
  static constexpr State kStart{0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
  static constexpr bool kLittleEndian = true;
  static void take(State& state, const std::array<std::uint8_t, 64>& block);
};
/// FIPS 180-4.
struct Sha256Rounds {
  using State = std::array<std::uint32_t, 8>;
  static constexpr State kStart{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  static constexpr bool kLittleEndian = false;
  static void take(State& state, const std::array<std::uint8_t, 64>& block);
};

using Md5 = Digest<Md5Rounds>;
using Sha256 = Digest<Sha256Rounds>;

}  // namespace chainrule::cli
