#include "core/cpu_count.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <thread>

#ifdef __linux__
#include <sched.h>
#endif

namespace chainrule {
namespace {

std::optional<double> read_number(std::istream& in) {
  double value = 0;
  if (in >> value) return value;
  return std::nullopt;
}

// Version 2: "QUOTA PERIOD" in microseconds; the quota "max" is no number, and means no limit.
std::optional<double> limit_v2(const std::string& folder) {
  std::ifstream in(folder + "/cpu.max");
  const auto quota = read_number(in);
  const auto period = quota ? read_number(in) : std::nullopt;
  if (!period || *quota <= 0 || *period <= 0) return std::nullopt;
  return *quota / *period;
}

// Version 1: one number a file; a quota of -1 means no limit.
std::optional<double> limit_v1(const std::string& folder) {
  std::ifstream quota_file(folder + "/cpu.cfs_quota_us"), period_file(folder + "/cpu.cfs_period_us");
  const auto quota = read_number(quota_file);
  const auto period = read_number(period_file);
  if (!quota || !period || *quota <= 0 || *period <= 0) return std::nullopt;
  return *quota / *period;
}

std::optional<double> smaller(std::optional<double> a, std::optional<double> b) {
  if (!a || !b) return a ? a : b;
  return std::min(*a, *b);
}

// The smallest limit of a group and of the groups around it.
std::optional<double> limit_up(const std::string& base, std::string path,
                               std::optional<double> (*limit)(const std::string&)) {
  std::optional<double> result;
  while (true) {
    result = smaller(result, limit(base + path));
    if (path.empty()) return result;
    const auto slash = path.rfind('/');
    path.resize(slash == std::string::npos ? 0 : slash);
  }
}

bool has_cpu_controller(std::string_view controllers) {
  while (!controllers.empty()) {
    const auto comma = controllers.find(',');
    if (controllers.substr(0, comma) == "cpu") return true;
    controllers.remove_prefix(comma == std::string_view::npos ? controllers.size() : comma + 1);
  }
  return false;
}

int affinity_cpus() {
#ifdef __linux__
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof(set), &set) == 0 && CPU_COUNT(&set) > 0) return CPU_COUNT(&set);
#endif
  return static_cast<int>(std::thread::hardware_concurrency());
}

}  // namespace

std::optional<int> cgroup_cpu_limit(std::string_view groups, const std::string& mount) {
  std::optional<double> limit;
  while (!groups.empty()) {  // lines "NUMBER:CONTROLLERS:PATH"; version 2 has no controllers
    const auto line = groups.substr(0, groups.find('\n'));
    groups.remove_prefix(std::min(groups.size(), line.size() + 1));
    const auto first = line.find(':');
    const auto second = first == std::string_view::npos ? first : line.find(':', first + 1);
    if (second == std::string_view::npos) continue;
    const auto controllers = line.substr(first + 1, second - first - 1);
    std::string path(line.substr(second + 1));
    if (path == "/") path.clear();
    if (controllers.empty()) limit = smaller(limit, limit_up(mount, path, limit_v2));
    if (has_cpu_controller(controllers)) limit = smaller(limit, limit_up(mount + "/cpu", path, limit_v1));
  }
  if (!limit) return std::nullopt;
  // Rounded down: a thread more than the quota feeds is a thread that the system stops in mid-work.
  return static_cast<int>(std::clamp(std::floor(*limit), 1.0, double{kMaxThreads}));
}

int available_cpus() {
  std::ifstream in("/proc/self/cgroup");
  const std::string groups{std::istreambuf_iterator<char>(in), {}};
  const int limit = cgroup_cpu_limit(groups, "/sys/fs/cgroup").value_or(kMaxThreads);
  return std::clamp(std::min(affinity_cpus(), limit), 1, kMaxThreads);
}

}  // namespace chainrule
