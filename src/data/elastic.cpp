#include <algorithm>
#include <cmath>

#include "chainrule/data/augment.h"
#include "data/transform_checks.h"
#include "data/warp.h"

namespace chainrule::data {
namespace {

constexpr std::int64_t kMostPixels = std::int64_t{1} << 24;  // a row's random numbers reach so far
constexpr double kMostSigma = 1000;

/// The weights of a Gaussian at 0, 1, 2, ... pixels, up to four deviations; with both sides they sum to 1.
std::vector<double> gaussian(double sigma) {
  std::vector<double> weights;
  double sum = 0;
  const auto reach = static_cast<std::int64_t>(std::ceil(4 * sigma));
  for (std::int64_t d = 0; d <= reach; ++d) {
    const double z = static_cast<double>(d) / sigma;
    weights.push_back(std::exp(-z * z / 2));
    sum += (d == 0 ? 1 : 2) * weights.back();
  }
  for (double& weight : weights) weight /= sum;
  return weights;
}

/// A smooth random field over an image.
class Field {
 public:
  Field(double sigma, const Planes& rows)
      : weights_(gaussian(sigma)),
        height_(rows.height),
        width_(rows.width),
        numbers_(static_cast<std::size_t>(rows.height * rows.width)),
        turned_(numbers_.size()) {}

  void draw(Random& random) {
    for (double& x : numbers_) x = random.uniform(-1, 1);
    smooth_and_turn(numbers_, height_, width_, turned_);
    smooth_and_turn(turned_, width_, height_, numbers_);
  }
  double at(std::int64_t y, std::int64_t x) const {
    return numbers_[static_cast<std::size_t>(y * width_ + x)];
  }

 private:
  /// Each column with its neighbours above and below, 0 outside; columns become lines.
  void smooth_and_turn(const std::vector<double>& from, std::int64_t height, std::int64_t width,
                       std::vector<double>& to) {
    const auto reach = static_cast<std::int64_t>(weights_.size()) - 1;
    for (std::int64_t y = 0; y < height; ++y) {
      line_.assign(static_cast<std::size_t>(width), 0);
      const std::int64_t last = std::min(height - 1, y + reach);
      for (std::int64_t k = std::max<std::int64_t>(0, y - reach); k <= last; ++k) {
        const double weight = weights_[static_cast<std::size_t>(std::abs(k - y))];
        const double* other = from.data() + k * width;
        for (std::size_t x = 0; x < line_.size(); ++x) line_[x] += weight * other[x];
      }
      for (std::int64_t x = 0; x < width; ++x) {
        to[static_cast<std::size_t>(x * height + y)] = line_[static_cast<std::size_t>(x)];
      }
    }
  }

  std::vector<double> weights_;
  std::int64_t height_, width_;
  std::vector<double> numbers_, turned_, line_;
};

}  // namespace

Elastic::Elastic(double strength, double smoothness) : alpha(strength), sigma(smoothness) {}
void Elastic::fields(Fields& f) {
  f("alpha", alpha, "how far pixels are moved", at_least(0));
  f("sigma", sigma, "how smoothly, in pixels", between(0.1, kMostSigma));
}

void Elastic::check(std::span<const Column> columns) const {
  need_floating(kInfo, columns[0]);
  need_axes(kInfo, columns[0], 2);
  need_setting(alpha >= 0 && alpha <= kLargestNumber, kInfo, "alpha", alpha, "0 or more");
  need_setting(sigma >= 0.1 && sigma <= kMostSigma, kInfo, "sigma", sigma, "0.1 to 1000");
  const Shape& image = columns[0].shape;
  need_setting(image.back(1) == 0 || image.back(2) <= kMostPixels / image.back(1), kInfo, "the image", image,
               "at most 2^24 pixels");
}

void Elastic::apply(std::span<const Array> columns, const Draw& draw) const {
  const Array& x = columns[0];
  const Planes rows(x);
  Field down(sigma, rows), right(sigma, rows);
  with_floating(x.dtype, [&]<class T>(std::type_identity<T>) {
    std::vector<T> before;
    for (std::size_t i = 0; i < draw.rows.size(); ++i) {
      Random random = draw.random(i);
      down.draw(random);
      right.draw(random);
      warp(x.as<T>() + static_cast<std::int64_t>(i) * rows.row, rows, before,
           [&](std::int64_t row, std::int64_t column) -> Place {
             return {static_cast<double>(row) + alpha * down.at(row, column),
                     static_cast<double>(column) + alpha * right.at(row, column)};
           });
    }
  });
}

}  // namespace chainrule::data
