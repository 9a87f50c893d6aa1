#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <optional>
#include <system_error>

#include "chainrule/error.h"
#include "chainrule/io.h"
#include "core/text.h"

namespace chainrule::io {
namespace {

namespace fs = std::filesystem;

FileError cannot_write(const std::string& path, int error) {
  return FileError(83, cat("[write] ", path, ": ", std::strerror(error),
                           ". Check that the folder can be written to and has room."));
}

fs::path folder_of(const fs::path& path) { return path.has_parent_path() ? path.parent_path() : "."; }

/// A descriptor of this process if the place is one of /proc/self/fd: /dev/stdout is a link to there. Only
/// its copy writes where the others do, whatever it is: a file may have been opened for appending.
std::optional<int> descriptor_at(const fs::path& folder, const std::string& name) {
  int number = 0;
  const char* const end = name.data() + name.size();
  const auto [read, error] = std::from_chars(name.data(), end, number);
  if (folder != cat("/proc/", getpid(), "/fd") || error != std::errc() || read != end) return std::nullopt;
  return number;
}

/// Where a path leads when all its links are followed, though there may be nothing yet.
fs::path follow(const std::string& path) {
  constexpr int kMostLinks = 40;  // as the kernel's
  std::error_code error;
  fs::path at = path;
  for (int links = 0; links < kMostLinks && !path.empty(); ++links) {
    const fs::path folder = fs::canonical(folder_of(at), error);
    if (error) throw cannot_write(path, error.value());
    at = folder / at.filename();
    if (descriptor_at(folder, at.filename()) || !fs::is_symlink(fs::symlink_status(at, error))) return at;
    at = folder / fs::read_symlink(at, error);
    if (error) throw cannot_write(path, error.value());
  }
  throw cannot_write(path, path.empty() ? ENOENT : ELOOP);
}

/// Opens a new file in the folder of `target`, with a name that nothing had.
int open_beside(const std::string& target, mode_t mode, std::string& beside) {
  static std::atomic<unsigned> counter{0};
  for (;;) {
    beside = (folder_of(target) / cat(".chainrule-", getpid(), "-", counter++, ".tmp")).string();
    const int fd = open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd >= 0 || errno != EEXIST) return fd;
  }
}

/// Owner and permissions as those of the file that will be replaced, as far as we may.
void take_after(int fd, const struct stat& old) {
  struct stat own {};
  if (fstat(fd, &own) == 0 && (own.st_uid != old.st_uid || own.st_gid != old.st_gid)) {
    if (fchown(fd, old.st_uid, old.st_gid) != 0) {
      static_cast<void>(!fchown(fd, static_cast<uid_t>(-1), old.st_gid));
    }
  }
  static_cast<void>(!fchmod(fd, old.st_mode & 07777));
}

bool flush(int fd) { return fsync(fd) == 0 || errno == EINVAL || errno == ENOTSUP; }  // those have no disk

}  // namespace

AtomicFile::AtomicFile(const std::string& path) : path_(path), target_(follow(path).string()) {
  const fs::path target = target_;
  struct stat old {};
  const int missing = stat(target_.c_str(), &old) == 0 ? 0 : errno;
  errno = missing;
  if (const auto number = descriptor_at(target.parent_path(), target.filename())) {
    fd_ = fcntl(*number, F_DUPFD_CLOEXEC, 0);
  } else if (missing == ENOENT) {
    fd_ = open_beside(target_, 0666, beside_);
  } else if (missing == 0 && S_ISDIR(old.st_mode)) {
    errno = EISDIR;
  } else if (missing == 0 && !S_ISREG(old.st_mode)) {
    fd_ = open(target_.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY);
  } else if (missing == 0 && faccessat(AT_FDCWD, target_.c_str(), W_OK, AT_EACCESS) == 0) {
    fd_ = open_beside(target_, 0600, beside_);
    if (fd_ >= 0) take_after(fd_, old);
  }
  if (fd_ < 0) throw cannot_write(path_, errno);
}

AtomicFile::~AtomicFile() {
  if (fd_ >= 0) close(fd_);
  if (!beside_.empty()) unlink(beside_.c_str());
}

void AtomicFile::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw cannot_write(path_, errno);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

void AtomicFile::commit() {
  // To the disk first: the new name may get there before the bytes do.
  if (!flush(fd_) || close(std::exchange(fd_, -1)) != 0) throw cannot_write(path_, errno);
  if (beside_.empty()) return;
  if (std::rename(beside_.c_str(), target_.c_str()) != 0) throw cannot_write(path_, errno);
  beside_.clear();
  const int folder = open(folder_of(target_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return;  // may be written to and not read
  const bool good = flush(folder);
  const int error = errno;
  close(folder);
  if (!good) throw cannot_write(path_, error);
}

void replace_file(const std::string& path, std::string_view bytes) {
  AtomicFile file(path);
  file.write(bytes);
  file.commit();
}

}  // namespace chainrule::io
