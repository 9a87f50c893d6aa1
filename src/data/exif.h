#pragma once

#include <cstdint>
#include <span>

#include "data/picture.h"

namespace chainrule::data {

/// How the camera was held, 1 to 8, as Exif says in a JPEG's marker APP1; 0 if this marker does not say.
int exif_orientation(std::span<const std::uint8_t> marker);

/// The picture as the camera saw it.
Picture turned(Picture picture, int orientation);

}  // namespace chainrule::data
