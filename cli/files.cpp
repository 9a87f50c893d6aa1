#include "files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "chainrule/error.h"

namespace chainrule::cli {
namespace {

namespace fs = std::filesystem;

FileError cannot_write(const fs::path& path, int error) {
  return FileError(83, fmt::format("[write] {}: {}. Check that the folder can be written to and has room.",
                                   path.string(), std::strerror(error)));
}

/// A file open for writing; closed with the object.
class Descriptor {
 public:
  Descriptor(const fs::path& path, int flags)
      : path_(path), fd_(open(path.c_str(), flags | O_CLOEXEC, 0666)) {
    if (fd_ < 0) throw cannot_write(path_, errno);
  }
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  void write(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) throw cannot_write(path_, errno);
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
  }
  /// Until it is on the disk: a rename may reach the disk before the bytes do.
  void sync() {
    if (fsync(fd_) != 0 && errno != EINVAL) throw cannot_write(path_, errno);  // EINVAL: has no disk
  }
  void finish() {
    if (close(std::exchange(fd_, -1)) != 0) throw cannot_write(path_, errno);
  }

 private:
  fs::path path_;
  int fd_;
};

fs::path folder_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

}  // namespace

void replace_file(const fs::path& path, const std::function<void(const fs::path&)>& write) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (fs::exists(status) && !fs::is_regular_file(status)) return write(path);
  const fs::path target = fs::exists(status) ? fs::canonical(path, error) : path;  // a link stays a link
  fs::path beside = target;
  beside += fmt::format(".{}.tmp", getpid());
  try {
    write(beside);
    Descriptor(beside, O_WRONLY).sync();
    if (std::rename(beside.c_str(), target.c_str()) != 0) throw cannot_write(path, errno);
  } catch (...) {
    fs::remove(beside, error);
    throw;
  }
  Descriptor(folder_of(target), O_RDONLY | O_DIRECTORY).sync();
}

void replace_file(const fs::path& path, std::string_view bytes) {
  replace_file(path, [&](const fs::path& place) {
    Descriptor file(place, O_WRONLY | O_CREAT | O_TRUNC);
    file.write(bytes);
    file.finish();
  });
}

std::string npy(const Tensor& tensor) {
  static_assert(std::endian::native == std::endian::little);
  const bool is_f32 = tensor.dtype() == f32;
  std::string header = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': {}, }}",
                                   is_f32 ? "<f4" : "<f8", tensor.shape().to_string());
  header.append(63 - (10 + header.size()) % 64, ' ');  // the elements begin at a multiple of 64
  header += '\n';
  std::string bytes("\x93NUMPY\x01\x00", 8);
  bytes += static_cast<char>(header.size() & 0xFF);
  bytes += static_cast<char>(header.size() >> 8);
  bytes += header;
  const auto append = [&](auto elements) {
    bytes.append(reinterpret_cast<const char*>(elements.data()), elements.size_bytes());
  };
  is_f32 ? append(tensor.data<float>()) : append(tensor.data<double>());
  return bytes;
}

void prepare_run_folder(const fs::path& folder, bool force) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error || !fs::is_directory(folder, error)) {
    throw cannot_write(folder, error ? error.value() : ENOTDIR);
  }
  for (const char* name : {"history.json", "W1.npy", "b1.npy", "W2.npy", "b2.npy"}) {
    if (!force && fs::exists(folder / name, error)) {
      throw FileError(84, fmt::format("[train] {} has results of a run already ({}). Name another folder, or "
                                      "replace them with --force.",
                                      folder.string(), name));
    }
  }
  const fs::path trial = folder / fmt::format(".{}.tmp", getpid());
  Descriptor(trial, O_WRONLY | O_CREAT | O_TRUNC).finish();
  fs::remove(trial, error);
}

}  // namespace chainrule::cli
