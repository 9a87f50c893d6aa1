#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// Figures: what is to be seen, as plain data; and their pictures as SVG, PNG and text.
//
//     plot::Figure figure{.title = "loss", .x = {.label = "step"}};
//     figure.series.push_back({.name = "test", .x = steps, .y = losses});
//     plot::save("loss.svg", figure);
//     std::cout << plot::text(figure);
namespace chainrule::plot {

/// Points of one name. One that is not finite is a gap in the line.
struct Series {
  enum class Style : std::uint8_t { line, dashes, dots, path, thin };  ///< path: line and dots
  std::string name = {};                                               ///< in the legend; empty: not there
  std::vector<double> x = {}, y = {};
  Style style = Style::line;
  int color = -1;  ///< of the palette, from 0; -1: that of its place
};

/// Bars side by side: heights[i] stands between edges[i] and edges[i + 1].
struct Bars {
  std::vector<double> edges = {}, heights = {};
  std::vector<std::string> names = {};  ///< of each, below the axis in place of numbers
};

/// Pixels, row by row from the top: red, green, blue and opacity, a byte each.
struct Picture {
  std::int64_t height = 0, width = 0;
  std::vector<std::uint8_t> pixels = {};
};

/// An axis, from `low` to `high`; where they are not given, what the data need.
struct Axis {
  std::string label = {};
  bool logarithmic = false;  ///< numbers that are not above 0 are left out then
  double low = std::numeric_limits<double>::quiet_NaN(), high = std::numeric_limits<double>::quiet_NaN();
};

/// A table of counts, a square a number: square i, j tells how much of the sum of row i it is. Those off the
/// diagonal have another colour.
struct Matrix {
  std::vector<std::string> names = {};  ///< of rows and columns
  std::vector<double> values = {};      ///< names.size() squared, row by row
};

/// A table of any numbers, a square a number: the further from 0, the stronger the colour; below 0 it is
/// another one.
struct HeatMap {
  std::vector<std::string> rows = {}, columns = {};  ///< their names
  std::vector<double> values = {};                   ///< a number for each pair of names, row by row
};

/// A small picture among others.
struct Tile {
  Picture picture = {};
  std::string caption = {};  ///< below; of several lines, if it has line breaks
};

/// One of these: series, bars, a background, alone or together, on a pair of axes; a matrix; a heat map; or
/// tiles.
struct Figure {
  std::string title = {};
  std::string note = {};  ///< a sentence below the title
  Axis x = {}, y = {};
  std::vector<Series> series = {};
  Bars bars = {};
  Picture background = {};  ///< fills the axes, whose ends must be given
  Matrix matrix = {};
  HeatMap heat = {};
  std::vector<Tile> tiles = {};
  std::int64_t columns = 0;  ///< of tiles; 0: as many as look well
  double height = 170;       ///< of the axes, in pixels; they are about 310 wide
};

/// Figures as one picture in the SVG format, side by side: it needs no other file, and follows the reader's
/// choice of light or dark colours.
/// @param title  above them; empty: none.
/// @throws ValueError  for pictures, a matrix or a heat map that have not as many numbers as they ask for
/// (E373), here and in what follows.
std::string svg(std::span<const Figure> figures, std::string_view title = "");
std::string svg(const Figure& figure);

/// The same for a page that has many: without the style, which the page has once, in an element `style`.
std::string inline_svg(const Figure& figure);
std::string_view style();

/// The same as a PNG, in light colours, two pixels for one of the SVG. Drawn by rsvg-convert (Debian's
/// package librsvg2-bin).
/// @throws FileError  if that program is not there (E370), or fails (E371).
std::string png(std::span<const Figure> figures, std::string_view title = "");

/// A file with one or the other, by the end of its name: .svg or .png.
/// @throws ValueError  for another end (E372).
/// @throws FileError  as png, or if it cannot be written (E083).
void save(const std::string& path, std::span<const Figure> figures, std::string_view title = "");
void save(const std::string& path, const Figure& figure);

/// How a figure looks in a terminal.
struct TextOptions {
  int columns = 80;     ///< of the terminal; at least 40 are used
  int rows = 14;        ///< of the axes
  bool unicode = true;  ///< with Braille dots, two by four to a character; else ASCII
  bool color = false;   ///< a colour a line
};
/// The series of a figure as text, one line of it a row of characters.
std::string text(const Figure& figure, const TextOptions& options = {});

/// @name Pictures
/// @throws ValueError  for fewer numbers or bytes than pixels ask for, or more than 2^26 pixels (E373).
/// @{
/// A PNG of the pixels, each `zoom` times `zoom` large.
std::string png_of(const Picture& picture, std::int64_t zoom = 1);
/// Numbers (height, width), from low to high, in colours from dark blue to yellow.
Picture shades(std::span<const double> numbers, std::int64_t height, std::int64_t width, double low,
               double high);
/// Numbers around 0, from -most to most: orange below, blue above, white at 0.
Picture signs(std::span<const double> numbers, std::int64_t height, std::int64_t width, double most);
/// An image of 1 or 3 channels, (channels, height, width), from low to high.
Picture image(std::span<const double> numbers, std::int64_t channels, std::int64_t height, std::int64_t width,
              double low = 0, double high = 1);
/// Color `index` of the palette, with an opacity from 0 to 1.
void set_pixel(Picture& picture, std::int64_t row, std::int64_t column, int color, double opacity);
/// @}

/// How many of the numbers lie in each of about `most` bins of one width, 1, 2 or 5 times a power of ten.
/// Those that are not finite are left out.
Bars histogram(std::span<const double> numbers, int most = 30);

/// A bar for each height, with its name.
Bars named_bars(std::vector<std::string> names, std::vector<double> heights);

}  // namespace chainrule::plot
