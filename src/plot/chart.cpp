// Series and bars on a pair of axes.
#include <algorithm>
#include <cmath>

#include "core/text.h"
#include "plot/drawing.h"
#include "plot/palette.h"
#include "plot/scale.h"

namespace chainrule::plot {
namespace {

constexpr double kRight = 10, kBelow = 22, kLabel = 15, kTick = 4;
constexpr double kLegendRow = 17, kSwatch = 16;
constexpr std::size_t kMostNames = 12;     // of the legend
constexpr std::size_t kMostPoints = 2000;  // of a series: more than a screen has pixels

int color_of(const Figure& figure, std::size_t place) {
  const int chosen = figure.series[place].color;
  return (chosen >= 0 ? chosen : static_cast<int>(place)) % kColors;
}

/// A name of the legend and where it stands.
struct Entry {
  std::size_t series;
  double x, y;
};
std::vector<Entry> legend_of(const Figure& figure) {
  std::vector<Entry> entries;
  double x = 0, y = 0;
  for (std::size_t i = 0; i < figure.series.size() && entries.size() < kMostNames; ++i) {
    const std::string& name = figure.series[i].name;
    if (name.empty()) continue;
    const double width = std::min(kSwatch + 5 + width_of(name, kSmall) + 14, kWidth - 2 * kMargin);
    if (x > 0 && x + width > kWidth - 2 * kMargin) x = 0, y += kLegendRow;
    entries.push_back({i, x, y});
    x += width;
  }
  return entries;
}
/// "and 18 more", or empty.
std::string left_out(const Figure& figure) {
  const auto has_name = [](const Series& series) { return !series.name.empty(); };
  const auto names =
      static_cast<std::size_t>(std::count_if(figure.series.begin(), figure.series.end(), has_name));
  return names > kMostNames ? cat("and ", names - kMostNames, " more") : "";
}
double legend_height(const Figure& figure) {
  const std::vector<Entry> entries = legend_of(figure);
  if (entries.empty()) return 0;
  return entries.back().y + kLegendRow + 2 + (left_out(figure).empty() ? 0 : kLegendRow);
}

std::string_view style_of(const Series& series) {
  switch (series.style) {
    case Series::Style::dashes:
      return "line dashes";
    case Series::Style::dots:
      return "dots";
    case Series::Style::thin:
      return "line thin";
    default:
      return "line";
  }
}

void draw_legend(Drawing& to, const Figure& figure, double top) {
  for (const Entry& entry : legend_of(figure)) {
    const Series& series = figure.series[entry.series];
    const double x = kMargin + entry.x, y = top + entry.y + kLegendRow / 2;
    to.raw(cat("<g class=\"", color_class(color_of(figure, entry.series)), "\">\n"));
    if (series.style == Series::Style::dots) {
      to.dot(x + kSwatch / 2, y, 4, "dots");
    } else {
      to.line(x, y, x + kSwatch, y, style_of(series));
      if (series.style == Series::Style::path) to.dot(x + kSwatch / 2, y, 2.6, "dots");
    }
    to.raw("</g>\n");
    to.text(x + kSwatch + 5, y + 4, "small", series.name, kSmall, kWidth - 2 * kMargin - kSwatch - 5);
  }
  if (const std::string more = left_out(figure); !more.empty()) {
    to.text(kMargin, top + legend_height(figure) - 7, "small", more);
  }
}

/// The axes: a rectangle, and what numbers are where.
struct Axes {
  Scale x, y;
  double left, top, width, height;
  bool counts;  // whole numbers upwards

