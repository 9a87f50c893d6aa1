// chainrule train: trains the books' two-layer net.
#include <fmt/format.h>

#include <CLI/Option.hpp>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "chainrule/io.h"
#include "chainrule/train.h"
#include "commands.h"
#include "core/thread_pool.h"
#include "exit_code.h"
#include "files.h"
#include "interrupt.h"
#include "machine.h"
#include "options.h"
#include "output.h"
#include "progress.h"

namespace chainrule::cli {
namespace {

using Json = nlohmann::ordered_json;

struct TrainOptions {
  DataOptions data;
  std::int64_t steps = 0, epochs = 0;  // 0: not given
  std::int64_t batch_size = 100;
  double lr = 0.1;
  std::int64_t hidden = 50;
  std::uint64_t seed = 1;
  std::int64_t threads = 0;
  std::string out;
  bool force = false;
  bool json = false;
};

constexpr std::int64_t kDefaultSteps = 10000;

/// Draws the bar, prints a line an epoch, and ends the run on a signal.
class Watcher : public train::Observer {
 public:
  Watcher(Progress& progress, const InterruptGuard& interrupts, bool keeps_results)
      : progress_(progress), interrupts_(interrupts), keeps_results_(keeps_results) {}

  bool should_stop() override {
    // Nobody is left to read what would be printed, as after `| head -1`.
    const bool in_vain = stdout_error() != 0 && !keeps_results_;
    return interrupts_.signal() != 0 || in_vain;
  }
  void stepped(std::int64_t step, double) override { progress_.update(step); }
  void reported(const train::Report& report) override {
    progress_.line(fmt::format("{:5} {:9} {:11.6f} {:10.4f} {:10.4f}", report.epoch, report.step, report.loss,
                               report.train_accuracy, report.test_accuracy));
  }

