// Transforms that change the numbers of images where they stand.
#include <algorithm>
#include <cstring>

#include "chainrule/data/augment.h"
#include "data/planes.h"
#include "data/transform_checks.h"

namespace chainrule::data {
namespace {

/// Calls f(numbers of the row, random numbers of the row).
template <class F>
void each_row(const Array& x, const Draw& draw, F f) {
  const std::int64_t size = row_size(x);
  with_floating(x.dtype, [&]<class T>(std::type_identity<T>) {
    for (std::size_t i = 0; i < draw.rows.size(); ++i) {
      Random random = draw.random(i);
      f(std::span<T>(x.as<T>() + static_cast<std::int64_t>(i) * size, static_cast<std::size_t>(size)),
        random);
    }
  });
}

void factor_fields(Fields& f, double& low, double& high) {
  f("low", low, "the smallest factor", at_least(0));
  f("high", high, "the largest factor", at_least(0));
}

}  // namespace

Brightness::Brightness(double smallest, double largest) : low(smallest), high(largest) {}
void Brightness::fields(Fields& f) { factor_fields(f, low, high); }

void Brightness::check(std::span<const Column> columns) const {
  need_floating(kInfo, columns[0]);
  need_range(kInfo, low, high, 0);
}

void Brightness::apply(std::span<const Array> columns, const Draw& draw) const {
  each_row(columns[0], draw, [this]<class T>(std::span<T> row, Random& random) {
    const T factor = static_cast<T>(random.uniform(low, high));
    for (T& x : row) x *= factor;
  });
}

Contrast::Contrast(double smallest, double largest) : low(smallest), high(largest) {}
void Contrast::fields(Fields& f) { factor_fields(f, low, high); }

void Contrast::check(std::span<const Column> columns) const {
  need_floating(kInfo, columns[0]);
  need_range(kInfo, low, high, 0);
}

void Contrast::apply(std::span<const Array> columns, const Draw& draw) const {
  each_row(columns[0], draw, [this]<class T>(std::span<T> row, Random& random) {
    double sum = 0;
    for (const T x : row) sum += static_cast<double>(x);
    const T mean = row.empty() ? T(0) : static_cast<T>(sum / static_cast<double>(row.size()));
    const T factor = static_cast<T>(random.uniform(low, high));
    for (T& x : row) x = mean + factor * (x - mean);
  });
}

CutOut::CutOut(std::int64_t side) : size(side) {}
void CutOut::fields(Fields& f) { f("size", size, "the side of the square, in pixels", at_least(1)); }

void CutOut::check(std::span<const Column> columns) const {
  need_axes(kInfo, columns[0], 2);
  need_setting(size >= 1, kInfo, "size", size, "1 or more");
}

void CutOut::apply(std::span<const Array> columns, const Draw& draw) const {
  const Array& x = columns[0];
  const Planes rows(x);
  const std::size_t bytes = size_of(x.dtype);
  // From the centre so many pixels up and left, and so many down and right with it.
  const std::int64_t before = std::min(size / 2, std::max(rows.height, rows.width)),
                     after = std::min(size - size / 2, std::max(rows.height, rows.width));
  auto* image = static_cast<std::byte*>(x.data);
  for (std::size_t i = 0; i < draw.rows.size(); ++i) {
    Random random = draw.random(i);
    const auto y = static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(rows.height)));
    const auto centre = static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(rows.width)));
    const std::int64_t left = std::max<std::int64_t>(0, centre - before),
                       right = std::min(rows.width, centre + after);
    for (std::int64_t plane = 0; plane < rows.planes; ++plane) {
      for (std::int64_t line = std::max<std::int64_t>(0, y - before); line < std::min(rows.height, y + after);
           ++line) {
        std::memset(image + static_cast<std::size_t>(line * rows.width + left) * bytes, 0,
                    static_cast<std::size_t>(right - left) * bytes);
      }
      image += static_cast<std::size_t>(rows.height * rows.width) * bytes;
    }
  }
}

}  // namespace chainrule::data
