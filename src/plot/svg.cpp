// Figures as SVG: one, or several side by side.
#include <algorithm>

#include "core/text.h"
#include "plot/drawing.h"
#include "plot/palette.h"

namespace chainrule::plot {
namespace {

constexpr double kSheet = 3 * kWidth;  // wide, at most, unless a figure is wider
constexpr double kTitle = 30, kApart = 12;

std::string hex(Rgb color) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string made = "#";
  for (const std::uint8_t part : {color.red, color.green, color.blue}) {
    made += kDigits[part / 16];
    made += kDigits[part % 16];
  }
  return made;
}

/// Texts are 12 and 10.5 pixels: kText, kSmall.
constexpr std::string_view kRules = R"(
.plot text { font-family: system-ui, "Segoe UI", "DejaVu Sans", sans-serif; font-size: 10.5px; fill: #24303c; }
.plot .head { font-size: 13px; font-weight: 600; }
.plot .sheet { font-size: 17px; font-weight: 600; }
.plot .small { fill: #55626f; }
.plot .tiny { font-size: 8.5px; }
.plot .middle { text-anchor: middle; }
.plot .end { text-anchor: end; }
.plot .on { fill: #ffffff; }
.plot .page { fill: #ffffff; }
.plot .cell { fill: #f1f4f6; }
.plot .grid { stroke: #e3e8ec; stroke-width: 1; fill: none; }
.plot .axis { stroke: #8b98a5; stroke-width: 1; fill: none; }
.plot .line { stroke: currentColor; stroke-width: 1.8; fill: none; stroke-linejoin: round; stroke-linecap: round; }
.plot .dashes { stroke-dasharray: 5 4; }
.plot .thin { stroke-width: 0.9; opacity: 0.75; }
.plot .dots { fill: currentColor; stroke: #ffffff; stroke-width: 0.6; }
.plot .bar { fill: currentColor; }
)";
constexpr std::string_view kDark = R"(
.plot text { fill: #e3e9ee; }
.plot .small { fill: #a9b5c0; }
.plot .on { fill: #0c1116; }
.plot .page { fill: #11161b; }
.plot .cell { fill: #1d242b; }
.plot .grid { stroke: #2b343d; }
.plot .axis { stroke: #6b7884; }
.plot .dots { stroke: #11161b; }
)";

std::string made_style() {
  std::string light(kRules), dark(kDark);
  for (int i = 0; i < kColors; ++i) {
    light += cat(".plot .", color_class(i), " { color: ", hex(kPalette[i].light), "; }\n");
    dark += cat(".plot .", color_class(i), " { color: ", hex(kPalette[i].dark), "; }\n");
  }
  return cat(light, "@media (prefers-color-scheme: dark) {", dark, "}\n");
}

Size size_of(const Figure& figure) {
  if (has_squares(figure)) return size_of_squares(figure);
  return figure.tiles.empty() ? size_of_chart(figure) : size_of_tiles(figure);
}

void draw(Drawing& to, const Figure& figure) {
  if (has_squares(figure)) return draw_squares(to, figure);
  figure.tiles.empty() ? draw_chart(to, figure) : draw_tiles(to, figure);
}

std::string opening(Size size) {
  return cat("<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"plot\" role=\"img\" width=\"", size.width,
             "\" height=\"", size.height, "\" viewBox=\"0 0 ", size.width, ' ', size.height, "\">\n");
}

/// Figures from the left to the right, in rows.
Size place(std::span<const Figure> figures, double top, Drawing& to) {
  double x = 0, y = top, row = 0, widest = kWidth;
  for (const Figure& figure : figures) {
    const Size size = size_of(figure);
    if (x > 0 && x + size.width > kSheet) x = 0, y += row + kApart, row = 0;
    to.left = x, to.top = y;
    draw(to, figure);
    x += size.width;
    row = std::max(row, size.height), widest = std::max(widest, x);
  }
  to.left = to.top = 0;
  return {widest, y + row};
}

}  // namespace

double heading_height(const Figure& figure) {
  return 6 + (figure.title.empty() ? 0 : 18) + (figure.note.empty() ? 0 : 16);
}

void draw_heading(Drawing& to, const Figure& figure, double width) {
  if (!figure.title.empty()) to.text(kMargin, 17, "head", figure.title, 14, width - 2 * kMargin);
  const double y = figure.title.empty() ? 14 : 33;
  if (!figure.note.empty()) to.text(kMargin, y, "small", figure.note, kSmall, width - 2 * kMargin);
}

std::string_view style() {
  static const std::string made = made_style();
  return made;
}

std::string svg(std::span<const Figure> figures, std::string_view title) {
  Drawing inside;
  const double top = title.empty() ? 0 : kTitle;
  const Size size = place(figures, top, inside);
  Drawing page;
  page.raw(opening(size));
  page.raw(cat("<style>", style(), "</style>\n"));
  page.rectangle(0, 0, size.width, size.height, "page");
  if (!title.empty()) page.text(kMargin, 24, "sheet", title, 18, size.width - 2 * kMargin);
  page.raw(inside.made() + "</svg>\n");
  return page.made();
}

std::string svg(const Figure& figure) { return svg(std::span(&figure, 1)); }

std::string inline_svg(const Figure& figure) {
  Drawing inside;
  inside.raw(opening(size_of(figure)));
  draw(inside, figure);
  inside.raw("</svg>\n");
  return inside.made();
}

}  // namespace chainrule::plot
