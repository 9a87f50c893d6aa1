// A table of counts, a square a number.
#include <algorithm>
#include <cmath>

#include "chainrule/error.h"
#include "core/text.h"
#include "plot/drawing.h"
#include "plot/palette.h"
#include "plot/scale.h"

namespace chainrule::plot {
namespace {

constexpr std::size_t kMostNumbers = 16;  // rows in which counts are written
constexpr std::size_t kMostSquares = 40;  // rows that have names; more are a picture without
constexpr double kLabel = 16;

struct Layout {
  std::size_t count;
  bool has_names;
  double cell, names, top, turned;  // width of names beside, height of names below
};

Layout layout_of(const Figure& figure) {
  const std::vector<std::string>& names = figure.matrix.names;
  if (figure.matrix.values.size() != names.size() * names.size()) {
    throw ValueError(373, cat("[plot] a matrix of ", names.size(), " names has ", figure.matrix.values.size(),
                              " values; need ", names.size() * names.size(), ", a row a name."));
  }
  Layout made{names.size(), names.size() <= kMostSquares, 0, 0, heading_height(figure) + kLabel, 16};
  if (made.has_names) {
    for (const std::string& name : names) made.names = std::max(made.names, width_of(name, kSmall));
    made.names = std::clamp(made.names + 8, 20.0, 100.0);
  }
  const double room = kWidth - 2 * kMargin - made.names;
  const auto count = static_cast<double>(std::max<std::size_t>(made.count, 1));
  made.cell = made.has_names ? std::clamp(room / count, 18.0, 84.0) : room / count;
  // Names stand upright below, unless all are narrower than their square.
  for (const std::string& name : names) {
    if (made.has_names && width_of(name, kSmall) > made.cell - 2) made.turned = made.names;
  }
  return made;
}

/// How strong the color of a share is: few among many are to be seen as well.
double strength(double share) { return share > 0 ? 0.12 + 0.88 * std::sqrt(std::min(share, 1.0)) : 0; }

std::vector<double> row_sums(const Matrix& matrix) {
  std::vector<double> sums(matrix.names.size());
  for (std::size_t i = 0; i < matrix.values.size(); ++i) sums[i / matrix.names.size()] += matrix.values[i];
  return sums;
}

void draw_squares(Drawing& to, const Matrix& matrix, const Layout& at) {
  const std::vector<double> sums = row_sums(matrix);
  const double left = kMargin + at.names;
  for (std::size_t i = 0; i < matrix.values.size(); ++i) {
    const std::size_t row = i / at.count, column = i % at.count;
    const double share = strength(sums[row] > 0 ? matrix.values[i] / sums[row] : 0);
    const double x = left + at.cell * static_cast<double>(column),
                 y = at.top + at.cell * static_cast<double>(row);
    to.rectangle(x + 0.5, y + 0.5, at.cell - 1, at.cell - 1, "cell");
    if (share > 0)
      to.rectangle(x + 0.5, y + 0.5, at.cell - 1, at.cell - 1, row == column ? "bar c0" : "bar c1", share);
    if (at.count > kMostNumbers || !(matrix.values[i] > 0)) continue;
    const std::string number = number_text(matrix.values[i]);
    const std::string_view kind = share > 0.6 ? "middle on" : "middle";
    to.text(x + at.cell / 2, y + at.cell / 2 + 3.5,
            cat(kind, number.size() > 3 && at.cell < 30 ? " tiny" : " small"), number);
  }
}

void draw_pixels(Drawing& to, const Matrix& matrix, const Layout& at) {
  const auto size = static_cast<std::int64_t>(at.count);
  Picture picture{size, size, std::vector<std::uint8_t>(static_cast<std::size_t>(4 * size * size))};
  const std::vector<double> sums = row_sums(matrix);
  for (std::int64_t row = 0; row < size; ++row) {
    for (std::int64_t column = 0; column < size; ++column) {
      const double value = matrix.values[static_cast<std::size_t>(row * size + column)];
      const double sum = sums[static_cast<std::size_t>(row)];
      set_pixel(picture, row, column, row == column ? 0 : 1, strength(sum > 0 ? value / sum : 0));
    }
  }
  const double width = at.cell * static_cast<double>(at.count);
  to.rectangle(kMargin, at.top, width, width, "cell");
  to.picture(kMargin, at.top, width, width, picture);
}

void draw_names(Drawing& to, const Matrix& matrix, const Layout& at) {
  for (std::size_t i = 0; i < at.count; ++i) {
    const double middle = at.cell * (static_cast<double>(i) + 0.5);
    const double left = kMargin + at.names + middle, below = at.top + at.cell * static_cast<double>(at.count);
    const std::string& name = matrix.names[i];
    to.text(kMargin + at.names - 5, at.top + middle + 3.5, "small end", name, kSmall, at.names - 6);
    if (at.turned <= 16) {
      to.text(left, below + 13, "small middle", name);
    } else {
      to.raw(cat("<g transform=\"translate(", to.left + left + 3.5, ' ', to.top + below + 5,
                 ") rotate(-90)\">"));
      Drawing turned;
      turned.text(0, 0, "small end", name, kSmall, at.names - 6);
      to.raw(turned.made() + "</g>\n");
    }
  }
}

}  // namespace

Size size_of_matrix(const Figure& figure) {
  const Layout at = layout_of(figure);
  const double squares = at.cell * static_cast<double>(at.count);
  return {std::max(kWidth, 2 * kMargin + at.names + squares),
          at.top + squares + (at.has_names ? at.turned : 0) + kLabel + kMargin};
}

void draw_matrix(Drawing& to, const Figure& figure) {
  const Layout at = layout_of(figure);
  const Size size = size_of_matrix(figure);
  draw_heading(to, figure, size.width);
  const double middle = kMargin + at.names + at.cell * static_cast<double>(at.count) / 2;
  to.text(kMargin, at.top - 5, "small", cat("\u2193 ", figure.y.label));
  to.text(middle, size.height - kMargin - 2, "small middle", cat(figure.x.label, " \u2192"));
  if (at.has_names) {
    draw_squares(to, figure.matrix, at);
    draw_names(to, figure.matrix, at);
  } else {
    draw_pixels(to, figure.matrix, at);
  }
}

}  // namespace chainrule::plot
