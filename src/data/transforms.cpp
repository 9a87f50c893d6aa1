#include <algorithm>
#include <cstring>

#include "chainrule/boxed.h"
#include "chainrule/data/augment.h"
#include "chainrule/error.h"
#include "core/text.h"
#include "data/transform_checks.h"

namespace chainrule {
template <>
Registry& registry<data::Transform>() {
  static Registry all = [] {
    using namespace data;
    Registry list("transform");
#define CHAINRULE_TRANSFORM(Name) list.add<Name>();
#include "data/transform_list.def"
#undef CHAINRULE_TRANSFORM
    return list;
  }();
  return all;
}
}  // namespace chainrule

namespace chainrule::data {
namespace {

/// The image moved by (down, right) within its own memory.
void move_image(std::byte* image, std::int64_t height, std::int64_t width, std::size_t size,
                std::int64_t down, std::int64_t right) {
  const auto line_bytes = static_cast<std::size_t>(width) * size;
  const auto kept = static_cast<std::size_t>(std::max<std::int64_t>(width - std::abs(right), 0)) * size;
  for (std::int64_t i = 0; i < height; ++i) {
    const std::int64_t y =
        down > 0 ? height - 1 - i : i;  // so that no line is overwritten before it has moved
    const std::int64_t from = y - down;
    std::byte* line = image + static_cast<std::size_t>(y) * line_bytes;
    if (from < 0 || from >= height || kept == 0) {
      std::memset(line, 0, line_bytes);
      continue;
    }
    const std::byte* source = image + static_cast<std::size_t>(from) * line_bytes;
    const std::size_t gap = line_bytes - kept;
    std::memmove(line + (right > 0 ? gap : 0), source + (right > 0 ? 0 : gap), kept);
    std::memset(line + (right > 0 ? 0 : kept), 0, gap);
  }
}

}  // namespace

void Remake::apply(std::span<const Array>, const Draw&) const {
  throw ValueError(277, cat("[", info().name,
                            "] makes rows of its own and changes none where they lie. Ask "
                            "a loader for them, or call make."));
}

void Transforms::add(Shared<Transform> transform) {
  static_cast<void>(*transform);  // throws for an empty handle
  list.push_back(std::move(transform));
}

void Normalize::fields(Fields& f) {
  f("mean", mean, "one for all numbers, or one a channel");
  f("deviation", deviation, "as many", above(0));
}
void Shift::fields(Fields& f) { f("pixels", pixels, "the farthest it goes in each direction", at_least(0)); }
void Flip::fields(Fields& f) {
  f("probability", probability, "how likely an image is mirrored", between(0, 1));
  f("vertical", vertical, "whether top to bottom, not left to right");
}
void Noise::fields(Fields& f) {
  f("deviation", deviation, "standard deviation of what is added", at_least(0));
}

Normalize::Normalize(double one_mean, double one_deviation) : mean{one_mean}, deviation{one_deviation} {}
Normalize::Normalize(std::vector<double> means, std::vector<double> deviations)
    : mean(std::move(means)), deviation(std::move(deviations)) {}

void Normalize::check(std::span<const Column> columns) const {
  need_floating(kInfo, columns[0]);
  const std::int64_t channels = columns[0].shape.ndim() > 0 ? columns[0].shape[0] : 1;
  const auto count = static_cast<std::int64_t>(mean.size());
  if (mean.size() != deviation.size() || (count != 1 && count != channels)) {
    throw ValueError(
        277, cat("[normalize] ", mean.size(), " means and ", deviation.size(),
                 " deviations for rows of shape ", columns[0].shape, "; need 1 or ", channels, " of each."));
  }
  for (const double value : deviation) need_setting(value > 0, kInfo, "deviation", value, "numbers above 0");
}

void Normalize::apply(std::span<const Array> columns, const Draw&) const {
  const Array& x = columns[0];
  const std::int64_t part = row_size(x) / static_cast<std::int64_t>(mean.size());
  with_floating(x.dtype, [&]<class T>(std::type_identity<T>) {
    T* at = x.as<T>();
    for (std::int64_t row = 0; row < x.shape[0]; ++row) {
      for (std::size_t c = 0; c < mean.size(); ++c, at += part) {
        const T m = static_cast<T>(mean[c]), d = static_cast<T>(deviation[c]);
        for (std::int64_t i = 0; i < part; ++i) at[i] = (at[i] - m) / d;
      }
    }
  });
}

void Shift::check(std::span<const Column> columns) const {
  need_axes(kInfo, columns[0], 2);
  need_setting(pixels >= 0, kInfo, "pixels", pixels, "0 or more");
}

void Shift::apply(std::span<const Array> columns, const Draw& draw) const {
  const Array& x = columns[0];
  const std::int64_t height = x.shape.back(2), width = x.shape.back(1),
                     planes = row_size(x) / (height * width);
  const std::size_t size = size_of(x.dtype);
  auto* image = static_cast<std::byte*>(x.data);
  const auto choices = 2 * static_cast<std::uint64_t>(pixels) + 1;
  for (std::size_t i = 0; i < draw.rows.size(); ++i) {
    Random random = draw.random(i);
    const std::int64_t down = static_cast<std::int64_t>(random.below(choices)) - pixels;
    const std::int64_t right = static_cast<std::int64_t>(random.below(choices)) - pixels;
    for (std::int64_t plane = 0; plane < planes; ++plane) {
      move_image(image, height, width, size, down, right);
      image += static_cast<std::size_t>(height * width) * size;
    }
  }
}

void Flip::check(std::span<const Column> columns) const {
  need_axes(kInfo, columns[0], vertical ? 2 : 1);
  need_setting(probability >= 0 && probability <= 1, kInfo, "probability", probability, "0 to 1");
}

void Flip::apply(std::span<const Array> columns, const Draw& draw) const {
  const Array& x = columns[0];
  const std::int64_t width = x.shape.back(1), size = row_size(x);
  const std::int64_t height = vertical ? x.shape.back(2) : 1;
  with_type(x.dtype, [&]<class T>(std::type_identity<T>) {
    for (std::size_t i = 0; i < draw.rows.size(); ++i) {
      if (draw.random(i).uniform() >= probability) continue;
      T* image = x.as<T>() + static_cast<std::int64_t>(i) * size;
      for (T* plane = image; plane < image + size; plane += height * width) {
        if (vertical) {
          for (std::int64_t y = 0; y < height / 2; ++y) {
            std::swap_ranges(plane + y * width, plane + (y + 1) * width, plane + (height - 1 - y) * width);
          }
        } else {
          std::reverse(plane, plane + width);
        }
      }
    }
  });
}

void Noise::check(std::span<const Column> columns) const {
  need_floating(kInfo, columns[0]);
  need_setting(deviation >= 0, kInfo, "deviation", deviation, "0 or more");
}

void Noise::apply(std::span<const Array> columns, const Draw& draw) const {
  const Array& x = columns[0];
  const std::int64_t size = row_size(x);
  with_floating(x.dtype, [&]<class T>(std::type_identity<T>) {
    for (std::size_t i = 0; i < draw.rows.size(); ++i) {
      Random random = draw.random(i);
      T* row = x.as<T>() + static_cast<std::int64_t>(i) * size;
      for (std::int64_t k = 0; k < size; ++k) row[k] += static_cast<T>(deviation * random.normal());
    }
  });
}

Normalize::Normalize() : Normalize(0, 1) {}

Shift::Shift(std::int64_t most) : pixels(most) {}

Flip::Flip(double chance, bool top_to_bottom) : probability(chance), vertical(top_to_bottom) {}

Noise::Noise(double sigma) : deviation(sigma) {}

}  // namespace chainrule::data
