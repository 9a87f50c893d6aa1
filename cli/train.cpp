// chainrule train: trains a net as a file or options say.
#include <fmt/format.h>

#include <CLI/Option.hpp>
#include <algorithm>
#include <charconv>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>

#include "chainrule/error.h"
#include "chainrule/io.h"
#include "commands.h"
#include "core/thread_pool.h"
#include "dry_run.h"
#include "exit_code.h"
#include "files.h"
#include "fingerprint.h"
#include "json_text.h"
#include "keeper.h"
#include "keys.h"
#include "layer_table.h"
#include "live.h"
#include "machine.h"
#include "options.h"
#include "output.h"
#include "progress.h"
#include "ranks.h"
#include "report.h"
#include "symptoms.h"
#include "train/interrupt.h"
#include "training.h"
#include "watcher.h"

namespace chainrule::cli {
namespace {

using Json = nlohmann::ordered_json;

struct TrainOptions {
  std::string file, out, resume;
  std::vector<Given> given;
  std::int64_t threads = 0;
  std::int64_t checkpoint_every = 1000;
  std::int64_t rank_timeout = 20;
  std::string log_format = "text";
  std::string port;  // of --serve
  LiveOptions live;
  bool is_served = false;
  bool force = false, json = false, dry_run = false, quiet = false, verbose = false, tensorboard = false;

