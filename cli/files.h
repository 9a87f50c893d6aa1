#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace chainrule::cli {

/// What a run leaves in its folder at its end.
inline constexpr const char* kModelFile = "model.safetensors";
inline constexpr const char* kResultFile = "result.json";

/// Makes the folder of a run if it is not there, and tries that files can be written in it.
/// @throws FileError  if not (E083), or if it has results already and `force` is not set (E084).
void prepare_run_folder(const std::filesystem::path& folder, bool force);

/// Removes what train --tensorboard and plot left in the folder of a run: its event files, and its pictures
/// in plots.
void remove_drawn_files(const std::filesystem::path& folder);

/// Files that were written, as a document: of each `path`, `bytes` and `sha256`.
nlohmann::ordered_json files_json(const std::vector<std::string>& paths);

}  // namespace chainrule::cli
