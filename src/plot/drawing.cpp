// The pieces of an SVG, and texts in it.
#include "plot/drawing.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

#include "core/text.h"

namespace chainrule::plot {
namespace {

/// A length, to a tenth of a pixel.
std::string px(double value) {
  const double rounded = std::round(value * 10) / 10;
  return cat(rounded == 0 ? 0.0 : rounded);
}

struct Character {
  std::size_t bytes = 0;
  bool allowed = false;  // in XML
  bool wide = false;     // as those of Chinese, Japanese and Korean are
};

/// The character of UTF-8 that begins a text; one byte that is not allowed if none does (RFC 3629).
Character first_of(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t lead = byte(0);
  if (lead < 0x80) return {1, lead >= 0x20 || lead == '\t' || lead == '\n' || lead == '\r'};
  const std::size_t bytes = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < bytes) return {1, false};
  std::uint32_t code = lead & (0x7Fu >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {1, false};
    code = code << 6 | (byte(i) & 0x3Fu);
  }
  const bool is_long = (bytes == 3 && code < 0x800) || (bytes == 4 && (code < 0x10000 || code > 0x10FFFF));
  const bool is_surrogate = code >= 0xD800 && code <= 0xDFFF;
  if (is_long || is_surrogate) return {1, false};
  return {bytes, code != 0xFFFE && code != 0xFFFF, code >= 0x2E80};
}

constexpr double kWide = 0.58;  // of a character, in sizes of the font; a wide one takes all of it

}  // namespace

std::string xml(std::string_view text) {
  static constexpr std::pair<char, std::string_view> kEscapes[] = {
      {'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&#39;"}};
  std::string made;
  while (!text.empty()) {
    const Character next = first_of(text);
    const auto escape = std::find_if(std::begin(kEscapes), std::end(kEscapes),
                                     [&](const auto& one) { return one.first == text.front(); });
    if (!next.allowed) {
      made += "\uFFFD";
    } else if (escape != std::end(kEscapes)) {
      made += escape->second;
    } else {
      made += text.substr(0, next.bytes);
    }
    text.remove_prefix(next.bytes);
  }
  return made;
}

double width_of(std::string_view text, double size) {
  double width = 0;
  while (!text.empty()) {
    const Character next = first_of(text);
    width += next.wide ? size : size * kWide;
    text.remove_prefix(next.bytes);
  }
  return width;
}

std::string fitted(std::string_view text, double size, double width) {
  if (width_of(text, size) <= width) return std::string(text);
  const double most =
                   std::max(1.0, std::floor(width / (size * kWide))) - 1,  // characters, without the new one
      behind = std::floor(most / 2) * kWide, before = most * kWide - behind;
  std::string made, end;
  double used = 0;
  for (const double all = width_of(text, 1); !text.empty();) {
    const Character next = first_of(text);
    const std::string_view character = text.substr(0, next.bytes);
    if (used + (next.wide ? 1 : kWide) <= before + 1e-9) {
      made += character;
    } else if (all - used <= behind + 1e-9) {
      end += character;
    }
    used += next.wide ? 1 : kWide;
    text.remove_prefix(next.bytes);
  }
  return made + "\u2026" + end;
}

std::string Drawing::point(char letter, double x, double y) const {
  return cat(letter, px(left + x), ' ', px(top + y));
}

void Drawing::text(double x, double y, std::string_view kind, std::string_view words) {
  made_ += cat("<text class=\"", kind, "\" x=\"", px(left + x), "\" y=\"", px(top + y), "\">", xml(words),
               "</text>\n");
}

void Drawing::text(double x, double y, std::string_view kind, std::string_view words, double size,
                   double width) {
  const std::string shown = fitted(words, size, width);
  if (shown == words) return text(x, y, kind, words);
  made_ += cat("<text class=\"", kind, "\" x=\"", px(left + x), "\" y=\"", px(top + y), "\">", xml(shown),
               "<title>", xml(words), "</title></text>\n");
}

void Drawing::rectangle(double x, double y, double width, double height, std::string_view kind,
                        double opacity) {
  made_ += cat("<rect class=\"", kind, "\" x=\"", px(left + x), "\" y=\"", px(top + y), "\" width=\"",
               px(width), "\" height=\"", px(height), '"');
  if (opacity < 1) made_ += cat(" fill-opacity=\"", std::round(opacity * 1000) / 1000, '"');
  made_ += "/>\n";
}

void Drawing::line(double x1, double y1, double x2, double y2, std::string_view kind) {
  made_ += cat("<path class=\"", kind, "\" d=\"", point('M', x1, y1), point('L', x2, y2), "\"/>\n");
}

void Drawing::dot(double x, double y, double radius, std::string_view kind) {
  made_ += cat("<circle class=\"", kind, "\" cx=\"", px(left + x), "\" cy=\"", px(top + y), "\" r=\"",
               px(radius), "\"/>\n");
}

void Drawing::path(std::string_view way, std::string_view kind) {
  if (!way.empty()) made_ += cat("<path class=\"", kind, "\" d=\"", way, "\"/>\n");
}

std::string color_class(int index) { return cat('c', index); }

}  // namespace chainrule::plot
