// chainrule sweep: tries settings out.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/App.hpp>
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <sstream>

#include "chainrule/error.h"
#include "chainrule/io.h"
#include "chainrule/threads.h"
#include "commands.h"
#include "exit_code.h"
#include "json_text.h"
#include "keys.h"
#include "options.h"
#include "output.h"
#include "progress.h"
#include "sweep_picture.h"
#include "train/interrupt.h"
#include "training.h"
#include "vary.h"

namespace chainrule::cli {
namespace {

struct Options {
  std::string file, out, metric = "loss";
  std::vector<Given> given;
  std::vector<std::string> vary;
  train::SweepOptions search;
  std::int64_t jobs = 0;
  bool json = false, quiet = false;
};

/// The runs of a sweep. Each makes a training of its own; the data are read once, if they are the same.
class Trials {
 public:
  Trials(const Options& options, Experiment base)
      : options_(options),
        base_(std::move(base)),
        varied_(options.vary),
        has_own_data_(varied_.has("data") || varied_.has("seed")) {
    if (options.search.search == train::Search::grid && varied_.has_range()) {
      throw ValueError(350,
                       "[sweep] a grid runs all values, and a range (..) has too many. List them, as in "
                       "--vary lr=0.1,0.01, or draw some: --search random.");
    }
    Experiment first = varied_.at(varied_.first(), base_);
    data_ = load_data(first.data, first.seed);
    LoadedData of_first = data_;
    complete(first, of_first);
    std::vector<std::string> names{"loss"};
    for (const Shared<metric::Metric>& metric : first.metrics) {
      names.push_back(config::describe(*metric));
      if (names.back() == options.metric) larger_is_better_ = metric->larger_is_better();
    }
    if (std::find(names.begin(), names.end(), options.metric) != names.end()) return;
    throw ValueError(351,
                     fmt::format("[sweep] the runs do not measure '{}'; they measure {}. Choose by one of "
                                 "these, or add it to metrics.",
                                 options.metric, fmt::join(names, ", ")));
  }

  const train::Space& space() const { return varied_.space(); }
  bool larger_is_better() const { return larger_is_better_; }
  train::Point rounded(const train::Point& point) const { return varied_.rounded(point); }
  Experiment at(const train::Point& point) const { return varied_.at(point, base_); }

  /// What a run comes to on the validation part.
  double score(const train::Point& point, double budget, const train::InterruptGuard& interrupts) const {
    const auto check = [&] {
      if (interrupts.signal() != 0) throw Error(352, "[sweep] interrupted.");
    };
    check();
    Experiment experiment = at(point);
    if (budget > 0) experiment.train.epochs = budget, experiment.train.steps = 0;
    LoadedData data = has_own_data_ ? load_data(experiment.data, experiment.seed) : data_;
    Training training(std::move(experiment), std::move(data));
    if (training.experiment().train.needs_handlers()) training.add_handlers();
    training.trainer().on(steps(1), [&](train::Trainer& trainer) {
      if (interrupts.signal() != 0) trainer.stop("interrupted");
    });
    training.run();
    check();
    for (const train::Measure& measure : train::measure(training.task(), training.data().validation)) {
      if (measure.name == options_.metric) return measure.value;
    }
    return std::nan("");
  }

