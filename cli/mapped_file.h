#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace chainrule::cli {

/// The bytes of a file where the system keeps them: they are read when looked at, and take no memory of the
/// program's own.
class MappedFile {
 public:
  /// @throws FileError  if it is no regular file that can be read (E200).
  explicit MappedFile(const std::string& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::string_view text() const { return {begin_, size_}; }

 private:
  const char* begin_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace chainrule::cli
