// Series as text: Braille dots, or ASCII.
#include <algorithm>
#include <cmath>
#include <cstdint>

#include "core/text.h"
#include "plot/drawing.h"
#include "plot/scale.h"

namespace chainrule::plot {
namespace {

constexpr int kMostName = 22;
constexpr std::string_view kAsciiMarks = "*o+x#@";
constexpr const char* kColorCodes[] = {"34", "33", "32", "35", "36", "31"};  // of ANSI terminals

int length_of(std::string_view text) {
  return static_cast<int>(std::lround(width_of(text, 1) / width_of("x", 1)));
}

std::string padded(std::string text, int width) {
  return std::string(static_cast<std::size_t>(std::max(0, width - length_of(text))), ' ') + text;
}

/// At most so many characters, none of which moves the cursor.
std::string shown_name(std::string_view name, bool unicode) {
  std::string made;
  for (const char c : name) {
    const auto byte = static_cast<std::uint8_t>(c);
    made += byte < 0x20 || byte == 0x7F || (!unicode && byte >= 0x80) ? '?' : c;
  }
  while (length_of(made) > kMostName) {
    made.pop_back();
    while (!made.empty() && (static_cast<std::uint8_t>(made.back()) & 0xC0) == 0x80) made.pop_back();
  }
  return made;
}

/// What is drawn: a character a cell, of one series.
class Grid {
 public:
  Grid(int columns, int rows, bool unicode)
      : columns_(columns),
        rows_(rows),
        across_(unicode ? 2 : 1),
        down_(unicode ? 4 : 1),
        cells_(static_cast<std::size_t>(columns * rows)) {}

  int dots_across() const { return columns_ * across_; }
  int dots_down() const { return rows_ * down_; }

  void dot(int x, int y, int series) {
    if (x < 0 || y < 0 || x >= dots_across() || y >= dots_down()) return;
    constexpr std::uint8_t kBits[4][2] = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
    Cell& cell = cells_[static_cast<std::size_t>(y / down_ * columns_ + x / across_)];
    cell.bits |= kBits[y % down_][x % across_];
    cell.series = series;
  }
  void line(int x1, int y1, int x2, int y2, int series) {
    const int steps = std::max({std::abs(x2 - x1), std::abs(y2 - y1), 1});
    for (int i = 0; i <= steps; ++i) {
      const double share = static_cast<double>(i) / steps;
      dot(static_cast<int>(std::lround(x1 + share * (x2 - x1))),
          static_cast<int>(std::lround(y1 + share * (y2 - y1))), series);
    }
  }

  std::string row(int y, bool color) const {
    std::string made;
    for (int x = 0; x < columns_; ++x) {
      const Cell& cell = cells_[static_cast<std::size_t>(y * columns_ + x)];
      if (cell.bits == 0) {
        made += ' ';
        continue;
      }
      std::string mark(1, kAsciiMarks[static_cast<std::size_t>(cell.series) % kAsciiMarks.size()]);
      if (across_ == 2) {  // U+2800 and its bits
        mark = {'\xE2', static_cast<char>(0xA0 | cell.bits >> 6),
                static_cast<char>(0x80 | (cell.bits & 0x3F))};
      }
      made += color ? colored(mark, cell.series) : mark;
    }
    return made;
  }

  static std::string colored(std::string_view text, int series) {
    return cat("\x1b[", kColorCodes[static_cast<std::size_t>(series) % std::size(kColorCodes)], "m", text,
               "\x1b[0m");
  }

