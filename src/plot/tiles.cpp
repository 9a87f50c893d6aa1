// Small pictures side by side.
#include <algorithm>
#include <cmath>

#include "plot/drawing.h"

namespace chainrule::plot {
namespace {

constexpr double kGap = 4, kCaption = 14;

/// The lines of a caption.
std::vector<std::string> lines_of(const std::string& caption) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < caption.size();) {
    const std::size_t end = std::min(caption.find('\n', begin), caption.size());
    lines.push_back(caption.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

struct Layout {
  std::size_t columns, rows;
  double width, height;  // of a tile
  double caption;        // height
};

/// As many as make about a square, four at least so that none is huge; fewer for the sake of their captions.
std::size_t columns_for(std::size_t count, double widest_caption) {
  const double about = std::ceil(std::sqrt(static_cast<double>(count) * 1.5));
  const auto columns = static_cast<std::size_t>(std::max(4.0, about));
  if (widest_caption == 0) return columns;
  const double room = (kWidth - 2 * kMargin + kGap) / (widest_caption + kGap);
  return std::min(columns, static_cast<std::size_t>(std::clamp(room, 2.0, 5.0)));
}

Layout layout_of(const Figure& figure) {
  double widest = 0, caption = 0;
  for (const Tile& tile : figure.tiles) {
    const std::vector<std::string> lines = lines_of(tile.caption);
    for (const std::string& line : lines) widest = std::max(widest, width_of(line, kSmall));
    caption = std::max(caption, kCaption * static_cast<double>(lines.size()));
  }
  const std::size_t count = figure.tiles.size();
  const std::size_t columns =
      figure.columns > 0 ? static_cast<std::size_t>(figure.columns) : columns_for(count, widest);
  const double room = kWidth - 2 * kMargin - kGap * static_cast<double>(columns - 1);
  Layout made{columns, (count + columns - 1) / columns, room / static_cast<double>(columns), 0, caption};
  const Picture& first = figure.tiles.front().picture;
  made.height = made.width;
  if (first.width > 0) made.height *= static_cast<double>(first.height) / static_cast<double>(first.width);
  return made;
}

double row_height(const Layout& at) { return at.height + kGap + at.caption; }

}  // namespace

Size size_of_tiles(const Figure& figure) {
  const Layout at = layout_of(figure);
  return {kWidth, heading_height(figure) + 6 + row_height(at) * static_cast<double>(at.rows) + kMargin};
}

void draw_tiles(Drawing& to, const Figure& figure) {
  const Layout at = layout_of(figure);
  draw_heading(to, figure, kWidth);
  for (std::size_t i = 0; i < figure.tiles.size(); ++i) {
    const Tile& tile = figure.tiles[i];
    const double x = kMargin + (at.width + kGap) * static_cast<double>(i % at.columns);
    const double y = heading_height(figure) + 6 + row_height(at) * static_cast<double>(i / at.columns);
    to.picture(x, y, at.width, at.height, tile.picture);
    double below = y + at.height + 11;
    for (const std::string& line : lines_of(tile.caption)) {
      to.text(x + at.width / 2, below, "small middle", line, kSmall, at.width + kGap);
      below += kCaption;
    }
  }
}

}  // namespace chainrule::plot
