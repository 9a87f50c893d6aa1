#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "chainrule/config.h"
#include "core/utf8.h"

namespace chainrule::config {

inline constexpr std::size_t kMaxBytes = std::size_t{4} << 20;
inline constexpr int kMaxDepth = 64;

/// The start of a source of this name: line 1, column 1; line 0 if it is a short text of one line.
Place start_of(std::string_view source, bool lines = true);

/// Refuses texts that are too long (E224) or not UTF-8 (E238).
void check_source(std::string_view text, const Place& start);

/// Refuses a level beyond kMaxDepth (E224).
void check_depth(int depth, const Place& place);

/// Appends a code point, which must be one (no surrogate, at most 0x10FFFF), as UTF-8.
void append_utf8(std::string& text, std::uint32_t code_point);

/// The places of a text by offset. Fast for offsets that ascend.
class Lines {
 public:
  Lines(std::string_view text, const Place& start) : text_(text), start_(start), now_(start) {}
  Place at(std::size_t offset);

 private:
  std::string_view text_;
  Place start_, now_;
  std::size_t offset_ = 0;
};

/// A short text that begins at a place. Its line stays 0 if the start's is.
Value parse_text_at(std::string_view text, const Place& start);

/// What a text says as short text. Its places are those in the text, if nothing in it is escaped.
Value parse_within(const Value& text);

}  // namespace chainrule::config
