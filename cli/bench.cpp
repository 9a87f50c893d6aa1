// chainrule bench: how long the workloads take, and what part of the machine's peak that is.
#include <fmt/format.h>

#include <CLI/Option.hpp>
#include <CLI/Validators.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>

#include "chainrule/threads.h"
#include "commands.h"
#include "core/thread_pool.h"
#include "exit_code.h"
#include "json_text.h"
#include "kernels/simd/fma_peak.h"
#include "machine.h"
#include "options.h"
#include "output.h"
#include "plan/cache.h"
#include "workloads.h"

namespace chainrule::cli {
namespace {

using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

struct BenchOptions {
  std::vector<std::string> names;
  double seconds = 1;
  std::int64_t threads = 0;
  bool json = false;
};

struct Result {
  const Workload* workload;
  double seconds_per_step = 0;  // median
  double spread = 0;            // distance of the quartiles, as a part of the median
  double fraction_of_peak = 0;
  double bytes = 0;  // of a step: what the instructions of its plans read and write
  double fraction_of_bandwidth = 0;
  double error = 0;  // of the answer in f32, relative to that in f64
};

/// What a difference of f32 from f64 after kCheckedSteps steps may be.
constexpr double kAllowedError = 1e-3;
constexpr int kCheckedSteps = 3;

double since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// Bytes a second that one thread copies between arrays larger than the caches, read and written; the best of
/// some runs.
double measured_bandwidth() {
  constexpr std::size_t kBytes = std::size_t{64} << 20;
  std::vector<char> from(kBytes, 1), to(kBytes);
  const int threads = num_threads();
  double best = 0;
  for (int run = 0; run < 8; ++run) {
    const Clock::time_point start = Clock::now();
    parallel_for(threads, 1, [&](std::int64_t begin, std::int64_t end) {
      const std::size_t piece = kBytes / static_cast<std::size_t>(threads);
      const auto at = static_cast<std::size_t>(begin) * piece;
      std::memcpy(to.data() + at, from.data() + at, piece * static_cast<std::size_t>(end - begin));
    });
    best = std::max(best, 2.0 * kBytes / since(start));
  }
  return best;
}

/// What the machine can do, measured when it is first asked for: after a workload, as that starts the
/// threads. A small net needs none, and is faster while there are none: counting references then needs no
/// atomic operations.
struct Peaks {
  double flops = kernels::measured_fma_peak(8), bandwidth = measured_bandwidth();
};
const Peaks& peaks() {
  static const Peaks measured;
  return measured;
}

double answer_after(const Workload& workload, DType dtype, int steps) {
  const Prepared run = workload.prepare(dtype);
  for (int i = 0; i < steps; ++i) run.step();
  return run.answer();
}

/// Blocks of steps of some milliseconds each, for the given time.
std::vector<double> timed_blocks(const Prepared& run, double seconds) {
  constexpr double kBlockSeconds = 0.01;
  std::int64_t steps = 1;
  const Clock::time_point warm = Clock::now();
  for (; since(warm) < std::min(0.2, seconds);) run.step();
  for (;; steps *= 2) {
    const Clock::time_point start = Clock::now();
    for (std::int64_t i = 0; i < steps; ++i) run.step();
    if (since(start) > kBlockSeconds / 2) break;
  }
  std::vector<double> blocks;
  const Clock::time_point begin = Clock::now();
  while ((since(begin) < seconds || blocks.size() < 5)) {
    const Clock::time_point start = Clock::now();
    for (std::int64_t i = 0; i < steps; ++i) run.step();
    blocks.push_back(since(start) / static_cast<double>(steps));
  }
  std::sort(blocks.begin(), blocks.end());
  return blocks;
}

Result measure(const Workload& workload, double seconds) {
  Result result{&workload};
  const double exact = answer_after(workload, DType::f64, kCheckedSteps);
  const double got = answer_after(workload, DType::f32, kCheckedSteps);
  result.error = std::abs(got - exact) / std::max(1e-30, std::abs(exact));
  const Prepared run = workload.prepare(DType::f32);
  const std::vector<double> blocks = timed_blocks(run, seconds);
  if (blocks.empty()) return result;
  const std::size_t n = blocks.size();
  result.seconds_per_step = blocks[n / 2];
  result.spread = (blocks[3 * n / 4] - blocks[n / 4]) / blocks[n / 2];
  const std::uint64_t before = PlanCache::of_this_thread().bytes_moved;
  run.step();
  result.bytes = static_cast<double>(PlanCache::of_this_thread().bytes_moved - before);
  result.fraction_of_peak = workload.flops / result.seconds_per_step / peaks().flops;
  result.fraction_of_bandwidth = result.bytes / result.seconds_per_step / peaks().bandwidth;
  return result;
}

bool is_right(const Result& result) { return result.error <= kAllowedError; }  // not for NaN

std::string heading() {
  return fmt::format("{}; peak {:.0f} GFLOP/s, memory {:.1f} GB/s, measured just now\n\n", machine(),
                     peaks().flops / 1e9, peaks().bandwidth / 1e9) +
         fmt::format("{:<20}{:>14}{:>10}{:>10}{:>10}{:>10}{:>13}{:>12}\n", "workload", "us a step", "spread",
                     "MFLOP", "of peak", "MB", "of memory's", "error");
}

std::string line(const Result& r) {
  return fmt::format("{:<20}{:>14.2f}{:>9.1f}%{:>10.2f}{:>9.1f}%{:>10.2f}{:>12.1f}%{:>12.1e}  {}\n",
                     r.workload->name, 1e6 * r.seconds_per_step, 100 * r.spread, r.workload->flops / 1e6,
                     100 * r.fraction_of_peak, r.bytes / 1e6, 100 * r.fraction_of_bandwidth, r.error,
                     is_right(r) ? "" : "WRONG");
}

Json to_json(const Result& r) {
  return {{"name", r.workload->name},
          {"threads", num_threads()},
          {"seconds_per_step", r.seconds_per_step},
          {"spread", r.spread},
          {"flops", r.workload->flops},
          {"fraction_of_peak", r.fraction_of_peak},
          {"bytes", r.bytes},
          {"fraction_of_bandwidth", r.fraction_of_bandwidth},
          {"error", r.error}};
}

int bench(const BenchOptions& options) {
  use_threads(options.threads);
  Json results = Json::array();
  bool all_right = true;
  for (const Workload& workload : workloads()) {
    const auto is_chosen = [&](const std::string& name) { return name == workload.name; };
    if (!options.names.empty() && std::none_of(options.names.begin(), options.names.end(), is_chosen))
      continue;
    const Result result = measure(workload, options.seconds);
    all_right = all_right && is_right(result);
    if (!options.json) write_text(stdout, (results.empty() ? heading() : "") + line(result));
    results.push_back(to_json(result));
  }
  if (options.json) write_text(stdout, json_text(results));
  return all_right ? kDone : kCheckFailed;
}

}  // namespace

Command add_bench(CLI::App& app) {
  const auto options = std::make_shared<BenchOptions>();
  CLI::App* sub = app.add_subcommand("bench", "Time the workloads that Chainrule is tuned for.");
  std::vector<std::string> names;
  std::string list = "Workloads:\n";
  for (const Workload& workload : workloads()) {
    names.emplace_back(workload.name);
    list += fmt::format("  {:<20}{}\n", workload.name, workload.what);
  }
  sub->footer(list +
              "\nEach is run for 3 steps in f32 and in f64 first: an error above 1e-3 is exit code 3.\n"
              "With several threads the smallest are slower after a large one: each alone is as in a program "
              "of its own.\n\nExamples:\n  chainrule bench\n  chainrule bench two-layer-net --threads 1");
  sub->add_option("WORKLOAD", options->names, "which; all if none is named")
      ->check(CLI::IsMember(names))
      ->type_name("");
  add_number(*sub, "--seconds", options->seconds, 0.01, 3600, "how long to time each");
  add_threads(*sub, options->threads);
  sub->add_flag("--json", options->json, "one JSON array");
  return [options] { return bench(*options); };
}

}  // namespace chainrule::cli