 private:
  const Options& options_;
  Experiment base_;
  Varied varied_;
  bool has_own_data_, larger_is_better_ = false;
  LoadedData data_;
};

/// How many runs there will be.
std::int64_t runs_of(const train::Space& space, const train::SweepOptions& options) {
  std::int64_t count = options.points;
  if (options.search == train::Search::grid) {
    count = 1;
    for (const train::Choice& choice : space) count *= static_cast<std::int64_t>(choice.values.size());
  }
  if (options.search != train::Search::halving) return count;
  std::int64_t runs = 0, left = count;
  for (double budget = options.smallest_budget;; budget *= options.factor) {
    runs += left;
    if (left == 1 || budget >= options.largest_budget) return runs;
    left = static_cast<std::int64_t>(std::ceil(static_cast<double>(left) / options.factor));
  }
}

std::string point_text(const train::Point& point) {
  std::string text;
  for (const config::Entry& entry : point.settings()) {
    text += fmt::format("{}{}={}", text.empty() ? "" : ", ", entry.key, config::to_text(entry.value));
  }
  return text;
}

/// The table, its picture, and the settings of the best as a file that `chainrule train` takes.
void save_sweep(const Options& options, const train::SweepResult& result, const Trials& trials) {
  const std::string& folder = options.out;
  std::error_code ignored;
  std::filesystem::create_directories(folder, ignored);
  io::replace_file(folder + "/sweep.csv", result.to_csv());
  io::replace_file(folder + "/sweep.json", result.to_json() + "\n");
  if (!std::isnan(result.trials.front().score)) {
    Experiment best = trials.at(result.trials.front().point);
    io::replace_file(folder + "/best.toml", config::to_toml(config::write(best)));
    io::replace_file(folder + "/sweep.svg", sweep_svg(result, fmt::format("validation.{}", options.metric),
                                                      trials.larger_is_better()));
  }
}

int run(const Options& options) {
  Experiment base = read_experiment(options.file, options.given);
  constexpr double kValidation = 0.2;
  if (base.data.validation <= 0) base.data.validation = kValidation;
  const Trials trials(options, std::move(base));
  train::SweepOptions search = options.search;
  search.larger_is_better = trials.larger_is_better();
  search.threads = options.jobs > 0 ? options.jobs : num_threads();
  set_num_threads(1);  // of each run: it is the runs that are done at once

  const train::InterruptGuard interrupts;
  const std::int64_t count = runs_of(trials.space(), search);
  std::FILE* const lines = options.json ? stderr : stdout;
  Progress progress(options.quiet ? nullptr : lines, count, "runs");
  if (count > 0) {
    progress.line(fmt::format("runs      {}, {} at once; chosen by validation.{}, the {} the better\n", count,
                              search.threads, options.metric,
                              search.larger_is_better ? "larger" : "smaller"));
  }
  std::mutex one_at_a_time;
  std::int64_t done = 0;
  train::SweepResult result = train::sweep(
      trials.space(),
      [&](const train::Point& point, double budget) {
        const double score = trials.score(point, budget, interrupts);
        const std::lock_guard lock(one_at_a_time);
        progress.line(fmt::format("{:>11.6g}  {}{}", score, point_text(trials.rounded(point)),
                                  budget > 0 ? fmt::format(", {:.4g} epochs", budget) : ""));
        progress.update(++done);
        return score;
      },
      search);
  for (train::Trial& trial : result.trials) trial.point = trials.rounded(trial.point);

  std::ostringstream table;
  table << result;
  progress.clear();
  if (!options.json || !options.quiet)
    write_text(lines, fmt::format("{}{}\n", options.quiet ? "" : "\n", table.str()));
  if (!options.out.empty()) save_sweep(options, result, trials);
  if (options.json) write_text(stdout, result.to_json() + "\n");
  if (interrupts.signal() != 0) return 128 + interrupts.signal();
  const train::Trial& best = result.best();  // says why, if every run failed
  if (options.json && options.quiet) return kDone;
  write_text(lines,
             fmt::format(
                 "best: validation.{} {:.6g} with {}{}\n", options.metric, best.score, point_text(best.point),
                 options.out.empty() ? "" : fmt::format("; chainrule train {}/best.toml", options.out)));
  return kDone;
}

}  // namespace

Command add_sweep(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  CLI::App& sweep =
      *app.add_subcommand("sweep", "Try settings out: many runs, and a table of what came of them");
  sweep.add_option("FILE", options->file, "settings of all runs, as for chainrule train")->type_name("");
  sweep
      .add_option("--vary", options->vary,
                  "values of a key: lr=0.1,0.01; or a range to draw from:\n"
                  "hidden=16..128, 'lr=1e-4..0.1 log'; again for another key")
      ->required()
      ->type_name("KEY=VALUES")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false);
  sweep
      .add_option_function<std::string>(
          "--search",
          [options](const std::string& name) { config::set(options->search, "search", name, "--search"); },
          "grid: all combinations; random: --points of them;\n"
          "halving: the better ones of them get more epochs")
      ->check(CLI::IsMember({"grid", "random", "halving"}))
      ->default_str("grid")
      ->type_name("");
  add_integer(sweep, "--points", options->search.points, 1, 1'000'000, "runs that are drawn");
  sweep.add_option("--metric", options->metric, "by which the best is chosen, on the validation part")
      ->capture_default_str()
      ->type_name("METRIC");
  add_number(sweep, "--smallest-budget", options->search.smallest_budget, 1e-6, 1e9,
             "of halving: epochs at first");
  add_number(sweep, "--largest-budget", options->search.largest_budget, 1e-6, 1e9,
             "of halving: epochs of the best");
  add_number(sweep, "--factor", options->search.factor, 1.000001, 1e6,
             "of halving: one in so many goes on, with so many\ntimes the epochs");
  add_integer(sweep, "--jobs", options->jobs, 1, 1024, "runs at once (as many as the process has CPUs)");
  sweep
      .add_option("--out", options->out,
                  "folder for sweep.csv, sweep.json, sweep.svg (a picture),\nand best.toml")
      ->type_name("DIR");
  sweep.add_flag("--json", options->json, "print the table as JSON, and progress on stderr only");
  add_quiet(sweep, options->quiet);
  add_keys(sweep, options->given);
  sweep.footer(
      "Each run trains as chainrule train would, and is measured on the validation part\n"
      "(--validation, 0.2 here), never on the test part.\n\n"
      "Examples:\n"
      "  chainrule sweep --vary lr=0.01,0.1,1 --vary hidden=20,50 --steps 1000\n"
      "  chainrule sweep cars.toml --search random --points 30 \\\n"
      "      --vary 'lr=1e-4..0.1 log' --vary 'net=mlp([16, 1]), mlp([64, 64, 1])'\n"
      "  chainrule sweep cars.toml --search halving --vary 'lr=1e-4..0.1 log' --out s1");
  return [options] { return run(*options); };
}

}  // namespace chainrule::cli