 private:
  Progress& progress_;
  const InterruptGuard& interrupts_;
  bool keeps_results_;
};

std::string header(const TrainOptions& options, const data::Dataset& set, nn::TwoLayerNet& net,
                   std::int64_t steps, double epochs) {
  std::string layers;
  for (std::size_t i = 0; i < net.layers().size(); ++i) {
    layers += fmt::format("{}{}", i == 0 ? "" : ", ", net.layers()[i].describe());
  }
  std::int64_t numbers = 0;
  for (const auto& [name, parameter] : net.params()) numbers += parameter->value().numel();
  return fmt::format(
      "data      {}: {} training and {} test images of {} x {}, {} classes\n"
      "net       {}, {}; {} parameters\n"
      "training  {} steps ({:.4g} epochs) of {} images, lr {}, seed {}\n"
      "machine   {}\n\n"
      "epoch      step        loss      train       test",
      set.name, set.train.count, set.test.count, set.train.height, set.train.width, set.classes, layers,
      net.last_layer().describe(), numbers, steps, epochs, options.batch_size, options.lr, options.seed,
      machine());
}

/// Equal if, and in practice only if, every bit of all parameters is.
std::string fnv1a(nn::TwoLayerNet& net) {
  io::Fnv1a hash;
  for (const auto& [name, parameter] : net.params()) hash.add(parameter->value());
  return hash.hex();
}

Json document(const TrainOptions& options, nn::TwoLayerNet& net, const train::Result& result) {
  Json history = Json::array();
  for (const train::Report& report : result.history) {
    history.push_back({{"step", report.step},
                       {"epoch", report.epoch},
                       {"loss", report.loss},
                       {"train_accuracy", report.train_accuracy},
                       {"test_accuracy", report.test_accuracy}});
  }
  return {{"steps", result.steps},
          {"seconds", result.seconds},
          {"steps_per_second", static_cast<double>(result.steps) / result.seconds},
          {"final_loss", result.final_loss},
          {"train_accuracy", result.train_accuracy},
          {"test_accuracy", result.test_accuracy},
          {"interrupted", result.interrupted},
          {"parameters_fnv1a", fnv1a(net)},
          {"data", options.data.name},
          {"seed", options.seed},
          {"lr", options.lr},
          {"batch_size", options.batch_size},
          {"hidden", options.hidden},
          {"threads", num_threads()},
          {"simd", simd()},
          {"version", CHAINRULE_VERSION},
          {"history", std::move(history)}};
}

/// The parameters first: history.json, which has their checksum, tells that they are complete.
void save(const std::filesystem::path& folder, nn::TwoLayerNet& net, const std::string& text) {
  for (const auto& [name, parameter] : net.params()) {
    io::write_npy(folder / (name + ".npy"), parameter->value());
  }
  io::replace_file(folder / "history.json", text);
}

std::string last_line(const train::Result& result, const std::string& out) {
  return fmt::format("\n{}test accuracy {:.4f} after {} steps in {:.2f} s, {:.0f} steps/s{}",
                     result.interrupted ? "interrupted: " : "", result.test_accuracy, result.steps,
                     result.seconds, static_cast<double>(result.steps) / std::max(result.seconds, 1e-9),
                     out.empty() ? "" : "; saved in " + out);
}

int run(const TrainOptions& options) {
  if (!options.out.empty()) prepare_run_folder(options.out, options.force);
  use_threads(options.threads);
  // The digits are the same for every seed, as those of a file are: a seed is that of a training run.
  const data::Dataset set = data::load(options.data.name, {.data_dir = options.data.dir});
  nn::TwoLayerNet net({.input = set.train.image_size(),
                       .hidden = options.hidden,
                       .output = set.classes,
                       .weight_deviation = 0.01,
                       .seed = options.seed});
  train::Trainer trainer(net, set,
                         {.batch_size = options.batch_size, .lr = options.lr, .seed = options.seed});
  const std::int64_t per_epoch = trainer.steps_per_epoch();
  const std::int64_t steps = options.epochs > 0  ? options.epochs * per_epoch
                             : options.steps > 0 ? options.steps
                                                 : kDefaultSteps;

  const InterruptGuard interrupts;
  Progress progress(options.json ? stderr : stdout, steps, "steps");
  progress.line(
      header(options, set, net, steps, static_cast<double>(steps) / static_cast<double>(per_epoch)));
  Watcher watcher(progress, interrupts, !options.out.empty());
  const train::Result result = trainer.run(steps, watcher);

  const std::string text =
      document(options, net, result).dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
  if (!options.out.empty()) save(options.out, net, text);
  progress.line(last_line(result, options.out));
  if (options.json) write_text(stdout, text);
  return result.interrupted && interrupts.signal() != 0 ? 128 + interrupts.signal() : kDone;
}

}  // namespace

Command add_train(CLI::App& app) {
  const auto options = std::make_shared<TrainOptions>();
  CLI::App& train =
      *app.add_subcommand("train", "Train the books' two-layer net (Affine, Relu, Affine) on images");
  add_data_options(train, options->data);
  CLI::Option* steps = add_integer(
      train, "--steps", options->steps, 1, 1'000'000'000'000,
      "batches to train on (10000, as in the books: 16.7 epochs\nof 60000 images in batches of 100)");
  add_integer(train, "--epochs", options->epochs, 1, 1'000'000,
              "the same in epochs: as many images as the training set has")
      ->excludes(steps);
  add_integer(train, "--batch-size", options->batch_size, 1, 100'000,
              "images a step, drawn with replacement");
  add_number(train, "--lr", options->lr, 1e-38, 1e38, "learning rate of plain gradient descent");
  add_integer(train, "--hidden", options->hidden, 1, 65'536, "hidden units");
  add_seed(train, options->seed, "of the first weights and the order of images, not of the data");
  add_threads(train, options->threads);
  train.add_option("--out", options->out, "folder for history.json and the parameters, W1.npy ...")
      ->type_name("RUN");
  train.add_flag("--force", options->force, "replace the results that are in RUN already");
  train.add_flag("--json", options->json, "print one JSON document, and progress on stderr only");
  train.footer(
      "Prints loss (mean over the epoch's steps) and accuracies (over the whole sets) once an epoch.\n"
      "Ctrl-C finishes the step, measures and saves what was reached, and exits with 130 (SIGTERM: 143);\n"
      "a second Ctrl-C ends at once.\n\n"
      "Examples:\n"
      "  chainrule train\n"
      "  chainrule train --data mnist --epochs 5 --out run1\n"
      "  chainrule train --steps 1000 --seed 7 --json | jq .test_accuracy");
  return [options] { return run(*options); };
}

}  // namespace chainrule::cli
