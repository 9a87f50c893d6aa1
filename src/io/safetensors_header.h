#pragma once

#include <string_view>
#include <vector>

#include "chainrule/io.h"
#include "io/input.h"

namespace chainrule::io {

struct SafetensorsHeader {
  std::vector<Safetensors::Entry> entries;
  Metadata metadata;
};

/// Reads and checks all that a file says of itself.
/// @throws FileError  as io::read_safetensors.
SafetensorsHeader read_safetensors_header(Input& input);

/// The first bytes of a file that holds the entries, whose `stored`, `shape`, `begin` and `end` are set; the
/// last two from 0, where the elements begin.
std::string safetensors_header(const std::vector<Safetensors::Entry>& entries, const Metadata& metadata);

}  // namespace chainrule::io
