// chainrule train: trains the books' two-layer net.
#include <fmt/format.h>

#include <CLI/Option.hpp>
#include <algorithm>
#include <cctype>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>

#include "chainrule/config.h"
#include "chainrule/error.h"
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

/// What decides the numbers of a run; kept in its run.toml.
struct RunSettings {
  DataOptions data;
  std::int64_t steps = 0;
  std::int64_t batch_size = 100;
  double lr = 0.1;
  std::int64_t hidden = 50;
  std::uint64_t seed = 1;

  void fields(Fields& f) {
    f("data", data.name, "the data set");
    f("data_dir", data.dir, "where to look first for it");
    f("steps", steps, "batches to train on", at_least(1));
    f("batch_size", batch_size, "images a step, drawn with replacement", between(1, 100'000));
    f("lr", lr, "learning rate of plain gradient descent", {.low = 0, .high = 1e38, .without_low = true});
    f("hidden", hidden, "hidden units", between(1, 65'536));
    f("seed", seed, "of the first weights and the order of images, not of the data");
  }
};

struct TrainOptions : RunSettings {
  std::int64_t epochs = 0;  // 0: not given, as for steps
  std::int64_t threads = 0;
  std::int64_t checkpoint_every = 1000;
  std::string out, resume;
  bool force = false;
  bool json = false;
  std::vector<const CLI::Option*> of_run;  // those that a run that is resumed has settled

  const std::string& folder() const { return resume.empty() ? out : resume; }
};

constexpr std::int64_t kDefaultSteps = 10000;

/// Draws the bar, prints a line an epoch, and ends the run on a signal.
class Watcher : public train::Handler {
 public:
  Watcher(Progress& progress, const InterruptGuard& interrupts, std::int64_t begin, bool keeps_results)
      : progress_(progress), interrupts_(interrupts), begin_(begin), keeps_results_(keeps_results) {}

  void call(train::Trainer& trainer) override {
    progress_.update(trainer.steps_done() - begin_);
    // Nobody is left to read what would be printed, as after `| head -1`.
    const bool in_vain = stdout_error() != 0 && !keeps_results_;
    if (interrupts_.signal() != 0 || in_vain) trainer.stop("interrupted");
  }
  void reported(train::Trainer& trainer, const train::Report& report) override {
    progress_.line(fmt::format("{:5} {:9} {:11.6f} {:10.4f} {:10.4f}",
                               epoch_of(report, trainer.steps_per_epoch()), report.step, report.loss,
                               report["train.accuracy"], report["test.accuracy"]));
  }
  /// The epoch that a step belongs to, counted from 1.
  static std::int64_t epoch_of(const train::Report& report, std::int64_t steps_per_epoch) {
    return (report.step + steps_per_epoch - 1) / steps_per_epoch;
  }

 private:
  Progress& progress_;
  const InterruptGuard& interrupts_;
  std::int64_t begin_;
  bool keeps_results_;
};

/// "Affine(784 -> 50)", "Relu".
std::string describe(const nn::Layer& layer) {
  std::string text(layer.kind());
  text[0] = static_cast<char>(std::toupper(text[0]));
  for (const auto& [name, parameter] : layer.parameters()) {
    if (parameter.value().ndim() == 2)
      text += fmt::format("({} -> {})", parameter.value().size(0), parameter.value().size(1));
  }
  return text;
}

std::string header(const TrainOptions& options, const data::Dataset& set, nn::TwoLayerNet& net, double epochs,
                   const std::string& resumed) {
  std::string layers;
  for (std::size_t i = 0; i < net.layers().size(); ++i) {
    layers += fmt::format("{}{}", i == 0 ? "" : ", ", describe(net.layers()[i]));
  }
  std::int64_t numbers = 0;
  for (const auto& [name, parameter] : net.params()) numbers += parameter.value().numel();
  return fmt::format(
      "data      {}: {} training and {} test images of {} x {}, {} classes\n"
      "net       {}, SoftmaxWithLoss; {} parameters\n"
      "training  {} steps ({:.4g} epochs) of {} images, lr {}, seed {}\n"
      "machine   {}\n{}\n"
      "epoch      step        loss      train       test",
      set.name, set.train.count, set.test.count, set.train.height, set.train.width, set.classes, layers,
      numbers, options.steps, epochs, options.batch_size, options.lr, options.seed, machine(),
      resumed.empty() ? "" : "run       " + resumed + "\n");
}

/// Equal if, and in practice only if, every bit of the parameters is.
std::string fnv1a(const nn::TwoLayerNet& net) {
  io::Fnv1a hash;
  for (const auto& [name, parameter] : net.params()) hash.add(parameter.value());
  return hash.hex();
}

Json document(const TrainOptions& options, const nn::TwoLayerNet& net, const train::Trainer& trainer,
              const train::Result& result) {
  Json history = Json::array();
  for (const train::Report& report : trainer.history()) {
    history.push_back({{"step", report.step},
                       {"epoch", Watcher::epoch_of(report, trainer.steps_per_epoch())},
                       {"loss", report.loss},
                       {"train_accuracy", report["train.accuracy"]},
                       {"test_accuracy", report["test.accuracy"]}});
  }
  const double seconds = trainer.seconds();
  return {{"steps", trainer.steps_done()},
          {"seconds", seconds},
          {"steps_per_second", static_cast<double>(trainer.steps_done()) / seconds},
          {"final_loss", result.last.loss},
          {"train_accuracy", result.last["train.accuracy"]},
          {"test_accuracy", result.last["test.accuracy"]},
          {"interrupted", result.stopped},
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
void save(const std::string& folder, const nn::TwoLayerNet& net, const std::string& text) {
  for (const auto& [name, parameter] : net.params()) {
    io::write_npy(folder + "/" + name + ".npy", parameter.value());
  }
  io::replace_file(folder + "/history.json", text);
}

std::string last_line(const train::Trainer& trainer, const train::Result& result, const std::string& folder) {
  return fmt::format("\n{}test accuracy {:.4f} after {} steps in {:.2f} s, {:.0f} steps/s{}",
                     result.stopped ? "interrupted: " : "", result.last["test.accuracy"],
                     trainer.steps_done(), trainer.seconds(),
                     static_cast<double>(trainer.steps_done()) / std::max(trainer.seconds(), 1e-9),
                     folder.empty() ? "" : "; saved in " + folder);
}

/// Makes or checks the folder of --out.
void prepare_folder(const TrainOptions& options) {
  prepare_run_folder(options.out, options.force);
  std::error_code ignored;
  if (options.force || !std::filesystem::exists(options.out + "/run.toml", ignored)) return;
  throw FileError(
      84, fmt::format("[train] {} has a run already that did not come to its end (run.toml). Go on with "
                      "--resume {}, name another folder, or replace it with --force.",
                      options.out, options.out));
}

/// Takes the settings of a run; an option that was given must say the same.
void read_run(TrainOptions& options) {
  const std::string path = options.resume + "/run.toml";
  std::error_code ignored;
  const config::Value run = std::filesystem::exists(path, ignored)
                                ? config::parse_toml(io::read_file(path), path)
                                : config::Value();
  const config::Value* kept = run.kind == config::Value::Kind::table ? run.find("options") : nullptr;
  if (kept == nullptr) {
    throw FileError(
        311, fmt::format("[train] {} has no run.toml of chainrule train. A run that can be resumed is one "
                         "that was started with --out.",
                         options.resume));
  }
  RunSettings of_run;
  config::read(of_run, *kept);
  const std::int64_t asked_steps = options.steps;
  for (const CLI::Option* given : options.of_run) {
    if (given->count() == 0) continue;
    std::string key = given->get_name().substr(2);
    std::replace(key.begin(), key.end(), '-', '_');
    RunSettings asked = of_run;
    config::set(asked, key, given->results().back(), given->get_name());
    if (config::write(asked) == config::write(of_run)) continue;
    throw ValueError(310, fmt::format("[train] {} {} contradicts the run in {}, which has {}. Leave it out.",
                                      given->get_name(), given->results().back(), options.resume,
                                      config::to_text(*config::write(of_run).find(key))));
  }
  const std::string dir = options.data.dir;  // files may have moved
  static_cast<RunSettings&>(options) = of_run;
  if (!dir.empty()) options.data.dir = dir;
  if (asked_steps > 0) options.steps = asked_steps;  // a run may go on for longer
}

data::Source flat(const data::ImageSet& set) { return data::images(set, {.flat = true}); }

/// What happens beside the steps.
void add_handlers(train::Trainer& trainer, const TrainOptions& options, const data::Dataset& set,
                  Progress& progress, const InterruptGuard& interrupts) {
  const std::string& folder = options.folder();
  trainer.on(epochs(1), train::evaluate(flat(set.train), {.name = "train"}));
  trainer.on(epochs(1), train::evaluate(flat(set.test), {.name = "test"}));
  trainer.on(steps(1), Shared<train::Handler>(
                           new Watcher(progress, interrupts, trainer.steps_done(), !folder.empty())));
  if (folder.empty()) return;
  std::error_code ignored;
  std::filesystem::remove(folder + "/history.json", ignored);  // what is there at the end is of this run
  const config::Value settings = config::write(static_cast<const RunSettings&>(options));
  const std::string notes = config::to_toml(config::Value::of_table({{"options", settings}}));
  trainer.on(steps(options.checkpoint_every),
             train::checkpoint(folder, {.replace = options.force, .notes = notes}));
}

int run(TrainOptions options) {
  if (!options.out.empty()) prepare_folder(options);
  if (!options.resume.empty()) read_run(options);
  use_threads(options.threads);
  // The digits are the same for every seed, as those of a file are: a seed is that of a training run.
  const data::Dataset set = data::load(options.data.name, {.data_dir = options.data.dir});
  nn::TwoLayerNet net({.input = set.train.image_size(),
                       .hidden = options.hidden,
                       .output = set.classes,
                       .weight_deviation = 0.01,
                       .seed = options.seed});
  optim::Optimizer optimizer(net, optim::Sgd{}, {.lr = options.lr});
  train::Trainer trainer({net, loss::softmax_cross_entropy, {metric::accuracy}}, optimizer,
                         {flat(set.train),
                          {.batch_size = options.batch_size,
                           .seed = options.seed,
                           .order = data::Batches::Order::with_replacement}},
                         {.seed = options.seed});
  const std::int64_t per_epoch = trainer.steps_per_epoch();
  if (options.epochs > 0) options.steps = options.epochs * per_epoch;
  if (options.steps == 0) options.steps = kDefaultSteps;

  std::ostringstream resumed;
  if (!options.resume.empty()) resumed << trainer.resume(options.resume);
  if (options.steps < trainer.steps_done()) {
    throw ValueError(310,
                     fmt::format("[train] --steps {} is less than the run in {} has done, {}. Ask for more.",
                                 options.steps, options.resume, trainer.steps_done()));
  }
  const InterruptGuard interrupts;
  Progress progress(options.json ? stderr : stdout, options.steps - trainer.steps_done(), "steps");
  progress.line(header(options, set, net, static_cast<double>(options.steps) / static_cast<double>(per_epoch),
                       resumed.str()));
  add_handlers(trainer, options, set, progress, interrupts);
  const train::Result result = trainer.run(steps(options.steps));

  const std::string text =
      document(options, net, trainer, result).dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
  if (!options.folder().empty()) save(options.folder(), net, text);
  progress.line(last_line(trainer, result, options.folder()));
  if (options.json) write_text(stdout, text);
  return result.stopped && interrupts.signal() != 0 ? 128 + interrupts.signal() : kDone;
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
  CLI::Option* epochs = add_integer(train, "--epochs", options->epochs, 1, 1'000'000,
                                    "the same in epochs: as many images as the training set has");
  epochs->excludes(steps);
  add_settings(train, static_cast<RunSettings&>(*options), {"batch_size", "lr", "hidden", "seed"});
  add_threads(train, options->threads);
  CLI::Option* out = train.add_option("--out", options->out,
                                      "folder for history.json, the parameters, W1.npy ..., and\n"
                                      "checkpoints, from which --resume goes on");
  out->type_name("RUN");
  CLI::Option* force =
      train.add_flag("--force", options->force, "replace the results that are in RUN already");
  add_integer(train, "--checkpoint-every", options->checkpoint_every, 1, 1'000'000'000'000,
              "steps between checkpoints");
  train
      .add_option("--resume", options->resume,
                  "go on with a run of --out that was stopped or killed: with\n"
                  "its options, to the same bits as if it had not been")
      ->type_name("RUN")
      ->excludes(out)
      ->excludes(force)
      ->excludes(epochs);
  out->check([](const std::string& name) { return name.empty() ? "RUN is empty" : ""; });
  options->of_run = {train.get_option("--data")};
  for (const char* name : {"--batch-size", "--lr", "--hidden", "--seed"}) {
    options->of_run.push_back(train.get_option(name));
  }
  train.add_flag("--json", options->json, "print one JSON document, and progress on stderr only");
  train.footer(
      "Prints loss (mean over the epoch's steps) and accuracies (over the whole sets) once an epoch.\n"
      "Ctrl-C finishes the step, measures and saves what was reached, and exits with 130 (SIGTERM: 143);\n"
      "a second Ctrl-C ends at once.\n\n"
      "Examples:\n"
      "  chainrule train\n"
      "  chainrule train --data mnist --epochs 5 --out run1\n"
      "  chainrule train --resume run1\n"
      "  chainrule train --steps 1000 --seed 7 --json | jq .test_accuracy");
  return [options] { return run(*options); };
}

}  // namespace chainrule::cli
