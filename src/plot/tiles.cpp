// Small pictures side by side.
#include <algorithm>
#include <cmath>

#include "plot/drawing.h"

namespace chainrule::plot {
namespace {

constexpr double kGap = 4, kCaption = 14;

struct Layout {
  std::size_t columns, rows;
  double width, height;  // of a tile
  bool has_captions;
};

Layout layout_of(const Figure& figure) {
  const std::size_t count = figure.tiles.size();
  const bool has_captions = std::any_of(figure.tiles.begin(), figure.tiles.end(),
                                        [](const Tile& tile) { return !tile.caption.empty(); });
  std::size_t columns = static_cast<std::size_t>(std::max<std::int64_t>(figure.columns, 0));
  // As many as make about a square, four at least so that none is huge.
  if (columns == 0) {
    columns = std::max<std::size_t>(
        4, static_cast<std::size_t>(std::ceil(std::sqrt(static_cast<double>(count) * 1.5))));
    if (has_captions) columns = std::min<std::size_t>(columns, 5);
  }
  const double room = kWidth - 2 * kMargin;
  Layout made{columns, (count + columns - 1) / columns, 0, 0, has_captions};
  made.width = (room - kGap * static_cast<double>(columns - 1)) / static_cast<double>(columns);
  const Picture& first = figure.tiles.front().picture;
  made.height = made.width;
  if (first.width > 0) made.height *= static_cast<double>(first.height) / static_cast<double>(first.width);
  return made;
}

double row_height(const Layout& at) { return at.height + kGap + (at.has_captions ? kCaption : 0); }

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
    if (at.has_captions)
      to.text(x + at.width / 2, y + at.height + 11, "small middle", tile.caption, kSmall, at.width + kGap);
  }
}

}  // namespace chainrule::plot
