#include "core/cpu_count.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "temporary_folder.h"

namespace chainrule {
namespace {

class CgroupLimit : public ::testing::Test {
 protected:
  void write(const std::string& file, const std::string& text) const {
    std::filesystem::create_directories((root_ / file).parent_path());
    std::ofstream(root_ / file) << text;
  }
  std::optional<int> limit(const std::string& groups) const {
    return cgroup_cpu_limit(groups, root_.string());
  }

 private:
  TemporaryFolder root_;
};

TEST_F(CgroupLimit, Version2TakesTheSmallestOnTheWayUp) {
  write("a/b/cpu.max", "600000 100000\n");
  write("a/cpu.max", "350000 100000\n");
  write("cpu.max", "max 100000\n");
  EXPECT_EQ(limit("0::/a/b\n"), 3);
  EXPECT_EQ(limit("0::/\n"), std::nullopt);
  write("cpu.max", "50000 100000\n");  // half a CPU is still one thread
  EXPECT_EQ(limit("0::/a/b\n"), 1);
}

TEST_F(CgroupLimit, Version1ReadsQuotaAndPeriod) {
  write("cpu/job/cpu.cfs_quota_us", "400000\n");
  write("cpu/job/cpu.cfs_period_us", "100000\n");
  write("cpu/free/cpu.cfs_quota_us", "-1\n");
  write("cpu/free/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(limit("5:memory:/job\n4:cpu,cpuacct:/job\n"), 4);
  EXPECT_EQ(limit("4:cpu,cpuacct:/free\n"), std::nullopt);
  EXPECT_EQ(limit("4:cpuset:/job\n"), std::nullopt);
}

TEST_F(CgroupLimit, NonsenseMeansNoLimit) {
  write("cpu.max", "some text");
  for (const char* groups : {"", "\n", "nonsense", "0:", "::", "0::/missing/group\n"})
    EXPECT_EQ(limit(groups), std::nullopt) << groups;
}

TEST(AvailableCpus, IsAtLeastOne) {
  EXPECT_GE(available_cpus(), 1);
  EXPECT_LE(available_cpus(), kMaxThreads);
}

}  // namespace
}  // namespace chainrule
