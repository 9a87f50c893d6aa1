// chainrule check: backpropagation against central differences; here the books' own check of their net.
#include <fmt/format.h>

#include <CLI/Option.hpp>
#include <algorithm>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>

#include "chainrule/data.h"
#include "chainrule/error.h"
#include "chainrule/nn.h"
#include "chainrule/ops.h"
#include "check_net.h"
#include "color.h"
#include "commands.h"
#include "differences.h"
#include "exit_code.h"
#include "explain/table.h"
#include "fetch.h"
#include "json_text.h"
#include "options.h"
#include "output.h"
#include "progress.h"

namespace chainrule::cli {
namespace {

using Json = nlohmann::ordered_json;

struct CheckOptions {
  DataOptions data;
  std::int64_t samples = 3;
  std::int64_t hidden = 50;
  std::uint64_t seed = 1;
  double h = 1e-4;
  std::int64_t threads = 0;
  std::string broken;
  bool json = false, quiet = false;
  CheckNetOptions net;

  void fields(Fields& f) {
    f("samples", samples, "training rows, from the first", between(1, 1000));
    f("hidden", hidden, "hidden units; the time grows with their square", between(1, 1000));
    f("seed", seed, "of the weights");
    f("h", h, "each number is moved by h to both sides", between(1e-8, 0.01));
  }
};

struct Images {
  Tensor x, t;
};

Images first_images(const data::ImageSet& set, std::int64_t samples) {
  if (set.count < samples) {
    throw ValueError(
        85, fmt::format("[check] the set has {} training images, {} are asked for with --samples.", set.count,
                        samples));
  }
  std::vector<double> pixels;
  std::vector<std::int64_t> labels;
  for (std::int64_t row = 0; row < samples; ++row) {
    for (std::uint8_t pixel : set.image(row)) pixels.push_back(pixel / 255.0);
    labels.push_back(set.labels[static_cast<std::size_t>(row)]);
  }
  return {from_data(pixels, {samples, set.image_size()}), from_data(labels, {samples})};
}

std::vector<Comparison> check(nn::TwoLayerNet& net, const Images& images, const CheckOptions& options) {
  const NamedTensors analytic = net.gradient(images.x, images.t);
  const KinkFreeSteps before_relu(net, images.x, options.h);
  std::int64_t losses = 0;
  for (const auto& [name, gradient] : analytic) losses += 2 * gradient.numel();
  Progress progress(options.quiet ? nullptr : stderr, losses, "losses");
  std::int64_t done = 0;
  std::vector<Comparison> comparisons;
  for (auto& [name, parameter] : net.params()) {
    const Tensor value = parameter.value();
    const Tensor& gradient = analytic[name];
    const Steps steps = name == "W1"   ? before_relu.weight
                        : name == "b1" ? before_relu.bias
                                       : Steps(static_cast<std::size_t>(value.numel()), options.h);
    const auto loss_at = [&, &target = parameter](const Tensor& point) {
      progress.update(++done);
      target.set_value(point);
      return net.loss(images.x, images.t).item();
    };
    const std::vector<double> numeric = differences(value, steps, loss_at);
    parameter.set_value(value);
    comparisons.push_back(compare(name, name == options.broken ? detach(gradient * 1.01) : gradient, numeric,
                                  steps, options.h));
  }
  return comparisons;
}

/// What a check comes to.
struct Verdict {
  bool differs = false;
  std::string unseen;  // parameters of which nothing could be compared

  explicit Verdict(const std::vector<Comparison>& comparisons) {
    for (const Comparison& c : comparisons) {
      differs = differs || c.differs();
      if (c.compared == 0) unseen += (unseen.empty() ? "" : ", ") + c.name;
    }
  }

