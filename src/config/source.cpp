#include "config/source.h"

#include <algorithm>

#include "config/words.h"
#include "core/other_formats.h"
#include "core/utf8.h"

namespace chainrule::config {
namespace {

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

}  // namespace

Place start_of(std::string_view source, bool lines) {
  Place place;
  if (!source.empty()) {
    place.source = make_shared<Place::Source>();
    place.source->name = source;
  }
  place.line = lines ? 1 : 0;
  place.column = 1;
  return place;
}

void check_source(std::string_view text, const Place& start) {
  if (text.size() > kMaxBytes)
    throw mistake(224, start, "the text has ", text.size(), " bytes. Need at most 4 MiB.");
  if (start.source) refuse_other_formats(text, start.source->name);
  const std::size_t broken = first_broken(text);
  if (broken < text.size())
    throw mistake(238, Lines(text, start).at(broken), "the text is not UTF-8. Save it in that encoding.");
}

void check_depth(int depth, const Place& place) {
  if (depth > kMaxDepth)
    throw mistake(224, place, "nested deeper than ", kMaxDepth, " levels. Need a flatter form.");
}

void append_utf8(std::string& text, std::uint32_t code_point) {
  const auto put = [&](std::uint32_t byte) { text += static_cast<char>(byte); };
  const auto tail = [&](int shift) { put(0x80 | ((code_point >> shift) & 0x3F)); };
  if (code_point < 0x80) {
    put(code_point);
  } else if (code_point < 0x800) {
    put(0xC0 | (code_point >> 6)), tail(0);
  } else if (code_point < 0x10000) {
    put(0xE0 | (code_point >> 12)), tail(6), tail(0);
  } else {
    put(0xF0 | (code_point >> 18)), tail(12), tail(6), tail(0);
  }
}

Place Lines::at(std::size_t offset) {
  if (offset < offset_) now_ = start_, offset_ = 0;
  for (; offset_ < std::min(offset, text_.size()); ++offset_) {
    if (text_[offset_] == '\n' && now_.line > 0) {
      ++now_.line;
      now_.column = 1;
    } else if (!continues(text_[offset_])) {
      ++now_.column;
    }
  }
  return now_;
}

}  // namespace chainrule::config
