// Transforms that make rows of another shape.
#include <algorithm>
#include <cstring>

#include "chainrule/data/augment.h"
#include "data/planes.h"
#include "data/resize.h"
#include "data/transform_checks.h"

namespace chainrule::data {
namespace {

constexpr std::int64_t kMostSide = 1 << 14;

void need_side(const Info& info, std::string_view name, std::int64_t side) {
  need_setting(side >= 1 && side <= kMostSide, info, name, side, "1 to 16384");
}

std::vector<Column> with_first(std::span<const Column> before, Shape shape) {
  std::vector<Column> columns(before.begin(), before.end());
  columns[0].shape = shape;
  columns[0].features.clear();
  return columns;
}

/// The other columns as they were.
void copy_rest(std::span<const Array> rows, std::span<const Array> out) {
  for (std::size_t i = 1; i < rows.size(); ++i) {
    const std::size_t bytes = static_cast<std::size_t>(rows[i].numel()) * size_of(rows[i].dtype);
    if (bytes > 0) std::memcpy(out[i].data, rows[i].data, bytes);
  }
}

}  // namespace

Crop::Crop(std::int64_t to_height, std::int64_t to_width, std::int64_t zeros, bool from_centre)
    : height(to_height), width(to_width), padding(zeros), centre(from_centre) {}
void Crop::fields(Fields& f) {
  f("height", height, "of the part", between(1, kMostSide));
  f("width", width, "of the part", between(1, kMostSide));
  f("padding", padding, "zeros on each side before", between(0, kMostSide));
  f("centre", centre, "whether it is always the middle, not a random part");
}

std::vector<Column> Crop::columns(std::span<const Column> before) const {
  need_axes(kInfo, before[0], 2);
  need_side(kInfo, "height", height);
  need_side(kInfo, "width", width);
  need_setting(padding >= 0 && padding <= kMostSide, kInfo, "padding", padding, "0 to 16384");
  const Shape& image = before[0].shape;
  if (height > image.back(2) + 2 * padding || width > image.back(1) + 2 * padding) {
    throw ValueError(
        277, cat("[crop] ", height, " x ", width, " of images of ", image.back(2), " x ", image.back(1),
                 " with ", padding, " zeros around; need a part that is no larger. Resize them first."));
  }
  return with_first(before, with_size(image, height, width));
}

void Crop::make(std::span<const Array> rows, std::span<const Array>, std::span<const Array> out,
                const Draw& draw) const {
  const Planes from(rows[0]);
  const std::int64_t room_y = from.height + 2 * padding - height, room_x = from.width + 2 * padding - width;
  const std::size_t bytes = size_of(rows[0].dtype);
  const auto* image = static_cast<const std::byte*>(rows[0].data);
  auto* to = static_cast<std::byte*>(out[0].data);
  const auto place = [this](Random& random, std::int64_t room) {
    return centre ? room / 2 : static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(room) + 1));
  };
  for (std::size_t i = 0; i < draw.rows.size(); ++i) {
    Random random = draw.random(i);
    const std::int64_t top = place(random, room_y) - padding, left = place(random, room_x) - padding;
    const std::int64_t first = std::clamp<std::int64_t>(-left, 0, width),
                       last = std::clamp<std::int64_t>(from.width - left, first, width);
    for (std::int64_t plane = 0; plane < from.planes; ++plane) {
      for (std::int64_t y = top; y < top + height; ++y) {
        std::memset(to, 0, static_cast<std::size_t>(width) * bytes);
        if (y >= 0 && y < from.height && last > first) {
          std::memcpy(to + static_cast<std::size_t>(first) * bytes,
                      image + static_cast<std::size_t>(y * from.width + left + first) * bytes,
                      static_cast<std::size_t>(last - first) * bytes);
        }
        to += static_cast<std::size_t>(width) * bytes;
      }
      image += static_cast<std::size_t>(from.height * from.width) * bytes;
    }
  }
  copy_rest(rows, out);
}

Resize::Resize(std::int64_t to_height, std::int64_t to_width) : height(to_height), width(to_width) {}
void Resize::fields(Fields& f) {
  f("height", height, "of the images then", between(1, kMostSide));
  f("width", width, "of the images then", between(1, kMostSide));
}

std::vector<Column> Resize::columns(std::span<const Column> before) const {
  need_floating(kInfo, before[0]);
  need_axes(kInfo, before[0], 2);
  need_side(kInfo, "height", height);
  need_side(kInfo, "width", width);
  const Shape& image = before[0].shape;
  need_setting(image.back(1) > 0 && image.back(2) > 0, kInfo, "the image", image, "at least one pixel");
  return with_first(before, with_size(image, height, width));
}

void Resize::make(std::span<const Array> rows, std::span<const Array>, std::span<const Array> out,
                  const Draw&) const {
  const Planes from(rows[0]);
  const Resizer resize(from.height, from.width, height, width);
  with_floating(rows[0].dtype, [&]<class T>(std::type_identity<T>) {
    std::vector<T> lines;
    const T* plane = rows[0].as<T>();
    T* to = out[0].as<T>();
    for (std::int64_t i = 0; i < rows[0].shape[0] * from.planes; ++i) {
      resize(plane, to, lines);
      plane += from.height * from.width;
      to += height * width;
    }
  });
  copy_rest(rows, out);
}

}  // namespace chainrule::data
