#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "chainrule/tensor.h"

namespace chainrule::cli {

/// Writes a file that is there whole or not at all: `write` fills a file beside it, which then takes its
/// name. What is not a plain file, such as /dev/stdout, is written directly.
/// @throws FileError  if it cannot be written (E083); the file beside it is removed.
void replace_file(const std::filesystem::path& path,
                  const std::function<void(const std::filesystem::path&)>& write);
void replace_file(const std::filesystem::path& path, std::string_view bytes);

/// A file of NumPy's format 1.0, for numpy.load: the elements row by row, little-endian.
std::string npy(const Tensor& tensor);

/// Makes the folder of a run if it is not there, and tries that files can be written in it.
/// @throws FileError  if not (E083), or if it has results already and `force` is not set (E084).
void prepare_run_folder(const std::filesystem::path& folder, bool force);

}  // namespace chainrule::cli
