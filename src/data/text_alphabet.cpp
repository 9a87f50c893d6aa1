// Characters and their numbers.
#include <algorithm>

#include "chainrule/data/text.h"
#include "chainrule/error.h"
#include "core/text.h"

namespace chainrule::data {
namespace {

/// The characters of a text in UTF-8, one after another (RFC 3629, section 4).
class Characters {
 public:
  explicit Characters(std::string_view text) : text_(text) {}

  bool has_next() const { return at_ < text_.size(); }
  std::size_t at() const { return at_; }
  /// The bytes of the one that `next` gave.
  std::string_view bytes() const { return text_.substr(begin_, at_ - begin_); }

  std::uint32_t next() {
    begin_ = at_;
    const std::uint32_t first = byte(at_);
    const std::size_t more = first < 0x80 ? 0 : first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : 1;
    if ((first >= 0x80 && first < 0xC2) || first > 0xF4 || text_.size() - at_ <= more) refuse();
    std::uint32_t code = more == 0 ? first : first & (0x3Fu >> more);
    for (std::size_t i = 1; i <= more; ++i) {
      const std::uint32_t following = byte(at_ + i);
      if (following >> 6 != 2) refuse();
      code = code << 6 | (following & 0x3F);
    }
    constexpr std::uint32_t kLeast[] = {0, 0x80, 0x800, 0x10000};
    if (code < kLeast[more] || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) refuse();
    at_ += more + 1;
    return code;
  }

 private:
  std::uint32_t byte(std::size_t at) const { return static_cast<unsigned char>(text_[at]); }
  [[noreturn]] void refuse() const {
    throw ValueError(293, cat("[text] byte ", begin_, " (", byte(begin_),
                              ") begins no character: the text is not UTF-8. Convert it first."));
  }

  std::string_view text_;
  std::size_t at_ = 0, begin_ = 0;
};

}  // namespace

Alphabet Alphabet::of(std::string_view text) {
  std::vector<std::pair<std::uint32_t, std::string>> found;
  for (Characters characters(text); characters.has_next();) {
    const std::uint32_t code = characters.next();
    const auto place = std::lower_bound(found.begin(), found.end(), code,
                                        [](const auto& other, std::uint32_t c) { return other.first < c; });
    if (place == found.end() || place->first != code) found.emplace(place, code, characters.bytes());
  }
  std::vector<std::string> symbols;
  for (auto& [code, symbol] : found) symbols.push_back(std::move(symbol));
  return Alphabet(std::move(symbols));
}

Alphabet::Alphabet(std::vector<std::string> symbols) : symbols_(std::move(symbols)) {
  for (const std::string& symbol : symbols_) {
    Characters characters(symbol);
    if (!symbol.empty()) numbers_.emplace_back(characters.next(), std::ssize(numbers_));
    if (!symbol.empty() && !characters.has_next()) continue;
    throw ValueError(296, cat("[text] symbol ", &symbol - symbols_.data(), " is \"", symbol,
                              "\"; each must be one character."));
  }
  std::sort(numbers_.begin(), numbers_.end());
  const auto twice = std::adjacent_find(numbers_.begin(), numbers_.end(),
                                        [](const auto& a, const auto& b) { return a.first == b.first; });
  if (twice == numbers_.end()) return;
  throw ValueError(296, cat("[text] symbols ", twice->second, " and ", (twice + 1)->second, " are both \"",
                            symbols_[static_cast<std::size_t>(twice->second)], "\"; each must stand once."));
}

std::vector<std::int64_t> Alphabet::encode(std::string_view text) const {
  std::vector<std::int64_t> numbers;
  numbers.reserve(text.size());
  for (Characters characters(text); characters.has_next();) {
    const std::size_t at = characters.at();
    const std::uint32_t code = characters.next();
    const auto found = std::lower_bound(numbers_.begin(), numbers_.end(), code,
                                        [](const auto& other, std::uint32_t c) { return other.first < c; });
    if (found == numbers_.end() || found->first != code) {
      throw ValueError(294,
                       cat("[text] \"", characters.bytes(), "\" at byte ", at, " is not one of the ", size(),
                           " symbols of the alphabet. Make the alphabet of all texts, or leave it out."));
    }
    numbers.push_back(found->second);
  }
  return numbers;
}

std::string Alphabet::decode(std::span<const std::int64_t> numbers) const {
  std::string text;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (numbers[i] < 0 || numbers[i] >= size()) {
      throw ValueError(295, cat("[text] number ", i, " is ", numbers[i], ", but there are ", size(),
                                " symbols: 0 to ", size() - 1, "."));
    }
    text += symbols_[static_cast<std::size_t>(numbers[i])];
  }
  return text;
}

}  // namespace chainrule::data
