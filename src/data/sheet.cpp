#include <algorithm>

#include "chainrule/data/images.h"
#include "chainrule/error.h"
#include "core/text.h"

namespace chainrule::data {
namespace {

constexpr std::uint8_t kLineGrey = 96;

void paste(const ImageSet& set, std::int64_t row, Image& sheet, std::int64_t top, std::int64_t left) {
  const std::uint8_t* from = set.image(row).data();
  for (std::int64_t channel = 0; channel < set.channels; ++channel) {
    for (std::int64_t y = 0; y < set.height; ++y) {
      std::uint8_t* to = sheet.pixels.data() + ((top + y) * sheet.width + left) * set.channels + channel;
      for (std::int64_t x = 0; x < set.width; ++x) to[x * set.channels] = *from++;
    }
  }
}

}  // namespace

Image contact_sheet(const ImageSet& set, int rows, int columns, int gap) {
  const std::int64_t line = std::clamp(gap, 0, 64);
  const std::int64_t cell_height = set.height + line;
  const std::int64_t cell_width = set.width + line;
  Image sheet;
  sheet.height = rows * cell_height + line;
  sheet.width = columns * cell_width + line;
  sheet.channels = set.channels;
  constexpr std::int64_t kMostPixels = std::int64_t{1} << 28;
  if (rows < 1 || columns < 1 || sheet.height > kMostPixels / std::max<std::int64_t>(sheet.width, 1)) {
    throw ValueError(73, cat("[sheet] ", rows, " rows and ", columns, " columns of ", set.height, " x ",
                             set.width, " images; need at least one of each, and at most 2^28 pixels."));
  }
  sheet.pixels.assign(static_cast<std::size_t>(sheet.height * sheet.width * sheet.channels), kLineGrey);

  std::vector<int> used(static_cast<std::size_t>(std::max(rows, 256)), 0);
  for (std::int64_t image = 0; image < set.count; ++image) {
    const std::uint8_t label = set.labels[static_cast<std::size_t>(image)];
    if (label >= rows || used[label] == columns) continue;
    paste(set, image, sheet, line + label * cell_height, line + used[label] * cell_width);
    ++used[label];
  }
  return sheet;
}

}  // namespace chainrule::data
