#include "io/input.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "chainrule/error.h"
#include "chainrule/io.h"
#include "core/text.h"

namespace chainrule::io {
namespace {

FileError cannot_read(const std::string& path, const std::string& reason, const char* advice) {
  return FileError(200, cat("[read] ", path, ": ", reason, ". ", advice));
}
FileError cannot_read(const std::string& path, int error) {
  return cannot_read(path, std::strerror(error),
                     error == EACCES ? "Check its permissions." : "Check the path.");
}

/// An open file; closed with the object.
class Descriptor : public Counted {
 public:
  explicit Descriptor(const std::string& path, int flags = 0)
      : path_(path), fd_(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | flags)) {
    if (fd_ < 0 || fstat(fd_, &status_) != 0) throw cannot_read(path_, errno);
    if (!S_ISDIR(status_.st_mode)) return;
    close(fd_);
    throw cannot_read(path_, "is a folder", "Name a file in it.");
  }
  ~Descriptor() override { close(fd_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  bool is_regular() const { return S_ISREG(status_.st_mode); }
  std::uint64_t size() const { return static_cast<std::uint64_t>(status_.st_size); }
  const std::string& path() const { return path_; }

  /// Up to `count` bytes; 0 at the end. At `offset`, or from where the last one ended.
  std::size_t read(void* out, std::size_t count, std::int64_t offset = -1) const {
    for (;;) {
      const ssize_t got = offset < 0 ? ::read(fd_, out, count) : pread(fd_, out, count, offset);
      if (got >= 0) return static_cast<std::size_t>(got);
      if (errno != EINTR) throw cannot_read(path_, std::strerror(errno), "Check the disk.");
    }
  }

 private:
  std::string path_;
  int fd_;
  struct stat status_ {};
};

class FileInput : public Input {
 public:
  explicit FileInput(Shared<Descriptor> file) : Input(file->path(), file->size()), file_(std::move(file)) {}

  void read(std::uint64_t offset, void* out, std::size_t count) override {
    for (std::size_t done = 0; done < count;) {
      const std::size_t got = file_->read(static_cast<std::byte*>(out) + done, count - done,
                                          static_cast<std::int64_t>(offset + done));
      if (got == 0) throw cannot_read(name(), "became shorter while it was read", "Read it again.");
      done += got;
    }
  }

 private:
  Shared<Descriptor> file_;
};

class MemoryInput : public Input {
 public:
  explicit MemoryInput(std::string_view bytes) : Input("bytes", bytes.size()), bytes_(bytes) {}
  void read(std::uint64_t offset, void* out, std::size_t count) override {
    if (count != 0) std::memcpy(out, bytes_.data() + offset, count);
  }

 private:
  std::string_view bytes_;
};

}  // namespace

Shared<Input> open_file(const std::string& path) {
  Shared<Descriptor> file(new Descriptor(path, O_NONBLOCK));  // a pipe is not waited for
  if (!file->is_regular()) {
    throw cannot_read(path, "is not a regular file", "Its size must be known: copy it to a file first.");
  }
  return Shared<Input>(new FileInput(std::move(file)));
}
Shared<Input> in_memory(std::string_view bytes) { return Shared<Input>(new MemoryInput(bytes)); }

std::string read_file(const std::string& path, std::uint64_t most_bytes) {
  constexpr std::size_t kPiece = std::size_t{1} << 16;
  const Descriptor file(path);
  const auto too_large = [&] {
    return FileError(201, cat("[read] ", path, ": has more than ", most_bytes,
                              " bytes, the most that is taken here. Is it the right file?"));
  };
  if (file.is_regular() && file.size() > most_bytes) throw too_large();
  std::string bytes;
  for (;;) {
    const std::size_t had = bytes.size();
    bytes.resize(std::max<std::size_t>(file.is_regular() ? file.size() + 1 : 0, had + kPiece));
    bytes.resize(had + file.read(bytes.data() + had, bytes.size() - had));
    if (bytes.size() == had) return bytes;
    if (bytes.size() > most_bytes) throw too_large();
  }
}

}  // namespace chainrule::io
