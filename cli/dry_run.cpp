// chainrule train --dry-run: what would be trained, and how long it would take.
#include "dry_run.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "exit_code.h"
#include "json_text.h"
#include "layer_table.h"
#include "machine.h"
#include "output.h"
#include "progress.h"

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

using Json = nlohmann::ordered_json;

/// What the text says, to compute with.
Json document(Training& training, const nn::NetSummary& net, double step, double bytes) {
  const LoadedData& data = training.data();
  Json layers = Json::array();
  for (const nn::LayerSummary& layer : net.layers) {
    layers.push_back({{"path", layer.path},
                      {"what", layer.what},
                      {"output_shape", std::vector<std::int64_t>(layer.output.begin(), layer.output.end())},
                      {"parameters", layer.parameters},
                      {"flops", layer.flops}});
  }
  const auto rows = [](const data::Source& part) { return part ? part.rows() : 0; };
  const std::int64_t per_epoch = training.trainer().steps_per_epoch(), steps = training.steps();
  return {{"data", data.described},
          {"training_rows", rows(data.train)},
          {"validation_rows", rows(data.validation)},
          {"test_rows", rows(data.test)},
          {"net", config::describe(training.net())},
          {"layers", layers},
          {"parameters", net.parameters},
          {"parameter_bytes", net.bytes},
          {"flops", net.flops},
          {"steps", steps},
          {"batch_size", training.experiment().train.batch_size},
          {"steps_per_epoch", per_epoch},
          {"seconds_per_step", step},
          {"seconds_per_epoch", step * static_cast<double>(per_epoch)},
          {"seconds", step * static_cast<double>(steps)},
          {"memory_bytes", bytes},
          {"machine", machine()}};
}

}  // namespace

int describe_run(Training& training, bool is_json) {
  const data::Source& rows = training.data().train;
  const std::int64_t batch_size = training.experiment().train.batch_size, steps = training.steps();
  const data::Batch batch = rows.range(0, std::min(batch_size, rows.rows()));
  training.optimizer().set_lr_scale(0);  // nothing is learnt from made-up rows
  const double step = calibrate(training.trainer());
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto per_epoch = static_cast<double>(training.trainer().steps_per_epoch());
  const double bytes = 1024.0 * static_cast<double>(used.ru_maxrss) + training.data().bytes;
  const nn::NetSummary net = nn::summarize(training.net(), batch[0]);
  if (is_json) {
    write_text(stdout, json_text(document(training, net, step, bytes)));
    return kDone;
  }
  Progress lines(stdout, 1, "");
  lines.entry("data", training.data().described);
  lines.line("\n" + layer_table(net, batch.rows(), lines.room()));
  lines.entry("training", fmt::format("{} steps ({:.4g} epochs) of {} rows", steps,
                                      static_cast<double>(steps) / per_epoch, batch_size));
  lines.entry("time", fmt::format("{} a step, {} an epoch, {} in all, without measuring", time_text(step),
                                  time_text(step * per_epoch), time_text(step * static_cast<double>(steps))));
  lines.entry("memory", fmt::format("{} of the process, data included", bytes_text(bytes)));
  lines.entry("machine", machine());
  return kDone;
}

}  // namespace chainrule::cli
