// Files that a search has kept, read once more:  fuzz_replay FOLDER, in which each format has a folder.
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

#include "chainrule/error.h"
#include "formats.h"

namespace {

/// Whether nothing happened but an Error.
bool replay(const chainrule::fuzz::Format& format, const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  try {
    format.read(bytes);
  } catch (const chainrule::Error&) {
  } catch (const std::exception& error) {
    std::cerr << path.string() << ": " << error.what() << "\n";
    return false;
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "fuzz_replay FOLDER\n";
    return 2;
  }
  int files = 0, failed = 0;
  for (const chainrule::fuzz::Format& format : chainrule::fuzz::formats()) {
    const std::filesystem::path folder = std::filesystem::path(argv[1]) / format.name;
    if (!std::filesystem::is_directory(folder)) continue;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      ++files;
      if (!replay(format, entry.path())) ++failed;
    }
  }
  std::cout << files << " files, " << failed << " faults\n";
  return files > 0 && failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
