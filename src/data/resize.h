#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace chainrule::data {

/// What each of `to` numbers takes of `from` numbers in a line: a triangle over them, as wide as two of the
/// coarser ones.
class LineResizer {
 public:
  LineResizer(std::int64_t from, std::int64_t to) {
    const double step = static_cast<double>(from) / static_cast<double>(to), reach = std::max(step, 1.0);
    for (std::int64_t i = 0; i < to; ++i) {
      const double centre = (static_cast<double>(i) + 0.5) * step - 0.5;
      Taps taps{std::max<std::int64_t>(0, static_cast<std::int64_t>(std::ceil(centre - reach))),
                weights_.size(), 0, 0};
      const auto last = std::min(from - 1, static_cast<std::int64_t>(std::floor(centre + reach)));
      for (std::int64_t k = taps.first; k <= last; ++k) {
        weights_.push_back(1 - std::abs(static_cast<double>(k) - centre) / reach);
        taps.sum += weights_.back();
        ++taps.count;
      }
      taps_.push_back(taps);
    }
  }

  /// From numbers that stand `step` apart to numbers that stand `out_step` apart. f64, and a fixed order.
  template <class T>
  void operator()(const T* from, std::int64_t step, T* out, std::int64_t out_step) const {
    for (const Taps& taps : taps_) {
      double sum = 0;
      for (std::int64_t k = 0; k < taps.count; ++k) {
        sum += weights_[taps.weights + static_cast<std::size_t>(k)] *
               static_cast<double>(from[(taps.first + k) * step]);
      }
      *out = static_cast<T>(sum / taps.sum);
      out += out_step;
    }
  }

 private:
  struct Taps {
    std::int64_t first;
    std::size_t weights;  // where they begin
    std::int64_t count;
    double sum;
  };
  std::vector<double> weights_;
  std::vector<Taps> taps_;
};

/// Planes of numbers from one size to another: first along the lines, then down.
class Resizer {
 public:
  Resizer(std::int64_t height, std::int64_t width, std::int64_t to_height, std::int64_t to_width)
      : height_(height),
        width_(width),
        to_width_(to_width),
        across_(width, to_width),
        down_(height, to_height) {}

  /// @param lines  memory to work in.
  template <class T>
  void operator()(const T* plane, T* out, std::vector<T>& lines) const {
    lines.resize(static_cast<std::size_t>(height_ * to_width_));
    for (std::int64_t y = 0; y < height_; ++y)
      across_(plane + y * width_, 1, lines.data() + y * to_width_, 1);
    for (std::int64_t x = 0; x < to_width_; ++x) down_(lines.data() + x, to_width_, out + x, to_width_);
  }

 private:
  std::int64_t height_, width_, to_width_;
  LineResizer across_, down_;
};

}  // namespace chainrule::data
