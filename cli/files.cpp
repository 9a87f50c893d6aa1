#include "files.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <system_error>
#include <vector>

#include "chainrule/error.h"
#include "chainrule/io.h"
#include "chainrule/plot.h"
#include "digest.h"

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

namespace {

/// Removes the files of a folder that are so.
template <class F>
void remove_those(const std::filesystem::path& folder, F is_so) {
  std::error_code error;
  std::vector<std::filesystem::path> found;
  for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    if (is_so(at->path())) found.push_back(at->path());
  }
  for (const std::filesystem::path& path : found) std::filesystem::remove(path, error);
}

}  // namespace

void remove_drawn_files(const std::filesystem::path& folder) {
  remove_those(folder,
               [](const auto& path) { return path.filename().string().starts_with("events.out.tfevents."); });
  const std::vector<std::string> plots = registry<plot::Plot>().names();
  remove_those(folder / "plots", [&](const auto& path) {
    std::string name = path.stem().string();
    while (!name.empty() && name.back() >= '0' && name.back() <= '9') name.pop_back();  // of several: curves2
    const bool is_picture = path.extension() == ".svg" || path.extension() == ".png";
    return is_picture && std::find(plots.begin(), plots.end(), name) != plots.end();
  });
  std::error_code ignored;
  std::filesystem::remove(folder / "plots", ignored);  // if nothing else is in it
}

nlohmann::ordered_json files_json(const std::vector<std::string>& paths) {
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (const std::string& path : paths) {
    std::ifstream file(path, std::ios::binary);
    Sha256 content;
    std::uint64_t bytes = 0;
    std::string block(std::size_t{1} << 16, '\0');
    while (file.read(block.data(), static_cast<std::streamsize>(block.size())), file.gcount() > 0) {
      const auto count = static_cast<std::size_t>(file.gcount());
      content.add(std::string_view(block).substr(0, count));
      bytes += count;
    }
    all.push_back({{"path", path}, {"bytes", bytes}, {"sha256", content.hex()}});
  }
  return all;
}

}  // namespace chainrule::cli