  double across(double number) const { return left + width * x.at(number); }
  std::vector<Scale::Tick> y_ticks() const { return y.ticks(6, counts ? 1 : 0); }
  double down(double number) const { return top + height * (1 - y.at(number)); }
};

/// The names of bars, below their middles.
std::vector<Scale::Tick> name_ticks(const Bars& bars, const Axes& axes) {
  std::vector<Scale::Tick> ticks;
  const double room = axes.width / static_cast<double>(bars.names.size());
  for (std::size_t i = 0; i < bars.names.size() && i + 1 < bars.edges.size(); ++i) {
    ticks.push_back(
        {(axes.x.at(bars.edges[i]) + axes.x.at(bars.edges[i + 1])) / 2, fitted(bars.names[i], kSmall, room)});
  }
  return ticks;
}

void draw_axes(Drawing& to, const Figure& figure, const Axes& axes) {
  const double bottom = axes.top + axes.height, right = axes.left + axes.width;
  for (const Scale::Tick& tick : axes.y_ticks()) {
    const double y = bottom - axes.height * tick.at;
    if (figure.background.width == 0) to.line(axes.left, y, right, y, "grid");
    to.text(axes.left - kTick - 2, y + 3.5, "small end", tick.text);
  }
  const int most = axes.width < 250 ? 4 : 6;
  for (const Scale::Tick& tick :
       figure.bars.names.empty() ? axes.x.ticks(most) : name_ticks(figure.bars, axes)) {
    const double x = axes.left + axes.width * tick.at;
    to.line(x, bottom, x, bottom + kTick, "axis");
    to.text(x, bottom + kTick + 11, "small middle", tick.text);
  }
  to.line(axes.left, bottom, right, bottom, "axis");
  if (!figure.x.label.empty()) {
    to.text(axes.left + axes.width / 2, bottom + kBelow + kLabel - 4, "small middle", figure.x.label, kSmall,
            axes.width);
  }
}

void draw_bars(Drawing& to, const Bars& bars, const Axes& axes) {
  for (std::size_t i = 0; i < bars.heights.size() && i + 1 < bars.edges.size(); ++i) {
    const double x = axes.across(bars.edges[i]), end = axes.across(bars.edges[i + 1]);
    const double y = axes.down(bars.heights[i]), base = axes.top + axes.height;
    const bool is_there = is_on(axes.x.at(bars.edges[i])) && is_on(axes.x.at(bars.edges[i + 1]));
    if (!is_there || !is_on(axes.y.at(bars.heights[i])) || !(bars.heights[i] > 0)) continue;
    const double gap = !bars.names.empty() ? 0.15 * (end - x) : end - x > 4 ? 0.5 : 0;
    to.rectangle(x + gap, y, std::max(end - x - 2 * gap, 0.3), std::max(base - y, 0.5), "bar c0");
  }
}

/// A way through the points; gaps where they are not finite. A point alone between gaps is a dot.
void draw_line(Drawing& to, const Series& series, const Axes& axes) {
  const std::size_t count = std::min(series.x.size(), series.y.size());
  const bool all = series.style == Series::Style::thin;  // made of many short lines
  const std::size_t apart = all ? 1 : std::max<std::size_t>(1, (count + kMostPoints - 1) / kMostPoints);
  const auto is_there = [&](std::size_t i) {
    return i < count && is_on(axes.x.at(series.x[i])) && is_on(axes.y.at(series.y[i]));
  };
  std::string way;
  bool draws = false;
  for (std::size_t i = 0; i < count; i += apart) {
    if (!is_there(i)) {
      draws = false;
      continue;
    }
    const double x = axes.across(series.x[i]), y = axes.down(series.y[i]);
    if (!draws && !is_there(i + apart)) to.dot(x, y, 2.5, "dots");
    way += to.point(draws ? 'L' : 'M', x, y);
    draws = true;
  }
  to.path(way, style_of(series));
}

void draw_dots(Drawing& to, const Series& series, const Axes& axes) {
  const std::size_t count = std::min(series.x.size(), series.y.size());
  const double radius = count > 500 ? 1.8 : 2.6;
  for (std::size_t i = 0; i < count; ++i) {
    const double x = axes.across(series.x[i]), y = axes.down(series.y[i]);
    if (is_on(axes.x.at(series.x[i])) && is_on(axes.y.at(series.y[i]))) to.dot(x, y, radius, "dots");
  }
}

Axes axes_of(const Figure& figure, double top) {
  const std::vector<double>& bars = figure.bars.heights;
  const bool counts = !bars.empty() && std::all_of(bars.begin(), bars.end(), [](double height) {
    return height == std::floor(height);
  });
  Axes axes{x_scale(figure), y_scale(figure), 0, top, 0, figure.height, counts};
  double widest = 0;
  for (const Scale::Tick& tick : axes.y_ticks()) widest = std::max(widest, width_of(tick.text, kSmall));
  axes.left = kMargin + std::max(20.0, widest + kTick + 4);
  axes.width = kWidth - axes.left - kMargin - kRight;
  return axes;
}

double label_height(const Figure& figure) { return figure.y.label.empty() ? 0 : kLabel + 2; }

}  // namespace

Size size_of_chart(const Figure& figure) {
  return {kWidth, heading_height(figure) + legend_height(figure) + label_height(figure) + 6 + figure.height +
                      kBelow + (figure.x.label.empty() ? 0 : kLabel) + kMargin};
}

void draw_chart(Drawing& to, const Figure& figure) {
  draw_heading(to, figure, kWidth);
  double top = heading_height(figure);
  draw_legend(to, figure, top);
  top += legend_height(figure);
  if (!figure.y.label.empty()) to.text(kMargin, top + 10, "small", figure.y.label, kSmall, kWidth);
  const Axes axes = axes_of(figure, top + label_height(figure) + 6);
  to.picture(axes.left, axes.top, axes.width, axes.height, figure.background);
  draw_axes(to, figure, axes);
  draw_bars(to, figure.bars, axes);
  for (std::size_t i = 0; i < figure.series.size(); ++i) {
    const Series& series = figure.series[i];
    to.raw(cat("<g class=\"", color_class(color_of(figure, i)), "\">\n"));
    if (series.style != Series::Style::dots) draw_line(to, series, axes);
    if (series.style == Series::Style::dots || series.style == Series::Style::path)
      draw_dots(to, series, axes);
    to.raw("</g>\n");
  }
}

}  // namespace chainrule::plot
