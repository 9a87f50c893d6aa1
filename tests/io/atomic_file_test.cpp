#include <fcntl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <thread>

#include "io/files.h"

namespace chainrule::io {
namespace {

namespace fs = std::filesystem;

/// Files in a folder: a failure must not leave more than there was.
std::size_t count(const fs::path& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

std::string refusal(const fs::path& path, int error) {
  return "[write] " + path.string() + ": " + std::strerror(error) +
         ". Check that the folder can be written to and has room. (E083)";
}

/// Root is stopped by no permission. Becomes nobody while it lives, if we are root.
class AsNobody {
 public:
  AsNobody() : was_root_(geteuid() == 0 && seteuid(65534) == 0) {}
  ~AsNobody() {
    if (was_root_) static_cast<void>(!seteuid(0));
  }

 private:
  bool was_root_;
};

TEST(AtomicFile, MakesAndReplaces) {
  const TemporaryFolder folder;
  const fs::path path = folder / "x";
  replace_file(path, "old");
  EXPECT_EQ(read_raw(path), "old");
  const mode_t mask = umask(022);
  umask(mask);
  struct stat status {};
  stat(path.c_str(), &status);
  EXPECT_EQ(status.st_mode & 07777, 0666u & ~mask);
  chmod(path.c_str(), 0604);
  replace_file(path, std::string("n\0w", 3));
  EXPECT_EQ(read_raw(path), std::string("n\0w", 3));
  stat(path.c_str(), &status);
  EXPECT_EQ(status.st_mode & 07777, 0604u);
  EXPECT_EQ(count(folder.string()), 1u);

  const fs::path longest = folder / std::string(255, 'x');
  replace_file(longest, "long");
  EXPECT_EQ(read_raw(longest), "long");
}

TEST(AtomicFile, ChangesNothingBeforeItIsWhole) {
  const TemporaryFolder folder;
  replace_file(folder / "x", "old");
  {
    AtomicFile file(folder / "x"), other(folder / "x"), made(folder / "y");
    file.write("new");
    made.write("new");
    EXPECT_EQ(read_raw(folder / "x"), "old");
    EXPECT_FALSE(fs::exists(folder / "y"));
  }
  EXPECT_EQ(read_raw(folder / "x"), "old");
  EXPECT_EQ(count(folder.string()), 1u);
  AtomicFile file(folder / "x");
  for (const char* piece : {"in ", "", "pieces"}) file.write(piece);
  file.commit();
  EXPECT_EQ(read_raw(folder / "x"), "in pieces");
}

TEST(AtomicFile, FollowsLinksAndLeavesThem) {
  const TemporaryFolder folder;
  fs::create_directory(folder / "inner");
  replace_file(folder / "inner/x", "old");
  fs::create_symlink("inner/x", folder / "link");
  fs::create_symlink("link", folder / "second");
  fs::create_symlink("inner/y", folder / "dangling");
  fs::create_symlink("loop", folder / "loop");
  replace_file(folder / "second", "new");
  EXPECT_EQ(read_raw(folder / "inner/x"), "new");
  replace_file(folder / "dangling", "made");
  EXPECT_EQ(read_raw(folder / "inner/y"), "made");
  EXPECT_EQ(message([&] { replace_file(folder / "loop", ""); }), refusal(folder / "loop", ELOOP));
  for (const char* name : {"link", "second", "dangling", "loop"}) EXPECT_TRUE(fs::is_symlink(folder / name));
  EXPECT_EQ(count(folder.string()), 5u);
  EXPECT_EQ(count(folder / "inner"), 2u);
}

TEST(AtomicFile, SaysWhyNot) {
  const TemporaryFolder folder;
  replace_file(folder / "x", "old");
  const std::pair<fs::path, int> cases[] = {
      {folder / "no/x", ENOENT},
      {folder / "x/y", ENOTDIR},
      {folder.string(), EISDIR},
      {folder / "", EISDIR},
      {"", ENOENT},
      {folder / std::string(256, 'x'), ENAMETOOLONG},
      {".", EISDIR},
      {"/dev/fd/999999999", EBADF},
      {"/dev/fd/", EISDIR},
  };
  for (const auto& [path, error] : cases) {
    EXPECT_EQ(message([&, &where = path] { replace_file(where, "new"); }), refusal(path, error));
  }
  EXPECT_EQ(count(folder.string()), 1u);
}

TEST(AtomicFile, WritesIntoAPipe) {
  const TemporaryFolder folder;
  const fs::path path = folder / "fifo";
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  std::string got;
  std::thread reader([&] { got = read_file(path); });
  replace_file(path, "through");
  reader.join();
  EXPECT_EQ(got, "through");
  EXPECT_TRUE(fs::is_fifo(path));
  EXPECT_EQ(count(folder.string()), 1u);
}

TEST(AtomicFile, WritesWhereADescriptorDoes) {
  const TemporaryFolder folder;
  replace_file(folder / "log", "before ");
  const int fd = open((folder / "log").c_str(), O_WRONLY | O_APPEND);
  ASSERT_GE(fd, 0);
  fs::create_symlink("/proc/self/fd/" + std::to_string(fd), folder / "link");
  replace_file("/dev/fd/" + std::to_string(fd), "more ");
  replace_file(folder / "link", "more");  // as /dev/stdout is
  ASSERT_EQ(write(fd, "!", 1), 1);        // still open, still the same file
  close(fd);
  EXPECT_EQ(read_raw(folder / "log"), "before more more!");
}

TEST(AtomicFile, NeverRemovesADevice) {
  const TemporaryFolder folder;
  const fs::path full = folder / "full", null = folder / "null";
  // Those of Linux' devices.txt: 1, 3 is /dev/null, 1, 7 is /dev/full.
  if (mknod(null.c_str(), S_IFCHR | 0666, makedev(1, 3)) != 0 ||
      mknod(full.c_str(), S_IFCHR | 0666, makedev(1, 7)) != 0) {
    GTEST_SKIP() << "mknod: " << std::strerror(errno);
  }
  const int fd = open(full.c_str(), O_WRONLY);
  if (fd < 0) GTEST_SKIP() << "a device in the temporary folder cannot be opened: " << std::strerror(errno);
  close(fd);
  replace_file(null, "nothing");
  EXPECT_EQ(message([&] { replace_file(full, "x"); }), refusal(full, ENOSPC));
  EXPECT_EQ(message([&] { write_npz(full, samples()); }), refusal(full, ENOSPC));
  fs::create_symlink("full", folder / "link");
  EXPECT_EQ(message([&] { replace_file(folder / "link", "x"); }), refusal(folder / "link", ENOSPC));
  EXPECT_TRUE(fs::is_character_file(fs::symlink_status(full)));
  EXPECT_TRUE(fs::is_character_file(fs::symlink_status(null)));
  EXPECT_EQ(count(folder.string()), 3u);
}

TEST(AtomicFile, LeavesWhatMayNotBeWritten) {
  const TemporaryFolder folder;
  chmod(folder.string().c_str(), 0755);
  for (const char* name : {"locked", "sticky", "open"}) {
    fs::create_directory(folder / name);
    replace_file(folder / name / "x", "old");
  }
  chmod((folder / "sticky/x").c_str(), 0666);
  chmod((folder / "open/x").c_str(), 0444);
  chmod((folder / "open").c_str(), 0777);
  chmod((folder / "sticky").c_str(), 01777);  // who does not own a file in it may not replace it
  chmod((folder / "locked").c_str(), 0555);
  {
    const AsNobody nobody;
    const auto expect_refused = [](const fs::path& path, int error) {
      EXPECT_EQ(message([&] { replace_file(path, "new"); }), refusal(path, error));
    };
    expect_refused(folder / "locked/x", EACCES);
    expect_refused(folder / "locked/y", EACCES);
    expect_refused(folder / "open/x", EACCES);
    struct stat status {};
    stat((folder / "sticky").c_str(), &status);
    if (status.st_uid != geteuid()) expect_refused(folder / "sticky/x", EPERM);
  }
  chmod((folder / "locked").c_str(), 0755);
  for (const char* name : {"locked", "open", "sticky"}) {
    EXPECT_EQ(read_raw(folder / name / "x"), "old") << name;
    EXPECT_EQ(count(folder / name), 1u) << name;
  }
}

TEST(AtomicFile, KeepsTheOldFileWhenSpaceRunsOut) {
  const TemporaryFolder folder;
  replace_file(folder / "x", "old");
  struct rlimit before {};
  getrlimit(RLIMIT_FSIZE, &before);
  struct rlimit small = before;
  small.rlim_cur = 1000;
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &small);
  const std::string x = message([&] { replace_file(folder / "x", std::string(5000, 'n')); });
  const std::string y = message([&] { write_safetensors(folder / "y", {{"w", zeros({1000})}}); });
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(x, refusal(folder / "x", EFBIG));
  EXPECT_EQ(y, refusal(folder / "y", EFBIG));
  EXPECT_EQ(read_raw(folder / "x"), "old");
  EXPECT_EQ(count(folder.string()), 1u);
}

TEST(AtomicFile, KeepsTheOldFileOnAFullDisk) {
  const TemporaryFolder folder;
  const std::string disk = (folder / "disk").string();
  fs::create_directory(disk);
  if (mount("none", disk.c_str(), "tmpfs", 0, "size=65536") != 0)
    GTEST_SKIP() << "mount: " << std::strerror(errno);
  const fs::path path = fs::path(disk) / "x";
  replace_file(path, "old");
  EXPECT_EQ(message([&] { replace_file(path, std::string(200'000, 'n')); }), refusal(path, ENOSPC));
  EXPECT_EQ(read_raw(path), "old");
  EXPECT_EQ(count(disk), 1u);
  umount2(disk.c_str(), MNT_DETACH);
}

}  // namespace
}  // namespace chainrule::io
