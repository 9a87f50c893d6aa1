// --out of the tool, where it is no plain file.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "cli/tool.h"

namespace chainrule::cli {
namespace {

TEST(Out, NeverRemovesADevice) {
  const TemporaryFolder folder;
  const std::string full = (folder / "full").string();
  if (mknod(full.c_str(), S_IFCHR | 0666, makedev(1, 7)) != 0)
    GTEST_SKIP() << "mknod: " << std::strerror(errno);
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"data", "show", small_set(), "--out", full},
        {"explain", "x^2", "--at", "x=3", "--out", full}}) {
    const Outcome outcome = run_tool(command);
    EXPECT_EQ(outcome.code, 1);
    EXPECT_EQ(outcome.err.rfind("chainrule: [write] " + full + ": ", 0), 0u) << outcome.err;
    EXPECT_TRUE(std::filesystem::is_character_file(full));
  }
}

TEST(Out, GoesToStdoutBesideOtherText) {
  const Outcome plain = run_tool({"explain", "x^2", "--at", "x=3"});
  EXPECT_EQ(run_tool({"explain", "x^2", "--at", "x=3", "--out", "/dev/stdout"}).out, plain.out);
  const TemporaryFolder folder;
  const std::string file = (folder / "out.txt").string();
  std::ofstream{file};
  run_tool({"explain", "x^2", "--at", "x=3", "--out", "/dev/stdout"}, {.stdout_path = file});
  EXPECT_EQ(read_file(file), plain.out);
}

}  // namespace
}  // namespace chainrule::cli
