#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace chainrule {

inline constexpr int kMaxThreads = 1024;

/// Whole CPUs that the cgroup lets this process use (at least 1), or nothing without a limit.
/// The limit is the smallest on the way from the process's own group up to the root, in version 2 (cpu.max)
/// and version 1 (cpu.cfs_quota_us, cpu.cfs_period_us).
/// @param groups  What /proc/self/cgroup says.
/// @param mount   Where the cgroup file system is mounted: /sys/fs/cgroup.
std::optional<int> cgroup_cpu_limit(std::string_view groups, const std::string& mount);

/// CPUs that this process may use: min(CPU affinity, cgroup quota), from 1 to kMaxThreads.
int available_cpus();

}  // namespace chainrule
