#pragma once

#include <filesystem>

#include "chainrule/data.h"

namespace chainrule::cli {

/// Writes a grey picture as an 8-bit PNG.
/// @throws FileError  if the file cannot be written (E070).
void write_png(const std::filesystem::path& path, const data::Image& image);

}  // namespace chainrule::cli
