#include "mapped_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "chainrule/error.h"
#include "io/input.h"

namespace chainrule::cli {

MappedFile::MappedFile(const std::string& path) : size_(io::open_file(path)->size()) {
  if (size_ == 0) return;
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  void* const begin = file < 0 ? MAP_FAILED : mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file, 0);
  const int error = errno;
  if (file >= 0) close(file);
  if (begin == MAP_FAILED) {
    throw FileError(200, fmt::format("[read] {}: {}. Check its permissions.", path, std::strerror(error)));
  }
  begin_ = static_cast<const char*>(begin);
}

MappedFile::~MappedFile() {
  if (begin_ != nullptr) munmap(const_cast<char*>(begin_), size_);
}

}  // namespace chainrule::cli
