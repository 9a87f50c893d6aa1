// Exif (JEITA CP-3451, 4.6): "Exif\0\0", then a TIFF file: byte order, 42, where its list of entries begins;
// there a count and entries of 12 bytes, the orientation under the tag 0x0112.
#include "data/exif.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace chainrule::data {
namespace {

class Tiff {
 public:
  explicit Tiff(std::span<const std::uint8_t> bytes)
      : bytes_(bytes), little_(!bytes.empty() && bytes[0] == 'I') {}

  bool holds(std::size_t at, std::size_t size) const {
    return at <= bytes_.size() && size <= bytes_.size() - at;
  }
  /// A whole number of 2 or 4 bytes that the file holds.
  std::uint32_t number(std::size_t at, std::size_t size) const {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < size; ++i) value = value << 8 | bytes_[at + (little_ ? size - 1 - i : i)];
    return value;
  }

 private:
  std::span<const std::uint8_t> bytes_;
  bool little_;
};

}  // namespace

int exif_orientation(std::span<const std::uint8_t> marker) {
  constexpr std::string_view kStart("Exif\0\0", 6);
  constexpr std::uint32_t kOrientation = 0x0112;
  if (marker.size() < kStart.size() || !std::equal(kStart.begin(), kStart.end(), marker.begin())) return 0;
  const Tiff tiff(marker.subspan(kStart.size()));
  if (!tiff.holds(0, 8) || tiff.number(2, 2) != 42) return 0;
  const std::size_t list = tiff.number(4, 4);
  if (!tiff.holds(list, 2)) return 0;
  for (std::size_t i = 0, count = tiff.number(list, 2); i < count; ++i) {
    const std::size_t entry = list + 2 + 12 * i;
    if (!tiff.holds(entry, 12)) return 0;
    if (tiff.number(entry, 2) != kOrientation) continue;
    const std::uint32_t value = tiff.number(entry + 8, 2);
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 0;
  }
  return 0;
}

Picture turned(Picture picture, int orientation) {
  if (orientation == 1) return picture;
  // What row 0 and column 0 of the file are in the scene: 2 top right, 3 bottom right, 4 bottom left; from 5
  // on rows are columns: 5 left top, 6 right top, 7 right bottom, 8 left bottom.
  const bool swapped = orientation >= 5;
  const bool from_bottom = orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8;
  const bool from_right = orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7;
  Picture scene{swapped ? picture.width : picture.height,
                swapped ? picture.height : picture.width,
                picture.channels,
                {}};
  scene.numbers.reserve(picture.numbers.size());
  for (std::int64_t y = 0; y < scene.height; ++y) {
    for (std::int64_t x = 0; x < scene.width; ++x) {
      const std::int64_t down = from_bottom ? scene.height - 1 - y : y,
                         right = from_right ? scene.width - 1 - x : x;
      const std::int64_t pixel = swapped ? right * picture.width + down : down * picture.width + right;
      const auto from = picture.numbers.begin() + pixel * picture.channels;
      scene.numbers.insert(scene.numbers.end(), from, from + picture.channels);
    }
  }
  return scene;
}

}  // namespace chainrule::data
