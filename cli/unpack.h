#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace chainrule::cli {

/// The content of a gzip file, a piece at a time; of any other file its bytes.
/// @throws FileError  if it cannot be read or is damaged (E391).
void unpack(const std::string& path, const std::function<void(std::string_view)>& take);

/// Writes the files of a .tar.gz archive whose names end so into a folder, without the folders of the
/// archive.
/// @throws FileError  if the archive is damaged (E391) or a file cannot be written (E083).
void unpack_tar(const std::string& path, const std::string& folder, std::string_view ending);

}  // namespace chainrule::cli
