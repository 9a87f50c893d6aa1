#include "files.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <vector>

#include "chainrule/error.h"
#include "chainrule/io.h"

namespace chainrule::cli {

void prepare_run_folder(const std::filesystem::path& folder, bool force) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error || !std::filesystem::is_directory(folder, error)) {
    throw FileError(83, fmt::format("[write] {}: {}. Check that the folder can be written to and has room.",
                                    folder.string(), std::strerror(error ? error.value() : ENOTDIR)));
  }
  for (const char* name : {kResultFile, kModelFile}) {
    if (!force && std::filesystem::exists(folder / name, error)) {
      throw FileError(84, fmt::format("[train] {} has results of a run already ({}). Name another folder, or "
                                      "replace them with --force.",
                                      folder.string(), name));
    }
  }
  io::AtomicFile trial(folder / kResultFile);  // and leaves nothing
}

void remove_event_files(const std::filesystem::path& folder) {
  std::error_code error;
  std::vector<std::filesystem::path> found;
  for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    if (at->path().filename().string().starts_with("events.out.tfevents.")) found.push_back(at->path());
  }
  for (const std::filesystem::path& path : found) std::filesystem::remove(path, error);
}

}  // namespace chainrule::cli