  const std::string& folder() const { return resume.empty() ? out : resume; }
};

std::int64_t parameters_of(const nn::Layer& net) {
  std::int64_t numbers = 0;
  for (const auto& [name, parameter] : net.parameters()) numbers += parameter.value().numel();
  return numbers;
}

/// ", 4 ranks for 8 shards"
std::string ranks_of(const train::TrainerOptions& options) {
  if (options.shards == 1) return "";
  const int ranks = options.team != nullptr ? options.team->size() : 1;
  return fmt::format(", {} rank{} for {} shards", ranks, ranks == 1 ? "" : "s", options.shards);
}

/// With its numbers, those that are the defaults, too: "constant(lr=0.01)".
std::string text_of(const optim::Schedule& schedule) {
  const std::string brief = config::describe(schedule);
  return brief.find('(') == std::string::npos ? config::to_text(config::write(schedule)) : brief;
}

void write_header(Progress& progress, Training& training, const std::string& resumed,
                  const std::string& page) {
  const Experiment& experiment = training.experiment();
  const auto per_epoch = static_cast<double>(training.trainer().steps_per_epoch());
  const optim::Options& options = experiment.optimizer.options;
  progress.entry("data", training.data().described);
  progress.entry("net", fmt::format("{}; {} parameters", config::describe(training.net()),
                                    parameters_of(training.net())));
  progress.entry("training",
                 fmt::format("{} steps ({:.4g} epochs) of {} rows, {}, lr {}, seed {}", training.steps(),
                             static_cast<double>(training.steps()) / per_epoch, experiment.train.batch_size,
                             config::describe(*experiment.optimizer.rule),
                             options.lr ? text_of(*options.lr) : "of the rule", experiment.seed));
  progress.entry("machine", machine() + ranks_of(training.trainer().options()));
  if (!resumed.empty()) progress.entry("run", resumed);
  if (!page.empty()) progress.entry("page", page);
  progress.line("");
}

/// Equal if, and in practice only if, every bit of the parameters is.
std::string fnv1a(const nn::Layer& net) {
  io::Fnv1a hash;
  for (const auto& [name, parameter] : net.parameters()) hash.add(parameter.value());
  return hash.hex();
}

/// "test_accuracy" of "test.accuracy".
std::string json_name(std::string name) {
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}

void add_measures(Json& to, const train::Report& report) {
  for (const train::Measure& measure : report.metrics) {
    if (measure.matrix.empty()) {
      to[json_name(measure.name)] = measure.value;
    } else {
      to[json_name(measure.name)] = measure.matrix;
    }
  }
}

Json document(Training& training, const train::Result& result) {
  const train::Trainer& trainer = training.trainer();
  Json history = Json::array();
  for (const train::Report& report : trainer.history()) {
    history.push_back({{"step", report.step},
                       {"epoch", epoch_of(report, trainer.steps_per_epoch())},
                       {"loss", report.loss}});
    add_measures(history.back(), report);
  }
  const double seconds = trainer.seconds();
  Json all{{"steps", trainer.steps_done()},
           {"seconds", seconds},
           {"steps_per_second", static_cast<double>(trainer.steps_done()) / std::max(seconds, 1e-9)},
           {"final_loss", result.last.loss}};
  add_measures(all, result.last);
  all["interrupted"] = result.stopped && result.reason == "interrupted";
  all["reason"] = result.reason;
  all["parameters_fnv1a"] = fnv1a(training.net());
  all["settings"] = Json::parse(config::to_json(config::write(training.experiment())));
  all["threads"] = num_threads();
  all["simd"] = simd();
  all["version"] = CHAINRULE_VERSION;
  all["history"] = std::move(history);
  return all;
}

/// The model first: result.json, which has the checksum of its parameters, tells that it is complete. What
/// cannot be written is complained of: the results are printed all the same.
bool save_results(const std::string& folder, Training& training, const std::string& text) {
  if (folder.empty()) return false;
  try {
    save(fmt::format("{}/{}", folder, kModelFile), training.net(),
         model_options(training.experiment(), training.data()));
    io::replace_file(fmt::format("{}/{}", folder, kResultFile), text);
    report_training(folder, training.experiment(), training.data(), training.trainer().history());
    return true;
  } catch (const FileError& error) {
    complain(error.what());
    return false;
  }
}

std::string last_line(const train::Trainer& trainer, const train::Result& result, const std::string& folder) {
  std::string measured = fmt::format("loss {:.6g}", result.last.loss);
  for (const train::Measure& measure : result.last.metrics) {
    if (measure.matrix.empty() && !measure.name.ends_with(".loss"))
      measured += fmt::format(", {} {:.4f}", measure.name, measure.value);
  }
  return fmt::format("{}{} after {} steps in {:.2f} s, {:.0f} steps/s{}",
                     result.stopped ? result.reason + ": " : "", measured, trainer.steps_done(),
                     trainer.seconds(),
                     static_cast<double>(trainer.steps_done()) / std::max(trainer.seconds(), 1e-9),
                     folder.empty() ? "" : "; saved in " + folder);
}

/// Makes or checks the folder of --out.
void prepare_folder(const TrainOptions& options) {
  prepare_run_folder(options.out, options.force);
  if (options.force) remove_drawn_files(options.out);
  std::error_code ignored;
  if (options.force || !std::filesystem::exists(options.out + "/run.toml", ignored)) return;
  throw FileError(
      84, fmt::format("[train] {} has a run already that did not come to its end (run.toml). Go on with "
                      "--resume {}, name another folder, or replace it with --force.",
                      options.out, options.out));
}

/// What may be said anew of a run that goes on: how long, and where its files are now.
bool may_change(const std::string& key) {
  return key == "train.steps" || key == "train.epochs" || key == "data.name" || key == "data.dir" ||
         key == "data.workers";
}

/// The settings of a run; options that were given must say the same.
Experiment resumed_experiment(const TrainOptions& options) {
  Experiment of_run = read_run(options.resume);
  std::vector<std::string> contradictions;
  for (const Given& given : options.given) {
    Experiment asked = of_run;
    apply(asked, given);
    if (may_change(given.key)) {
      of_run = asked;
    } else if (!(config::write(asked) == config::write(of_run))) {
      contradictions.push_back(fmt::format("{} {} contradicts the run in {}, which has {}.", given.option,
                                           given.text, options.resume,
                                           value_of(config::Settings(of_run), given.key)));
    }
  }
  if (contradictions.empty()) return of_run;
  throw ValueError(310, fmt::format("[train] {} Leave {} out.", fmt::join(contradictions, "\n  "),
                                    contradictions.size() == 1 ? "it" : "them"));
}

/// Returns what makes checkpoints; empty where the run is not kept. What cannot be written takes is_kept
/// back.
Shared<train::Handler> add_checkpoints(Training& training, const TrainOptions& options, bool& is_kept) {
  const std::string& folder = options.folder();
  if (folder.empty()) return {};
  if (options.tensorboard) training.trainer().on(steps(training.report_every()), train::tensorboard(folder));
  const std::string notes = config::to_toml(config::Value::of_table(
      {{"options", config::write(training.experiment())}, {"fingerprint", fingerprint_of(training.data())}}));
  Shared<train::Handler> keeper = train::checkpoint(
      folder, {.replace = options.force, .notes = notes, .also = {kModelFile, kResultFile, kReportFile}});
  keeper = forgiving(std::move(keeper), folder, is_kept);
  training.trainer().on(steps(options.checkpoint_every), keeper);
  return keeper;
}

/// Where the lines for people go: nowhere, or to stderr where stdout has what programs read.
std::FILE* lines_of(const TrainOptions& options) {
  if (options.quiet) return nullptr;
  return options.json || options.log_format == "jsonl" ? stderr : stdout;
}

/// Puts the trainer where a run was stopped. Returns what is said of it.
std::string resume(Training& training, const TrainOptions& options) {
  if (options.resume.empty()) return "";
  check_fingerprint(options.resume, training.data());
  const train::Resumed resumed = training.trainer().resume(options.resume);
  std::error_code ignored;
  if (resumed.checkpoint.empty() && std::filesystem::exists(options.resume + "/" + kModelFile, ignored)) {
    throw FileError(
        379, fmt::format(
                 "[train] {} has a model, but no checkpoint any more: to go on from step 0 would replace "
                 "what it came to. Put its checkpoint-*.safetensors back, or start another run with --out.",
                 options.resume));
  }
  std::ostringstream text;
  text << resumed;
  const std::int64_t done = training.trainer().steps_done();
  if (training.steps() >= done) return text.str();
  throw ValueError(310,
                   fmt::format("[train] {} steps are fewer than the run in {} has done, {}. Ask for more.",
                               training.steps(), options.resume, done));
}

/// A file that stands behind --serve is settings, not a port.
void read_port(TrainOptions& options) {
  if (options.port.empty()) return;
  int port = -1;
  const char* const end = options.port.data() + options.port.size();
  const auto [stopped, error] = std::from_chars(options.port.data(), end, port);
  if (error == std::errc() && stopped == end && port >= 0 && port <= 65535) {
    options.live.port = port;
  } else if (options.file.empty() && options.resume.empty() && std::filesystem::exists(options.port)) {
    options.file = options.port;
  } else {
    throw ValueError(397, fmt::format("[train] --serve {}: need a port, a whole number from 0 (any that is "
                                      "free) to 65535, or nothing.",
                                      options.port));
  }
}

Shared<Live> serve(const TrainOptions& options, Training& training, Progress& progress,
                   const train::InterruptGuard& interrupts, const Shared<train::Handler>& keeper) {
  if (!options.is_served || !training.trainer().writes()) return {};
  const std::string name = options.folder().empty() ? training.experiment().data.name : options.folder();
  Shared<Live> live = serve_live(options.live, training, name, progress, interrupts, keeper);
  training.trainer().on(steps(1), live);
  if (options.quiet) write_text(stderr, live->address() + "\n");
  return live;
}

train::Result run_watched(Training& training, const Shared<Live>& live) {
  try {
    return training.run();
  } catch (const std::exception& error) {
    if (live) live->tell_failure(error.what());
    throw;
  }
}

void show_report(const Shared<Live>& live, const TrainOptions& options, Training& training) {
  if (!live || (!live->is_watched() && !options.live.is_kept)) return;
  RunToPlot run =
      run_of(options.folder(), training.experiment(), training.data(), training.trainer().history());
  if (run.name.empty()) run.name = training.experiment().data.name;
  live->show_report(report_html(run));
}

/// What must be the same on all ranks.
std::string of_all_ranks(const Experiment& experiment, const LoadedData& data) {
  return config::to_toml(config::Value::of_table({{"version", config::Value(CHAINRULE_VERSION)},
                                                  {"options", config::write(experiment)},
                                                  {"data", fingerprint_of(data)}}));
}

/// Saves and tells what a run came to. Of several ranks the first one does.
int finish(const TrainOptions& options, Training& training, const train::Result& result, Progress& progress) {
  const std::string text = json_text(document(training, result));
  const bool is_saved = save_results(options.folder(), training, text);
  progress.line("");
  progress.entry("", last_line(training.trainer(), result, is_saved ? options.folder() : ""));
  if (options.json) write_text(stdout, text);
  return !is_saved && !options.folder().empty() ? kFailed : kDone;
}

/// A moving average of more steps than there are is mostly the weights that it began with.
void warn_of_long_average(const Training& training) {
  const double decay = training.experiment().train.average_decay;
  if (1 / (1 - decay) <= static_cast<double>(training.steps())) return;
  warn(fmt::format(
      "train.average_decay {} averages about {:.0f} steps, and the run has {}: what the net learns "
      "late hardly counts. Take a smaller one, or train for longer.",
      decay, 1 / (1 - decay), training.steps()));
}

int run(TrainOptions options, train::Team* team) {
  read_port(options);
  if (options.live.is_control && team != nullptr && team->size() > 1) {
    throw ValueError(398,
                     "[train] --serve-control: what the page changes would reach one of the ranks alone. "
                     "Leave it out, or train with one rank.");
  }
  if (options.tensorboard && options.folder().empty()) {
    throw ValueError(376, "[train] --tensorboard writes into the folder of the run. Name one: --out RUN.");
  }
  Experiment experiment =
      options.resume.empty() ? read_experiment(options.file, options.given) : resumed_experiment(options);
  train::refuse_idle(experiment.train, kTrainNames);
  use_threads_of_rank(options.threads, team);
  experiment.data.is_outline = options.dry_run;
  LoadedData data = load_data(experiment.data, experiment.seed);
  if (team != nullptr) require_same_settings(of_all_ranks(experiment, data), team);
  bool is_kept = true;  // a handler of the trainer's refers to it
  Training training(std::move(experiment), std::move(data), options.dry_run ? nullptr : team);
  train::Trainer& trainer = training.trainer();
  if (options.dry_run) return is_silent_rank() ? kDone : describe_run(training, options.json);

  if (!options.out.empty() && trainer.writes()) prepare_folder(options);
  if (trainer.writes()) warn_of_long_average(training);
  const std::string resumed = resume(training, options);
  const train::InterruptGuard interrupts;
  Progress progress(trainer.writes() ? lines_of(options) : nullptr, training.steps() - trainer.steps_done(),
                    "steps", options.json ? stderr : stdout);
  training.add_handlers();
  trainer.on(steps(1), Shared<train::Handler>(new Watcher(progress, interrupts, trainer.steps_done(),
                                                          {.keeps_results = !options.folder().empty(),
                                                           .is_jsonl = options.log_format == "jsonl"})));
  if (!options.quiet) trainer.on(steps(1), watch_for_symptoms(training, progress));
  const Shared<Live> live =
      serve(options, training, progress, interrupts, add_checkpoints(training, options, is_kept));
  write_header(progress, training, resumed, live ? live->address() : "");
  if (options.verbose) {
    const nn::NetSummary net = nn::summarize(training.net(), training.data().train.take({0})[0]);
    progress.line(layer_table(net, 1, progress.room()));
  }
  const train::Result result = run_watched(training, live);

  const int signal = largest(interrupts.signal(), team);
  int code = trainer.writes() ? finish(options, training, result, progress) : kDone;
  if (!is_kept) code = kFailed;  // the model may be whole, but its history is not
  show_report(live, options, training);
  if (code != kDone) return code;
  return result.stopped && signal != 0 ? 128 + signal : kDone;
}

void add_live_options(CLI::App& train, TrainOptions& options) {
  CLI::Option* serve = train.add_option_function<std::string>(
      "--serve",
      [&options](const std::string& port) {
        options.is_served = true;
        options.port = port;
      },
      "show the training on a live page of this machine alone, at\na port that is named or any that is free; "
      "prints its address");
  serve->type_name("[PORT]")->expected(0, 1)->default_str("");
  train
      .add_flag("--serve-control", options.live.is_control,
                "the page may pause, step, set the rate, stop, ...")
      ->needs(serve);
  train
      .add_flag("--serve-keep", options.live.is_kept,
                "at the end the page stays, as the report, until Ctrl-C")
      ->needs(serve);
  train.add_option("--serve-host", options.live.host, "the address to listen at, such as 0.0.0.0 for all")
      ->capture_default_str()
      ->type_name("ADDRESS")
      ->needs(serve);
}

}  // namespace

Command add_train(CLI::App& app) {
  const auto options = std::make_shared<TrainOptions>();
  CLI::App& train = *app.add_subcommand("train", "Train a net, as a file run.toml or options say");
  train
      .add_option("FILE", options->file,
                  "settings, as chainrule init writes them; without one the\n"
                  "books' two-layer net (affine, relu, affine) is trained")
      ->type_name("");
  add_keys(train, options->given);
  add_threads(train, options->threads);
  CLI::Option* out = train.add_option("--out", options->out,
                                      "folder for the model, the history, and checkpoints, from\n"
                                      "which --resume goes on");
  out->type_name("RUN");
  CLI::Option* force =
      train.add_flag("--force", options->force, "replace the results that are in RUN already");
  add_integer(train, "--checkpoint-every", options->checkpoint_every, 1, 1'000'000'000'000,
              "steps between checkpoints");
  add_integer(train, "--rank-timeout", options->rank_timeout, 1, 1'000'000,
              "of several ranks: seconds without a sign of life after\nwhich one is given up");
  train
      .add_option("--resume", options->resume,
                  "go on with a run of --out that was stopped or killed: with\n"
                  "its settings, to the same bits as if it had not been")
      ->type_name("RUN")
      ->excludes(out)
      ->excludes(force)
      ->excludes("FILE");
  train.get_option("--epochs")->excludes("--steps");
  train.get_option("FILE")->check(
      [](const std::string& name) { return name.empty() ? "FILE is empty" : ""; });
  out->check([](const std::string& name) { return name.empty() ? "RUN is empty" : ""; });
  add_live_options(train, *options);
  train.add_flag("--tensorboard", options->tensorboard, "write into RUN what tensorboard --logdir RUN shows");
  train
      .add_flag("--dry-run", options->dry_run,
                "only say what would be trained: layers, parameters, memory,\nand how long it would take")
      ->excludes("--serve");
  train.add_flag("--json", options->json, "print one JSON document, and progress on stderr only");
  train
      .add_option("--log-format", options->log_format, "text, or jsonl: each report as a JSON object a line")
      ->check(CLI::IsMember({"text", "jsonl"}))
      ->capture_default_str()
      ->type_name("");
  CLI::Option* quiet = train.add_flag("-q,--quiet", options->quiet, "print nothing but errors");
  train.add_flag("-v,--verbose", options->verbose, "say first what the layers are")->excludes(quiet);
  train.footer(
      "Prints the loss (mean over the epoch's steps) and what is measured once an\n"
      "epoch (--train.report_every N: so many steps). Ctrl-C finishes the step, measures and saves what was "
      "reached, and exits\n"
      "with 130 (SIGTERM: 143); a second Ctrl-C ends at once.\n\n"
      "Examples:\n"
      "  chainrule train\n"
      "  chainrule train --data mnist --epochs 5 --out run1\n"
      "  chainrule train --resume run1\n"
      "  chainrule train cars.toml --lr 0.01 --out cars1\n"
      "  chainrule train --data cars.csv --target mpg --net 'mlp([64, 1])'");
  return [options] {
    return run_on_ranks(options->rank_timeout, [&](train::Team* team) { return run(*options, team); });
  };
}

}  // namespace chainrule::cli
