#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "io/input.h"

namespace chainrule::io {

/// A member of a zip archive, and where its bytes are.
struct ArchiveMember {
  std::string name;
  bool is_stored = false;  ///< as it is, neither packed nor encrypted
  std::uint64_t offset = 0, size = 0;
};

/// What the directory at the end of a zip archive says, zip64 included, held against the size of the file.
/// @throws FileError  if it is no zip archive (E202) or is damaged (E208).
std::vector<ArchiveMember> archive_members(Input& file);

/// A part of a file as an input of its own.
Shared<Input> part_of(Shared<Input> file, std::string name, std::uint64_t offset, std::uint64_t size);

}  // namespace chainrule::io
