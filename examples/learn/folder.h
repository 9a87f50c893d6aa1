#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

namespace learn {

/// A folder for a lesson's files. It is there while this is.
class Folder {
 public:
  Folder() : path_((std::filesystem::temp_directory_path() / "lesson_XXXXXX").string()) {
    if (mkdtemp(path_.data()) == nullptr) std::abort();
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  /// The path of a file in it.
  std::string operator/(const std::string& file) const { return path_ + "/" + file; }

 private:
  std::string path_;
};

}  // namespace learn
