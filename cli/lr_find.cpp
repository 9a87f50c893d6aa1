// chainrule lr-find: a learning rate to begin with.
#include <fmt/format.h>

#include <CLI/App.hpp>
#include <algorithm>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "exit_code.h"
#include "json_text.h"
#include "keys.h"
#include "options.h"
#include "output.h"
#include "training.h"

namespace chainrule::cli {
namespace {

struct Options {
  std::string file;
  std::vector<Given> given;
  train::FindLrOptions find;
  std::int64_t threads = 0;
  bool json = false;
};

/// About 20 of the rates, and the one that is suggested, each with its loss as a bar.
std::string picture(const train::LrCurve& curve) {
  constexpr std::size_t kLines = 20;
  constexpr double kWidth = 38;
  const double largest = *std::max_element(curve.smoothed.begin(), curve.smoothed.end());
  std::string text = "       rate       loss\n";
  const std::size_t step = std::max<std::size_t>(1, curve.rates.size() / kLines);
  for (std::size_t i = 0; i < curve.rates.size(); ++i) {
    const bool is_suggested = curve.rates[i] == curve.suggestion;
    if (i % step != 0 && !is_suggested) continue;
    const double share = largest > 0 ? std::clamp(curve.smoothed[i] / largest, 0.0, 1.0) : 0;
    text += fmt::format("{:>11.3g} {:>10.4g} {}{}\n", curve.rates[i], curve.smoothed[i],
                        std::string(static_cast<std::size_t>(kWidth * share), '#'),
                        is_suggested ? "  <- falls fastest" : "");
  }
  return text;
}

int run(const Options& options) {
  use_threads(options.threads);
  Experiment experiment = read_experiment(options.file, options.given);
  LoadedData data = load_data(experiment.data, experiment.seed);
  Training training(std::move(experiment), std::move(data));
  const train::LrCurve curve =
      train::find_lr(training.task(), training.optimizer(), training.loader(), options.find);
  if (options.json) {
    nlohmann::ordered_json all{{"suggestion", curve.suggestion},
                               {"rates", curve.rates},
                               {"losses", curve.losses},
                               {"smoothed", curve.smoothed}};
    write_text(stdout, json_text(all));
    return kDone;
  }
  write_text(stdout, picture(curve));
  write_text(stdout,
             std::isnan(curve.suggestion)
                 ? "\nThe loss falls nowhere. Try rates from further below: --low 1e-9.\n"
                 : fmt::format("\nlr {:.3g}: there the loss falls fastest. Train with --lr {:.3g}, or a "
                               "little less.\n",
                               curve.suggestion, curve.suggestion));
  return kDone;
}

}  // namespace

Command add_lr_find(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  CLI::App& find =
      *app.add_subcommand("lr-find", "Look for a learning rate: tries rising ones, a batch each");
  find.add_option("FILE", options->file, "settings, as for chainrule train")->type_name("");
  add_number(find, "--low", options->find.low, 1e-30, 1e30, "the first rate");
  add_number(find, "--high", options->find.high, 1e-30, 1e30, "the last rate");
  add_integer(find, "--tries", options->find.steps, 3, 1'000'000, "how many rates, by equal factors");
  add_keys(find, options->given);
  add_threads(find, options->threads);
  find.add_flag("--json", options->json, "print one JSON document");
  find.footer(
      "Examples:\n"
      "  chainrule lr-find cars.toml\n"
      "  chainrule lr-find --data mnist --net 'mlp([128, 10])' --optimizer adam");
  return [options] { return run(*options); };
}

}  // namespace chainrule::cli
