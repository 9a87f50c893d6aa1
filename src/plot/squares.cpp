// Tables of numbers, a square a number: counts, and heat maps.
#include <algorithm>
#include <cmath>

#include "chainrule/error.h"
#include "core/text.h"
#include "plot/drawing.h"
#include "plot/palette.h"
#include "plot/scale.h"

namespace chainrule::plot {
namespace {

constexpr std::size_t kMostNumbers = 16;  // rows in which numbers are written
constexpr std::size_t kMostSquares = 40;  // rows that have names; more are a picture without
constexpr double kLabel = 16;

struct Layout {
  std::size_t rows, columns;
  bool has_names;
  double cell, names, top, turned;  // width of names beside, height of names below

  std::size_t most() const { return std::max({rows, columns, std::size_t{1}}); }
  double width() const { return cell * static_cast<double>(columns); }
  double height() const { return cell * static_cast<double>(rows); }
};

/// A matrix has the same names twice.
const std::vector<std::string>& row_names(const Figure& figure) {
  return figure.matrix.names.empty() ? figure.heat.rows : figure.matrix.names;
}
const std::vector<std::string>& column_names(const Figure& figure) {
  return figure.matrix.names.empty() ? figure.heat.columns : figure.matrix.names;
}

void check(const Figure& figure) {
  const Matrix& matrix = figure.matrix;
  if (matrix.values.size() != matrix.names.size() * matrix.names.size()) {
    throw ValueError(373,
                     cat("[plot] a matrix of ", matrix.names.size(), " names has ", matrix.values.size(),
                         " values; need ", matrix.names.size() * matrix.names.size(), ", a row a name."));
  }
  const HeatMap& heat = figure.heat;
  if (heat.values.size() != heat.rows.size() * heat.columns.size()) {
    throw ValueError(373, cat("[plot] a heat map of ", heat.rows.size(), " rows and ", heat.columns.size(),
                              " columns has ", heat.values.size(), " values; need ",
                              heat.rows.size() * heat.columns.size(), ", row by row."));
  }
}

Layout layout_of(const Figure& figure) {
  check(figure);
  const std::vector<std::string>&rows = row_names(figure), &columns = column_names(figure);
  Layout made{rows.size(), columns.size(), true, 0, 0, heading_height(figure) + kLabel, 16};
  made.has_names = made.most() <= kMostSquares;
  double below = 0;
  if (made.has_names) {
    for (const std::string& name : rows) made.names = std::max(made.names, width_of(name, kSmall));
    for (const std::string& name : columns) below = std::max(below, width_of(name, kSmall));
    made.names = std::clamp(made.names + 8, 20.0, 100.0);
  }
  const double room = kWidth - 2 * kMargin - made.names;
  const auto count = static_cast<double>(made.most());
  made.cell = made.has_names ? std::clamp(room / count, 18.0, 84.0) : room / count;
  // Names stand upright below, unless all are narrower than their square.
  if (made.has_names && below > made.cell - 2) made.turned = std::clamp(below + 8, 20.0, 100.0);
  return made;
}

/// How strong the color of a share is: few among many are to be seen as well.
double strength(double share) { return share > 0 ? 0.12 + 0.88 * std::sqrt(std::min(share, 1.0)) : 0; }

/// What is to be seen of a number.
struct Square {
  double strength = 0;  // of its color
  int color = 0;
  std::string text = {};  // none for a count of 0
};

/// Of each count its share of the row; those off the diagonal have another color.
std::vector<Square> squares_of(const Matrix& matrix) {
  std::vector<Square> made;
  const std::size_t count = matrix.names.size();
  for (std::size_t row = 0; row < count; ++row) {
    double sum = 0;
    for (std::size_t i = 0; i < count; ++i) sum += matrix.values[row * count + i];
    for (std::size_t i = 0; i < count; ++i) {
      const double value = matrix.values[row * count + i];
      made.push_back(
          {strength(sum > 0 ? value / sum : 0), row == i ? 0 : 1, value > 0 ? number_text(value) : ""});
    }
  }
  return made;
}

/// Of each number its share of the largest; written to two digits of that.
std::vector<Square> squares_of(const HeatMap& heat) {
  double most = 0;
  for (const double value : heat.values) {
    if (std::isfinite(value)) most = std::max(most, std::fabs(value));
  }
  const double digit = most > 0 ? std::pow(10.0, std::floor(std::log10(most)) - 1) : 1;
  std::vector<Square> made;
  for (const double value : heat.values) {
    const double share = std::isfinite(value) && most > 0 ? std::fabs(value) / most : 0;
    const double rounded = digit < 1 ? std::round(value / digit) / std::round(1 / digit) : std::round(value);
    made.push_back({share, value < 0 ? 1 : 0, number_text(rounded)});
  }
  return made;
}

std::vector<Square> squares_of(const Figure& figure) {
  return figure.matrix.names.empty() ? squares_of(figure.heat) : squares_of(figure.matrix);
}

void draw_cells(Drawing& to, const std::vector<Square>& squares, const Layout& at) {
  for (std::size_t i = 0; i < squares.size(); ++i) {
    const Square& square = squares[i];
    const double x = kMargin + at.names + at.cell * static_cast<double>(i % at.columns),
                 y = at.top + at.cell * static_cast<double>(i / at.columns);
    to.rectangle(x + 0.5, y + 0.5, at.cell - 1, at.cell - 1, "cell");
    if (square.strength > 0)
      to.rectangle(x + 0.5, y + 0.5, at.cell - 1, at.cell - 1, cat("bar ", color_class(square.color)),
                   square.strength);
    if (at.most() > kMostNumbers || square.text.empty()) continue;
    const std::string_view kind = square.strength > 0.6 ? "middle on" : "middle";
    to.text(x + at.cell / 2, y + at.cell / 2 + 3.5,
            cat(kind, square.text.size() > 3 && at.cell < 30 ? " tiny" : ""), square.text);
  }
}

void draw_pixels(Drawing& to, const std::vector<Square>& squares, const Layout& at) {
  const auto height = static_cast<std::int64_t>(at.rows), width = static_cast<std::int64_t>(at.columns);
  Picture picture{height, width, std::vector<std::uint8_t>(4 * squares.size())};
  for (std::size_t i = 0; i < squares.size(); ++i) {
    const auto place = static_cast<std::int64_t>(i);
    set_pixel(picture, place / width, place % width, squares[i].color, squares[i].strength);
  }
  to.rectangle(kMargin, at.top, at.width(), at.height(), "cell");
  to.picture(kMargin, at.top, at.width(), at.height(), picture);
}

void draw_names(Drawing& to, const Figure& figure, const Layout& at) {
  const auto middle = [&](std::size_t i) { return at.cell * (static_cast<double>(i) + 0.5); };
  for (std::size_t i = 0; i < at.rows; ++i) {
    to.text(kMargin + at.names - 5, at.top + middle(i) + 3.5, "small end", row_names(figure)[i], kSmall,
            at.names - 6);
  }
  for (std::size_t i = 0; i < at.columns; ++i) {
    const double left = kMargin + at.names + middle(i), below = at.top + at.height();
    const std::string& name = column_names(figure)[i];
    if (at.turned <= 16) {
      to.text(left, below + 13, "small middle", name);
      continue;
    }
    to.raw(
        cat("<g transform=\"translate(", to.left + left + 3.5, ' ', to.top + below + 5, ") rotate(-90)\">"));
    Drawing turned;
    turned.text(0, 0, "small end", name, kSmall, at.turned - 6);
    to.raw(turned.made() + "</g>\n");
  }
}

}  // namespace

bool has_squares(const Figure& figure) {
  return !figure.matrix.names.empty() || !figure.heat.rows.empty() || !figure.heat.values.empty();
}

Size size_of_squares(const Figure& figure) {
  const Layout at = layout_of(figure);
  return {std::max(kWidth, 2 * kMargin + at.names + at.width()),
          at.top + at.height() + (at.has_names ? at.turned : 0) + kLabel + kMargin};
}

void draw_squares(Drawing& to, const Figure& figure) {
  const Layout at = layout_of(figure);
  const Size size = size_of_squares(figure);
  draw_heading(to, figure, size.width);
  const double middle = kMargin + at.names + at.width() / 2;
  if (!figure.y.label.empty()) to.text(kMargin, at.top - 5, "small", cat("\u2193 ", figure.y.label));
  if (!figure.x.label.empty())
    to.text(middle, size.height - kMargin - 2, "small middle", cat(figure.x.label, " \u2192"));
  const std::vector<Square> squares = squares_of(figure);
  if (at.has_names) {
    draw_cells(to, squares, at);
    draw_names(to, figure, at);
  } else {
    draw_pixels(to, squares, at);
  }
}

}  // namespace chainrule::plot
