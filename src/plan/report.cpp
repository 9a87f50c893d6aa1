#include "plan/report.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <map>
#include <string_view>
#include <utility>

#include "core/environment.h"
#include "core/text.h"
#include "kernels/simd/fma_peak.h"
#include "plan/difference.h"
#include "plan/dump.h"

namespace chainrule {
namespace {

constexpr int kManyMisses = 16;  // of one call; a net that is checked in f32 and f64 has a few

std::string name_of(const CachedPlan& plan) {
  char name[32];
  std::snprintf(name, sizeof name, "plan %08x", static_cast<unsigned>(plan.hash));
  return name;
}

void write_to_stderr(std::string_view line) {
  std::fprintf(stderr, "chainrule: %.*s\n", static_cast<int>(line.size()), line.data());
}

std::atomic<ReportSink> sink{write_to_stderr};

void say(std::string_view lines) {
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, lines.find('\n'));
    sink.load()(line);
    lines.remove_prefix(std::min(lines.size(), line.size() + 1));
  }
}

std::string counted(std::size_t count, std::string_view what) {
  return cat(count, " ", what, count == 1 ? "" : "s");
}

}  // namespace

int verbosity() {
  static const int level = environment::word(environment::kVerbose).value_or(0);
  return level;
}

void set_report_sink(ReportSink new_sink) { sink.store(new_sink != nullptr ? new_sink : write_to_stderr); }

void report_miss(const CachedPlan& plan, const Trace& trace, const CachedPlan* like) {
  const Program& program = plan.executor.program();
  const Origin& origin = trace.nodes.back()->origin;
  const std::string why =
      like == nullptr ? "new" : cat("unlike ", name_of(*like), " in ", difference(like->key, trace));
  say(cat(name_of(plan), " made: ", counted(trace.nodes.size(), "node"), ", ",
          counted(program.instructions.size(), "instruction"), ", arena ", program.arena_bytes, " bytes; ",
          why, ".", origin.to_string()));
  thread_local std::map<std::pair<std::string_view, int>, int> misses;  // by the line of the call
  if (like == nullptr || origin.where.file == nullptr) return;
  if (++misses[{origin.where.file, origin.where.line}] != kManyMisses) return;
  say(cat(kManyMisses, " plans for one call, the last ", why,
          ". What changes from step to step should be a tensor of one shape, not an option or a size.",
          origin.to_string()));
}

void report_run(const CachedPlan& plan, const Trace& trace) {
  if (verbosity() == 1) {
    say(cat(name_of(plan), plan.runs == 0 ? " run first." : " hit.", trace.nodes.back()->origin.to_string()));
    return;
  }
  static const double peak = kernels::measured_fma_peak(4);
  say(cat(name_of(plan), ":"));
  const std::vector<std::string> lines = instruction_lines(plan.executor.program());
  auto strip = plan.executor.program().strips.begin();
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (strip != plan.executor.program().strips.end() && static_cast<std::int32_t>(i) == strip->begin) {
      say(cat("  to ", strip->end - 1, " by ", strip->piece, " of ", strip->rows, " rows:"));
      ++strip;
    }
    char time[96];
    const double seconds = plan.executor.seconds()[i];
    std::snprintf(time, sizeof time, "%9.2f us %6.1f GFLOP/s (%2.0f%% of measured peak) %6.1f GB/s  ",
                  1e6 * seconds, flops(plan.executor.program(), i) / seconds / 1e9,
                  100 * flops(plan.executor.program(), i) / seconds / peak,
                  static_cast<double>(bytes(plan.executor.program(), i)) / seconds / 1e9);
    say(cat(i, time, lines[i]));
  }
  for (const std::string& line : kept_lines(plan.executor.program(), trace)) say(cat("  ", line));
}

}  // namespace chainrule
