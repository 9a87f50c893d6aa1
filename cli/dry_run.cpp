// chainrule train --dry-run: what would be trained, and how long it would take.
#include "dry_run.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "exit_code.h"
#include "json_text.h"
#include "machine.h"
#include "output.h"

namespace chainrule::cli {
namespace {

std::string bytes_text(double bytes) {
  for (const char* unit : {"bytes", "KB", "MB", "GB"}) {
    if (bytes < 1000) return fmt::format("{:.{}f} {}", bytes, bytes < 10 && *unit != 'b' ? 1 : 0, unit);
    bytes /= 1000;
  }
  return fmt::format("{:.1f} TB", bytes);
}

std::string time_text(double seconds) {
  if (seconds < 0.01) return fmt::format("{:.2g} ms", 1000 * seconds);
  if (seconds < 1) return fmt::format("{:.0f} ms", 1000 * seconds);
  if (seconds < 120) return fmt::format("{:.1f} s", seconds);
  if (seconds < 7200) return fmt::format("{:.0f} minutes", seconds / 60);
  return fmt::format("{:.1f} hours", seconds / 3600);
}

/// Seconds a step, of steps that are done for about a second. The first ones make the plan.
double calibrate(train::Trainer& trainer) {
  using Clock = std::chrono::steady_clock;
  for (int i = 0; i < 2; ++i) trainer.step();
  const auto began = Clock::now();
  std::int64_t count = 0;
  double seconds = 0;
  while (seconds < 1) {
    trainer.step();
    ++count;
    seconds = std::chrono::duration<double>(Clock::now() - began).count();
  }
  return seconds / static_cast<double>(count);
}

/// What the rows take once they are in memory: images a byte a pixel, as in their files.
double bytes_of(const LoadedData& data, DataKind kind) {
  double bytes = 0;
  for (const data::Source* part : {&data.train, &data.validation, &data.test}) {
    if (!*part) continue;
    for (const data::Column& column : part->columns()) {
      const bool is_image = kind == DataKind::set && column.shape.ndim() == 3;
      bytes += static_cast<double>(part->rows() * column.shape.numel()) *
               static_cast<double>(is_image ? 1 : size_of(column.dtype));
    }
  }
  return bytes;
}

}  // namespace

int describe_run(Training& training, bool is_json) {
  const data::Source& rows = training.data().train;
  const std::int64_t batch_size = training.experiment().train.batch_size, steps = training.steps();
  const data::Batch batch = rows.range(0, std::min(batch_size, rows.rows()));
  const std::string summary = training.net().summary(batch[0]);
  const double step = calibrate(training.trainer());
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto per_epoch = static_cast<double>(training.trainer().steps_per_epoch());
  const LoadedData& data = training.data();
  const double bytes = 1024.0 * static_cast<double>(used.ru_maxrss) +
                       (data.stays_in_files ? bytes_of(data, kind_of(training.experiment().data.name)) : 0);
  if (is_json) {
    std::int64_t parameters = 0;
    for (const auto& [name, parameter] : training.net().parameters()) parameters += parameter.value().numel();
    write_text(stdout,
               json_text(nlohmann::ordered_json{{"data", training.data().described},
                                                {"net", config::describe(training.net())},
                                                {"parameters", parameters},
                                                {"steps", steps},
                                                {"batch_size", batch_size},
                                                {"steps_per_epoch", training.trainer().steps_per_epoch()},
                                                {"seconds_per_step", step},
                                                {"seconds", step * static_cast<double>(steps)},
                                                {"memory_bytes", bytes},
                                                {"machine", machine()}}));
    return kDone;
  }
  write_text(stdout,
             fmt::format("data      {}\n\n{}\n\n"
                         "training  {} steps ({:.4g} epochs) of {} rows\n"
                         "time      {} a step, {} an epoch, {} in all, without measuring\n"
                         "memory    {} of the process, data included\n"
                         "machine   {}\n",
                         training.data().described, summary, steps, static_cast<double>(steps) / per_epoch,
                         batch_size, time_text(step), time_text(step * per_epoch),
                         time_text(step * static_cast<double>(steps)), bytes_text(bytes), machine()));
  return kDone;
}

}  // namespace chainrule::cli
