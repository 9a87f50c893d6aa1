#pragma once

#include <string>

#include "chainrule/data.h"

namespace chainrule::cli {

/// Writes a grey picture as an 8-bit PNG.
/// @throws FileError  if the file cannot be written (E083).
void write_png(const std::string& path, const data::Image& image);

}  // namespace chainrule::cli
