#include "data/digit_canvas.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace chainrule::data {
namespace {

constexpr int kSize = kDigitSize;
constexpr float kMiddle = kSize / 2.0f;
constexpr double kCentre = 14;  // of mass: this pixel, counted from 0, as in MNIST
constexpr float kFar = 4;       // as good as infinity: paper

using Field = std::array<float, kSize * kSize>;  // of distances to the ink's edge, negative inside

/// The pixels of one axis that a segment can reach.
struct Span {
  Span(float a, float b, float reach)
      : begin(std::max(0, static_cast<int>(std::min(a, b) - reach + kMiddle))),
        end(std::min(kSize, static_cast<int>(std::max(a, b) + reach + kMiddle) + 1)) {}
  int begin, end;
};

/// Lowers the field to the distance from one segment, in the pixels near it.
void add_segment(const PenSegment& s, float softness, Field& field) {
  const float reach = std::max(s.from.radius, s.to.radius) + 0.5f * softness;  // beyond it all is paper
  const Span columns(s.from.x, s.to.x, reach), rows(s.from.y, s.to.y, reach);
  const float dx = s.to.x - s.from.x, dy = s.to.y - s.from.y;
  const float inverse = 1 / std::max(dx * dx + dy * dy, 1e-6f);
  const float thicker = s.to.radius - s.from.radius;
  for (int row = rows.begin; row < rows.end; ++row) {
    const float py = static_cast<float>(row) + 0.5f - kMiddle - s.from.y;
    float* line = field.data() + row * kSize;
    for (int column = columns.begin; column < columns.end; ++column) {
      const float px = static_cast<float>(column) + 0.5f - kMiddle - s.from.x;
      const float along = std::min(std::max((px * dx + py * dy) * inverse, 0.0f), 1.0f);
      const float ex = px - along * dx, ey = py - along * dy;
      const float distance = std::sqrt(ex * ex + ey * ey) - (s.from.radius + along * thicker);
      line[column] = std::min(line[column], distance);
    }
  }
}

/// Mass along one axis: where it is, and between which pixels.
struct Mass {
  double total = 0;
  double moment = 0;
  int first = kSize;
  int last = -1;

  void add(int at, double amount) {
    if (amount == 0) return;
    total += amount;
    moment += amount * at;
    first = std::min(first, at);
    last = std::max(last, at);
  }
  /// How far to move so that the centre comes to pixel 14, in whole pixels and without losing ink.
  int shift() const {
    if (total == 0) return 0;
    const int wanted = static_cast<int>(std::floor(kCentre - moment / total + 0.5));
    return std::clamp(wanted, -first, kSize - 1 - last);
  }
};

}  // namespace

void draw_digit(const WrittenDigit& digit, std::uint8_t* image) {
  Field field;
  field.fill(kFar);
  for (std::size_t i = 0; i < digit.count; ++i) add_segment(digit.segments[i], digit.softness, field);

  std::array<std::uint8_t, kSize * kSize> ink;
  Mass across, down;
  for (int row = 0; row < kSize; ++row) {
    for (int column = 0; column < kSize; ++column) {
      const auto at = static_cast<std::size_t>(row * kSize + column);
      const float level = std::clamp(0.5f - field[at] / digit.softness, 0.0f, 1.0f);
      ink[at] = static_cast<std::uint8_t>(level * 255 + 0.5f);
      across.add(column, ink[at]);
      down.add(row, ink[at]);
    }
  }
  const int dx = across.shift(), dy = down.shift();
  std::fill_n(image, kSize * kSize, std::uint8_t{0});
  for (int row = std::max(0, dy); row < std::min(kSize, kSize + dy); ++row) {
    for (int column = std::max(0, dx); column < std::min(kSize, kSize + dx); ++column) {
      image[row * kSize + column] = ink[static_cast<std::size_t>((row - dy) * kSize + column - dx)];
    }
  }
}

}  // namespace chainrule::data
