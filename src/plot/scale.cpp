// Axes: where numbers lie, and which are written beside.
#include "plot/scale.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <utility>

namespace chainrule::plot {
namespace {

constexpr double kLargest = 1e300;  // so that the difference of two is finite

/// Up to `digits` decimals, without zeros at the end.
std::string decimals(double number, int digits) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.*f", std::clamp(digits, 0, 20), number);
  std::string made = text.data();
  if (made.find('.') != std::string::npos) {
    made.erase(made.find_last_not_of('0') + 1);
    if (made.back() == '.') made.pop_back();
  }
  return made == "-0" ? "0" : made;
}

std::string scientific(double number) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.2e", number);
  const std::string made = text.data();
  const std::size_t e = made.find('e');
  std::string mantissa = made.substr(0, e);
  mantissa.erase(mantissa.find_last_not_of('0') + 1);
  if (mantissa.back() == '.') mantissa.pop_back();
  return mantissa + "e" + std::to_string(std::stoi(made.substr(e + 1)));
}

/// The smallest and the largest of numbers that an axis can show.
struct Ends {
  bool positive = false;  // only those above 0
  double low = INFINITY, high = -INFINITY;

  void add(const std::vector<double>& numbers) {
    for (const double number : numbers) {
      if (!std::isfinite(number) || (positive && number <= 0)) continue;
      low = std::min(low, number), high = std::max(high, number);
    }
  }
};

}  // namespace