  std::string sentence() const {
    if (differs) return "They do not agree.";
    if (unseen.empty()) return "They agree.";
    return fmt::format(
        "No difference was found, but nothing could be compared for {}: each hidden unit lies at relu's kink "
        "for "
        "an image.\nTry another --seed, a smaller --h, or other images.",
        unseen);
  }
  std::string_view word() const { return differs ? "differ" : unseen.empty() ? "agree" : "incomplete"; }
  int exit_code() const { return differs ? kCheckFailed : unseen.empty() ? kDone : kFailed; }
};

std::string table(const std::vector<Comparison>& comparisons) {
  explain::Table table(
      {"parameter", "shape", ">mean |a - n|", ">allowed", ">largest rel. error", ">allowed", ""});
  std::string left_out;
  for (const Comparison& c : comparisons) {
    table.add({c.name, c.shape.to_string(), fmt::format("{:.2e}", c.mean_difference),
               fmt::format("{:.0e}", c.allowed.difference), fmt::format("{:.2e}", c.relative_error),
               fmt::format("{:.0e}", c.allowed.error),
               c.differs()       ? "DIFFERS"
               : c.compared == 0 ? "nothing to compare"
                                 : "ok"});
    if (c.left_out == 0) continue;
    left_out += fmt::format("{} of the {} numbers of {} left out: they move a hidden unit at relu's kink.\n",
                            c.left_out, c.shape.numel(), c.name);
  }
  return table.to_string() + left_out;
}

Json document(const CheckOptions& options, const std::vector<Comparison>& comparisons,
              const Verdict& verdict) {
  Json parameters = Json::array();
  for (const Comparison& c : comparisons) {
    parameters.push_back({{"name", c.name},
                          {"shape", std::vector<std::int64_t>(c.shape.begin(), c.shape.end())},
                          {"compared", c.compared},
                          {"left_out", c.left_out},
                          {"mean_abs_difference", c.mean_difference},
                          {"allowed_difference", c.allowed.difference},
                          {"max_relative_error", c.relative_error},
                          {"allowed_error", c.allowed.error},
                          {"passed", c.compared > 0 && !c.differs()}});
  }
  return {{"passed", verdict.exit_code() == kDone},
          {"verdict", verdict.word()},
          {"parameters", std::move(parameters)},
          {"data", options.data.name},
          {"samples", options.samples},
          {"hidden", options.hidden},
          {"seed", options.seed},
          {"h", options.h},
          {"broken", options.broken.empty() ? Json() : Json(options.broken)},
          {"version", CHAINRULE_VERSION}};
}

/// `chainrule check NAME`, or with --net.
int run_any(CheckOptions& options, const CLI::App& app) {
  use_threads(options.threads);
  for (const char* only : {"--hidden", "--h"}) {
    if (app.count(only) == 0) continue;
    complain(fmt::format(
        "{} is for the books' net, which is checked without NAME and --net. See chainrule check --help.",
        only));
    return kUsage;
  }
  if (app.count("--data") > 0) options.net.given.push_back({"data.name", options.data.name, "--data"});
  if (app.count("--data-dir") > 0) options.net.given.push_back({"data.dir", options.data.dir, "--data-dir"});
  options.net.samples = options.samples;
  options.net.seed = options.seed;
  options.net.broken = options.broken;
  options.net.json = options.json;
  return check_any_net(options.net);
}

int run(CheckOptions& options, const CLI::App& app) {
  if (!options.net.name.empty() || !options.net.given.empty()) return run_any(options, app);
  for (const char* only : {"--elements", "--tolerance"}) {
    if (app.count(only) == 0) continue;
    complain(fmt::format("{} is for a net of NAME or --net. See chainrule check --help.", only));
    return kUsage;
  }
  constexpr std::string_view kParameters[] = {"W1", "b1", "W2", "b2"};
  if (!options.broken.empty() &&
      std::count(std::begin(kParameters), std::end(kParameters), options.broken) == 0) {
    complain(
        fmt::format("--break: '{}' is none of W1, b1, W2, b2. See chainrule check --help.", options.broken));
    return kUsage;
  }
  use_threads(options.threads);
  const data::Dataset set = load_set(options.data.name, {.data_dir = options.data.dir});
  const Images images = first_images(set.train, options.samples);
  nn::TwoLayerNet net({.input = set.train.image_size(),
                       .hidden = options.hidden,
                       .output = set.classes,
                       .weight_deviation = 0.01,
                       .seed = options.seed,
                       .dtype = f64});
  const std::vector<Comparison> comparisons = check(net, images, options);
  const Verdict verdict(comparisons);
  if (options.json) {
    const Json json = document(options, comparisons, verdict);
    write_text(stdout, json_text(json));
  } else {
    write_text(
        stdout,
        colored_verdicts(fmt::format(
            "Gradients by backpropagation (a) and by central differences (n, h = {}) of TwoLayerNet,\n"
            "f64, {} hidden unit{}, seed {}, at the first {} of {}:\n\n{}\n{}\n",
            options.h, options.hidden, options.hidden == 1 ? "" : "s", options.seed,
            options.samples == 1 ? "training image" : fmt::format("{} training images", options.samples),
            set.name, table(comparisons), verdict.sentence())));
  }
  return verdict.exit_code();
}

}  // namespace

Command add_check(CLI::App& app) {
  const auto options = std::make_shared<CheckOptions>();
  CLI::App& check = *app.add_subcommand("check", "Check the gradients of a net against differences");
  check
      .add_option("NAME", options->net.name,
                  "a run's folder, a model file, or settings; without one, and\nwithout --net, the books' "
                  "two-layer net")
      ->type_name("");
  check
      .add_option_function<std::string>(
          "--net",
          [options](const std::string& net) {
            options->net.given.push_back({"net", net, "--net"});
          },
          "another net: 'mlp([16, 10])'")
      ->type_name("NET");
  add_data_options(check, options->data);
  add_settings(check, *options, {"samples", "hidden", "seed", "h"});
  add_threads(check, options->threads);
  check
      .add_option("--break", options->broken,
                  "to see a check fail: this parameter's gradient (W1, b1, W2\nor b2; affine1.weight) is "
                  "made wrong by 1 %")
      ->type_name("PARAMETER");
  add_integer(check, "--elements", options->net.elements, 1, 100'000,
              "NAME, --net: numbers that are moved one by one, of each\nparameter");
  add_number(check, "--tolerance", options->net.tolerance, 1e-12, 1, "NAME, --net: largest relative error");
  check.add_flag("--json", options->json, "print one JSON document");
  add_quiet(check, options->quiet);
  check.footer(
      "Exits with 3 if gradients differ, with 1 if nothing could be compared.\n\n"
      "With NAME or --net: each parameter is moved along a random direction, and some\n"
      "of its numbers one by one. Steps that cross a kink are made smaller; where none\n"
      "tells anything, the number is left out and counted. If a parameter differs, each\n"
      "operation of the loss is checked at the numbers that it has, and the first wrong\n"
      "one named.\n\n"
      "The books' net: may differ by 1e-10 in the mean over a parameter (b2: 1e-9), and\n"
      "anywhere by 1e-5 of the element's size. That is |a|, |n|, a thousandth of the\n"
      "parameter's largest gradient, or 1e-5 (b2: 1e-4), whichever is largest. For other\n"
      "h than 1e-4 the bounds are wider. What moves a hidden unit across relu's kink is\n"
      "moved by less, and left out where a step would have to be below 1e-6.\n\n"
      "Examples:\n"
      "  chainrule check\n"
      "  chainrule check run1 --samples 5\n"
      "  chainrule check --net 'sequential([conv2d(4, 3), relu, affine(10)])'\n"
      "  chainrule check --data mnist --samples 10\n"
      "  chainrule check --break W1; echo $?     # 3");
  return [options, &check] { return run(*options, check); };
}

}  // namespace chainrule::cli
