#include "digest.h"

#include <fmt/format.h>

#include <bit>
#include <cmath>

namespace chainrule::cli {
namespace {

using Block = std::array<std::uint8_t, 64>;

std::uint32_t word(const Block& block, std::size_t at, bool little) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value |= std::uint32_t{block[at + i]} << 8 * (little ? i : 3 - i);
  return value;
}

/// The first 32 bits behind the point of |sin(1)|, |sin(2)|, ...
std::array<std::uint32_t, 64> sines() {
  std::array<std::uint32_t, 64> made{};
  for (std::size_t i = 0; i < 64; ++i) {
    made[i] = static_cast<std::uint32_t>(std::floor(std::abs(std::sin(static_cast<double>(i + 1))) * 0x1p32));
  }
  return made;
}

/// The first 32 bits behind the point of the cube roots of the first 64 primes.
std::array<std::uint32_t, 64> cube_roots() {
  std::array<std::uint32_t, 64> made{};
  std::size_t count = 0;
  for (int n = 2; count < 64; ++n) {
    bool is_prime = true;
    for (int d = 2; d * d <= n; ++d) is_prime = is_prime && n % d != 0;
    if (!is_prime) continue;
    const long double root = cbrtl(static_cast<long double>(n));
    made[count++] = static_cast<std::uint32_t>(floorl((root - floorl(root)) * 0x1p32L));
  }
  return made;
}

}  // namespace

void Md5Rounds::take(State& state, const Block& block) {
  static const std::array<std::uint32_t, 64> kSines = sines();
  static constexpr int kShifts[4][4] = {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};
  auto [a, b, c, d] = state;
  for (std::size_t i = 0; i < 64; ++i) {
    const std::size_t round = i / 16;
    const std::uint32_t f = round == 0   ? (b & c) | (~b & d)
                            : round == 1 ? (d & b) | (~d & c)
                            : round == 2 ? b ^ c ^ d
                                         : c ^ (b | ~d);
    constexpr std::size_t kSteps[] = {1, 5, 3, 7}, kFirst[] = {0, 1, 5, 0};
    const std::uint32_t m = word(block, 4 * ((kSteps[round] * i + kFirst[round]) % 16), true);
    const std::uint32_t sum = a + f + kSines[i] + m;
    a = d, d = c, c = b;
    b += std::rotl(sum, kShifts[round][i % 4]);
  }
  state[0] += a, state[1] += b, state[2] += c, state[3] += d;
}

void Sha256Rounds::take(State& state, const Block& block) {
  static const std::array<std::uint32_t, 64> kRoots = cube_roots();
  std::array<std::uint32_t, 64> w{};
  for (std::size_t i = 0; i < 16; ++i) w[i] = word(block, 4 * i, false);
  for (std::size_t i = 16; i < 64; ++i) {
    const std::uint32_t s0 = std::rotr(w[i - 15], 7) ^ std::rotr(w[i - 15], 18) ^ (w[i - 15] >> 3);
    const std::uint32_t s1 = std::rotr(w[i - 2], 17) ^ std::rotr(w[i - 2], 19) ^ (w[i - 2] >> 10);
    w[i] = w[i - 16] + s0 + w[i - 7] + s1;
  }
  auto [a, b, c, d, e, f, g, h] = state;
  for (std::size_t i = 0; i < 64; ++i) {
    const std::uint32_t s1 = std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25);
    const std::uint32_t t1 = h + s1 + ((e & f) ^ (~e & g)) + kRoots[i] + w[i];
    const std::uint32_t s0 = std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22);
    const std::uint32_t t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
    h = g, g = f, f = e, e = d + t1, d = c, c = b, b = a, a = t1 + t2;
  }
  const State change{a, b, c, d, e, f, g, h};
  for (std::size_t i = 0; i < 8; ++i) state[i] += change[i];
}

template <class Rounds>
std::string Digest<Rounds>::hex() {
  const std::uint64_t bits = 8 * length_;
  add("\x80");
  while (filled_ != 56) add(std::string_view("\0", 1));
  for (std::size_t i = 0; i < 8; ++i) {
    const std::size_t shift = 8 * (Rounds::kLittleEndian ? i : 7 - i);
    const char byte = static_cast<char>(bits >> shift & 0xff);
    add(std::string_view(&byte, 1));
  }
  std::string text;
  for (const std::uint32_t value : state_) {
    for (std::size_t i = 0; i < 4; ++i)
      text += fmt::format("{:02x}", value >> 8 * (Rounds::kLittleEndian ? i : 3 - i) & 0xff);
  }
  return text;
}

template class Digest<Md5Rounds>;
template class Digest<Sha256Rounds>;

}  // namespace chainrule::cli
