// TensorBoard's event files. Numbers of fields are those of its event.proto and summary.proto.
#include "train/event_file.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

namespace chainrule::train {
namespace {

constexpr std::array<std::uint32_t, 256> kCrcTable = [] {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0x82F63B78u : 0u);
    table[byte] = crc;
  }
  return table;
}();

std::string little_endian(std::uint64_t number, int bytes) {
  std::string made;
  for (int i = 0; i < bytes; ++i) made += static_cast<char>(number >> 8 * i & 0xFF);
  return made;
}

/// A message of protocol buffers.
class Message {
 public:
  Message& integer(int field, std::uint64_t number) {
    tag(field, 0);
    varint(number);
    return *this;
  }
  Message& f64(int field, double number) {
    tag(field, 1);
    bytes_ += little_endian(std::bit_cast<std::uint64_t>(number), 8);
    return *this;
  }
  Message& f32(int field, float number) {
    tag(field, 5);
    bytes_ += little_endian(std::bit_cast<std::uint32_t>(number), 4);
    return *this;
  }
  Message& text(int field, std::string_view bytes) {
    tag(field, 2);
    varint(bytes.size());
    bytes_ += bytes;
    return *this;
  }
  Message& inner(int field, const Message& message) { return text(field, message.bytes_); }
  Message& f64s(int field, const std::vector<double>& numbers) {
    std::string packed;
    for (const double number : numbers) packed += little_endian(std::bit_cast<std::uint64_t>(number), 8);
    return text(field, packed);
  }
  const std::string& bytes() const { return bytes_; }

 private:
  void tag(int field, unsigned type) { varint(static_cast<unsigned>(field) << 3 | type); }
  void varint(std::uint64_t number) {
    for (; number >= 0x80; number >>= 7) bytes_ += static_cast<char>((number & 0x7F) | 0x80);
    bytes_ += static_cast<char>(number);
  }
  std::string bytes_;
};

std::uint32_t masked_crc(std::string_view bytes) {
  const std::uint32_t crc = crc32c(bytes);
  return (crc >> 15 | crc << 17) + 0xA282EAD8u;
}

std::string record(const Message& event) {
  const std::string length = little_endian(event.bytes().size(), 8);
  return length + little_endian(masked_crc(length), 4) + event.bytes() +
         little_endian(masked_crc(event.bytes()), 4);
}

/// An event with a summary of one value.
std::string summary_event(double time, std::int64_t step, const Message& value) {
  return record(Message()
                    .f64(1, time)
                    .integer(2, static_cast<std::uint64_t>(step))
                    .inner(5, Message().inner(1, value)));
}

/// Counts in bins of one width, each with its upper end.
struct Bins {
  std::vector<double> ends, counts;
};
Bins bins_of(const std::vector<double>& numbers, double low, double high) {
  constexpr std::size_t kBins = 30;
  if (!(high > low)) return {{low, std::nextafter(low, INFINITY)}, {0, static_cast<double>(numbers.size())}};
  Bins bins{{}, std::vector<double>(kBins)};
  // Shares of both ends, whose difference may not be finite.
  for (std::size_t i = 1; i <= kBins; ++i) {
    const double share = static_cast<double>(i) / kBins;
    bins.ends.push_back(low * (1 - share) + high * share);
  }
  bins.ends.back() = std::nextafter(high, INFINITY);
  for (const double number : numbers) {
    const auto at = std::upper_bound(bins.ends.begin(), bins.ends.end() - 1, number);
    bins.counts[static_cast<std::size_t>(at - bins.ends.begin())] += 1;
  }
  return bins;
}

}  // namespace

std::uint32_t crc32c(std::string_view bytes) {
  std::uint32_t crc = 0xFFFFFFFFu;
  for (const char byte : bytes) crc = crc >> 8 ^ kCrcTable[(crc ^ static_cast<std::uint8_t>(byte)) & 0xFF];
  return ~crc;
}

std::string event_header(double time) { return record(Message().f64(1, time).text(3, "brain.Event:2")); }

std::string scalar_event(double time, std::int64_t step, std::string_view tag, double value) {
  return summary_event(time, step, Message().text(1, tag).f32(2, static_cast<float>(value)));
}

std::string histogram_event(double time, std::int64_t step, std::string_view tag,
                            std::span<const double> numbers) {
  std::vector<double> finite;
  double sum = 0, squares = 0;
  for (const double number : numbers) {
    if (!std::isfinite(number)) continue;
    finite.push_back(number);
    sum += number, squares += number * number;
  }
  const auto [low, high] = finite.empty() ? std::pair(0.0, 0.0)
                                          : std::pair(*std::min_element(finite.begin(), finite.end()),
                                                      *std::max_element(finite.begin(), finite.end()));
  const Bins bins = bins_of(finite, low, high);
  const Message histogram = Message()
                                .f64(1, low)
                                .f64(2, high)
                                .f64(3, static_cast<double>(finite.size()))
                                .f64(4, sum)
                                .f64(5, squares)
                                .f64s(6, bins.ends)
                                .f64s(7, bins.counts);
  return summary_event(time, step, Message().text(1, tag).inner(5, histogram));
}

}  // namespace chainrule::train