 private:
  struct Cell {
    std::uint8_t bits = 0;
    int series = 0;
  };
  int columns_, rows_, across_, down_;
  std::vector<Cell> cells_;
};

void draw(Grid& grid, const Series& series, int number, const Scale& x_axis, const Scale& y_axis) {
  bool has_last = false;
  int last_x = 0, last_y = 0;
  for (std::size_t i = 0; i < std::min(series.x.size(), series.y.size()); ++i) {
    const double x = x_axis.at(series.x[i]), y = y_axis.at(series.y[i]);
    if (!is_on(x) || !is_on(y)) {
      has_last = false;
      continue;
    }
    const int dot_x = static_cast<int>(std::lround(x * (grid.dots_across() - 1)));
    const int dot_y = static_cast<int>(std::lround((1 - y) * (grid.dots_down() - 1)));
    const bool joins = has_last && series.style != Series::Style::dots;
    grid.line(joins ? last_x : dot_x, joins ? last_y : dot_y, dot_x, dot_y, number);
    last_x = dot_x, last_y = dot_y, has_last = true;
  }
}

/// The row in which each series ends, where its name stands; names that would share one take the next free.
std::vector<int> name_rows(const Figure& figure, const Scale& y_axis, int rows) {
  std::vector<int> places;
  const auto is_free = [&](int row) {
    return row >= 0 && row < rows && std::find(places.begin(), places.end(), row) == places.end();
  };
  for (const Series& series : figure.series) {
    double last = 1;
    for (const double number : series.y) {
      if (const double at = y_axis.at(number); std::isfinite(at)) last = std::clamp(at, 0.0, 1.0);
    }
    const int row = static_cast<int>(std::lround((1 - last) * (rows - 1)));
    int away = 0;
    while (away < rows && !is_free(row - away) && !is_free(row + away)) ++away;
    places.push_back(is_free(row - away) ? row - away : std::min(row + away, rows - 1));
  }
  return places;
}

/// Numbers below the axis, where there is room.
std::string tick_line(const Scale& axis, int columns) {
  std::string line(static_cast<std::size_t>(columns), ' ');
  std::size_t free = 0;
  for (const Scale::Tick& tick : axis.ticks(6)) {
    const auto middle = static_cast<std::ptrdiff_t>(std::lround(tick.at * (columns - 1)));
    const auto size = static_cast<std::ptrdiff_t>(tick.text.size());
    const std::ptrdiff_t begin = std::clamp<std::ptrdiff_t>(middle - size / 2, 0, columns - size);
    if (begin < static_cast<std::ptrdiff_t>(free)) continue;
    line.replace(static_cast<std::size_t>(begin), tick.text.size(), tick.text);
    free = static_cast<std::size_t>(begin + size) + 1;
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

}  // namespace

std::string text(const Figure& figure, const TextOptions& options) {
  const Scale x_axis = x_scale(figure), y_axis = y_scale(figure);
  const int rows = std::max(options.rows, 2);
  std::vector<std::string> labels(static_cast<std::size_t>(rows)), names(labels.size());
  for (const Scale::Tick& tick : y_axis.ticks(rows / 2)) {
    labels[static_cast<std::size_t>(std::clamp(std::lround((1 - tick.at) * (rows - 1)), 0L, rows - 1L))] =
        tick.text;
  }
  const std::vector<int> places = name_rows(figure, y_axis, rows);
  int name_width = 0, label_width = 1;
  for (std::size_t i = 0; i < figure.series.size(); ++i) {
    std::string name = shown_name(figure.series[i].name, options.unicode);
    if (!options.unicode && !name.empty()) name = cat(kAsciiMarks[i % kAsciiMarks.size()], ' ', name);
    name_width = std::max(name_width, length_of(name));
    names[static_cast<std::size_t>(places[i])] =
        options.color && !name.empty() ? Grid::colored(name, static_cast<int>(i)) : name;
  }
  for (const std::string& label : labels) label_width = std::max(label_width, length_of(label));

  Grid grid(std::max(std::max(options.columns, 40) - label_width - name_width - 5, 10), rows,
            options.unicode);
  for (std::size_t i = 0; i < figure.series.size(); ++i) {
    draw(grid, figure.series[i], static_cast<int>(i), x_axis, y_axis);
  }
  std::string made = shown_name(figure.title, options.unicode) + "\n";
  for (int row = 0; row < rows; ++row) {
    const std::string& label = labels[static_cast<std::size_t>(row)];
    const std::string_view edge =
        options.unicode ? (label.empty() ? "\u2502" : "\u2524") : (label.empty() ? "|" : "+");
    std::string line = cat(padded(label, label_width), ' ', edge, grid.row(row, options.color), ' ',
                           names[static_cast<std::size_t>(row)]);
    line.erase(line.find_last_not_of(' ') + 1);
    made += line + "\n";
  }
  const int columns = grid.dots_across() / (options.unicode ? 2 : 1);
  made += padded("", label_width + 1) + (options.unicode ? "\u2514" : "+");
  for (int i = 0; i < columns; ++i) made += options.unicode ? "\u2500" : "-";
  made += cat('\n', padded("", label_width + 2), tick_line(x_axis, columns), ' ',
              shown_name(figure.x.label, options.unicode), '\n');
  return made;
}

}  // namespace chainrule::plot