double step_for(double length, int most) {
  const double raw = length / std::max(most, 1);
  const double power = std::pow(10.0, std::floor(std::log10(raw)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (raw <= factor * power * 1.0000001) return factor * power;
  }
  return 10 * power;
}

Scale::Scale(const Axis& axis, double low, double high, double margin) : logarithmic_(axis.logarithmic) {
  if (!(low <= high)) low = logarithmic_ ? 0.1 : 0, high = 1;  // nothing to show
  if (std::isfinite(axis.low)) low = axis.low, margin = 0;
  if (std::isfinite(axis.high)) high = axis.high, margin = 0;
  low = place(std::clamp(low, -kLargest, kLargest)), high = place(std::clamp(high, -kLargest, kLargest));
  double room = margin * (high - low);
  // All the same: it lies in the middle.
  if (!(high - low > 1e-12 * std::max(std::fabs(low), std::fabs(high)))) {
    room = logarithmic_ ? 0.5 : low == 0 ? 1 : 0.1 * std::fabs(low);
  }
  low_ = low - room, high_ = high + room;
}

double Scale::place(double number) const {
  if (!logarithmic_) return number;
  return number > 0 ? std::log10(number) : std::nan("");
}

double Scale::at(double number) const {
  if (!std::isfinite(number)) return std::nan("");
  return (place(std::clamp(number, -kLargest, kLargest)) - low_) / (high_ - low_);
}

std::vector<Scale::Tick> Scale::decades(int most) const {
  std::vector<Tick> ticks;
  const double first = std::ceil(low_ - 1e-9), last = std::floor(high_ + 1e-9);
  const double apart = std::max(1.0, std::ceil((last - first + 1) / most));
  const bool between = (last - first + 1) * 3 <= most;
  for (double power = std::floor(low_); power <= last; power += between ? 1 : apart) {
    for (const double factor : {1.0, 2.0, 5.0}) {
      if (factor > 1 && !between) break;
      const double number = factor * std::pow(10.0, power);
      const double where = at(number);
      if (where >= -1e-9 && where <= 1 + 1e-9) ticks.push_back({where, number_text(number)});
    }
  }
  return ticks;
}

std::vector<Scale::Tick> Scale::ticks(int most, double least) const {
  if (logarithmic_) {
    std::vector<Tick> ticks = decades(most);
    if (ticks.size() > 1) return ticks;
  }
  std::vector<Tick> ticks;
  const double low = logarithmic_ ? std::pow(10.0, low_) : low_;
  const double high = logarithmic_ ? std::pow(10.0, high_) : high_;
  const double step = std::max(step_for(high - low, most), least);
  if (!std::isfinite(step) || !(step > 0)) return ticks;
  const double largest = std::max(std::fabs(low), std::fabs(high));
  const int digits = static_cast<int>(std::ceil(-std::log10(step) - 1e-9));
  for (double i = std::ceil(low / step - 1e-9); i <= high / step + 1e-9; ++i) {
    const double number = i * step;
    const bool plain = largest < 10'000 && digits <= 4;
    ticks.push_back({at(number), plain ? decimals(number, digits) : number_text(number)});
  }
  return ticks;
}

Scale x_scale(const Figure& figure) {
  Ends ends{.positive = figure.x.logarithmic};
  for (const Series& series : figure.series) ends.add(series.x);
  ends.add(figure.bars.edges);
  return Scale(figure.x, ends.low, ends.high, 0.02);
}

Scale y_scale(const Figure& figure) {
  Ends ends{.positive = figure.y.logarithmic};
  for (const Series& series : figure.series) ends.add(series.y);
  ends.add(figure.bars.heights);
  Axis axis = figure.y;
  if (!figure.bars.heights.empty() && !axis.logarithmic) {  // bars stand on 0
    axis.low = std::isfinite(axis.low) ? axis.low : 0;
    axis.high = std::isfinite(axis.high) ? axis.high : ends.high > 0 ? 1.05 * ends.high : 1;
  }
  return Scale(axis, ends.low, ends.high, 0.05);
}

std::string number_text(double number) {
  if (std::isnan(number)) return "nan";
  if (std::isinf(number)) return number > 0 ? "inf" : "-inf";
  const double size = std::fabs(number);
  if (size == 0) return "0";
  if (size < 1e-4 || size >= 1e12) return scientific(number);
  if (size >= 1e9) return decimals(number / 1e9, 2) + "G";
  if (size >= 1e6) return decimals(number / 1e6, 2) + "M";
  if (size >= 1e4) return decimals(number / 1e3, 2) + "k";
  return decimals(number, std::max(0, 3 - static_cast<int>(std::floor(std::log10(size)))));
}

Bars histogram(std::span<const double> numbers, int most) {
  double low = INFINITY, high = -INFINITY;
  for (const double number : numbers) {
    if (!std::isfinite(number)) continue;
    low = std::min(low, std::clamp(number, -kLargest, kLargest));
    high = std::max(high, std::clamp(number, -kLargest, kLargest));
  }
  if (!(low <= high)) return {};
  double step = step_for(high - low, most);
  // All the same, or nearly: one bar, wide enough to be a difference of numbers of that size.
  const double least = 1e-9 * std::max(std::fabs(low), std::fabs(high));
  if (!(step > least)) step = low == 0 ? 1 : step_for(std::fabs(low), 10);
  const double first = std::floor(low / step);
  const auto bins = static_cast<std::size_t>(std::floor(high / step) - first) + 1;
  Bars bars;
  for (std::size_t i = 0; i <= bins; ++i) bars.edges.push_back((first + static_cast<double>(i)) * step);
  bars.heights.resize(bins);
  for (const double number : numbers) {
    if (!std::isfinite(number)) continue;
    const double place = std::floor(std::clamp(number, -kLargest, kLargest) / step) - first;
    bars.heights[std::min(static_cast<std::size_t>(std::max(place, 0.0)), bins - 1)] += 1;
  }
  return bars;
}

Bars named_bars(std::vector<std::string> names, std::vector<double> heights) {
  Bars bars;
  for (std::size_t i = 0; i <= heights.size(); ++i) bars.edges.push_back(static_cast<double>(i));
  bars.heights = std::move(heights), bars.names = std::move(names);
  return bars;
}

}  // namespace chainrule::plot
