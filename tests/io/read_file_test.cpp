#include <sys/stat.h>

#include "io/files.h"

namespace chainrule::io {
namespace {

TEST(ReadFile, ReadsAllBytes) {
  const TemporaryFolder folder;
  std::string bytes(200'000, 'x');
  bytes[70'000] = '\0';
  for (const std::string& text : {std::string(), std::string("a\r\n"), bytes}) {
    write_raw(folder / "x", text);
    EXPECT_EQ(read_file(folder / "x"), text);
  }
  EXPECT_EQ(read_file("/proc/self/status").rfind("Name:", 0), 0u);  // its size is not known before
}

TEST(ReadFile, SaysWhyNot) {
  const TemporaryFolder folder;
  const std::string start = "[read] " + folder.string();
  EXPECT_EQ(message([&] { read_file(folder / "no"); }),
            start + "/no: No such file or directory. Check the path. (E200)");
  EXPECT_EQ(message([&] { read_file(folder.string()); }), start + ": is a folder. Name a file in it. (E200)");
  write_raw(folder / "x", "12345");
  EXPECT_EQ(read_file(folder / "x", 5), "12345");
  EXPECT_EQ(message([&] { read_file(folder / "x", 4); }),
            start + "/x: has more than 4 bytes, the most that is taken here. Is it the right file? (E201)");
  EXPECT_EQ(message([&] { read_file("/dev/zero", 100'000); }),
            "[read] /dev/zero: has more than 100000 bytes, the most that is taken here. Is it the right "
            "file? (E201)");
}

// A pipe that nobody writes to must not be waited for.
TEST(ReadFile, OfTensorsMustHaveASize) {
  const TemporaryFolder folder;
  ASSERT_EQ(mkfifo((folder / "fifo").c_str(), 0600), 0);
  const std::string expected =
      "[read] " + (folder / "fifo").string() +
      ": is not a regular file. Its size must be known: copy it to a file first. (E200)";
  EXPECT_EQ(message([&] { read_npy(folder / "fifo"); }), expected);
  EXPECT_EQ(message([&] { read_npz(folder / "fifo"); }), expected);
  EXPECT_EQ(message([&] { read_safetensors(folder / "fifo"); }), expected);
}

}  // namespace
}  // namespace chainrule::io
