#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chainrule/data/source.h"

// Texts as whole numbers, a character each: for nets that predict the next one (chainrule/nn/text_nets.h).
//
//     const std::string text = io::read_file("shakespeare.txt");
//     const auto alphabet = data::Alphabet::of(text);
//     data::Loader loader(data::windows(text, alphabet, {.length = 64}), {.batch_size = 12});
//     std::cout << alphabet.decode(numbers);
namespace chainrule::data {

/// The symbols of a text, each a character of UTF-8, numbered from 0.
class Alphabet {
 public:
  Alphabet() = default;
  /// These symbols, in this order: those of a model file, say.
  /// @throws ValueError  for one that is no single character, or stands twice (E296).
  explicit Alphabet(std::vector<std::string> symbols);
  /// The characters of a text, in the order of their code points.
  /// @throws ValueError  if it is not UTF-8: says where (E293), here and below.
  static Alphabet of(std::string_view text);

  std::int64_t size() const { return static_cast<std::int64_t>(symbols_.size()); }
  const std::vector<std::string>& symbols() const { return symbols_; }

  /// A number for each character. @throws ValueError  for one that is not in the alphabet: says where (E294).
  std::vector<std::int64_t> encode(std::string_view text) const;
  /// The characters of numbers. @throws ValueError  for a number outside the alphabet (E295).
  std::string decode(std::span<const std::int64_t> numbers) const;
  std::string decode(const std::vector<std::int64_t>& numbers) const {
    return decode(std::span<const std::int64_t>(numbers.data(), numbers.size()));
  }

 private:
  std::vector<std::string> symbols_;
  std::vector<std::pair<std::uint32_t, std::int64_t>> numbers_;  // by code point, in its order
};

struct WindowsOptions {
  std::int64_t length = 64;  ///< characters of a row
  std::int64_t stride = 1;   ///< from the start of one row to that of the next; `length`: none twice

  void fields(Fields& f);
};
/// Parts of a text: x, (length) characters, and t, the same one character further on. u8, or i64 of an
/// alphabet of more than 256 symbols. With a stride of 1 rows that are drawn (Batches::Order::shuffled, or
/// with_replacement) are windows at any place.
/// @throws ValueError  for a text that is shorter than a row and the character behind it (E297), or options
///     out of range (E228).
Source windows(std::string_view text, const Alphabet& alphabet, const WindowsOptions& options = {});

struct LinesOptions {
  std::int64_t length = 0;  ///< steps of a row; 0: as many as the longest line takes, which is one more

  void fields(Fields& f);
};
/// The lines of a text, a row each: x, a line end, the characters, then line ends as far as the row goes; t,
/// the characters, a line end, then -1: what stands there does not count. So a net learns to write a line
/// after a line end, and where it ends. x as of windows, t i64. Empty lines are left out, and a carriage
/// return before a line end.
/// @throws ValueError  if the alphabet has no line end (E299), there are no lines (E297), or one does not fit
///     into `length` (E298).
Source lines(std::string_view text, const Alphabet& alphabet, const LinesOptions& options = {});

}  // namespace chainrule::data
