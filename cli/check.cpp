// chainrule check: the books' gradient check, backpropagation against central differences.
#include <fmt/format.h>

#include <CLI/Option.hpp>
#include <CLI/Validators.hpp>
#include <algorithm>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>

#include "chainrule/data.h"
#include "chainrule/error.h"
#include "chainrule/nn.h"
#include "chainrule/ops.h"
#include "commands.h"
#include "exit_code.h"
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
  bool json = false;

  void fields(Fields& f) {
    f("samples", samples, "training images, from the first", between(1, 1000));
    f("hidden", hidden, "hidden units; the time grows with their square", between(1, 1000));
    f("seed", seed, "of the weights");
    f("h", h, "each number is moved by h to both sides", between(1e-8, 0.01));
  }
};

/// The smallest step that is taken: with smaller ones the rounding of the loss is all that differences show.
constexpr double kSmallestStep = 1e-6;

/// What may differ of a parameter, for one step. At h = 1e-4 the error of a central difference, h^2 f'''/6,
/// is about as large as what it makes of the loss's rounding, 1e-16 / h. Away from there one of the two
/// grows, and the bounds with it.
struct Bounds {
  double difference, error;

  Bounds(const std::string& name, double h) {
    const double above = h / 1e-4, below = 1e-4 / h;
    difference = (name == "b2" ? 1e-9 : 1e-10) * std::max({1.0, above * above, below});
    error = 1e-5 * std::max({1.0, above, below});
  }
};

/// A gradient against differences. Where they were taken over a smaller step than h, they count in units of
/// what may differ there.
struct Comparison {
  std::string name;
  Shape shape;
  Bounds allowed;
  std::int64_t compared = 0, left_out = 0;  // left out: at the kink itself, where no step tells anything
  double mean_difference = 0, relative_error = 0;

  bool differs() const { return !(mean_difference <= allowed.difference && relative_error <= allowed.error); }
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

/// The step for each element of a parameter; 0 for those that no step suits.
using Steps = std::vector<double>;

/// Relu has a kink at 0: a difference across it is no derivative. Moving a number of W1 by h moves a hidden
/// unit's input by h times a pixel, one of b1 by h, so the step is half of what leads to the kink for any
/// image. A pixel that is black in all images moves nothing: any step does.
struct KinkFreeSteps {
  Steps weight, bias;

  KinkFreeSteps(nn::TwoLayerNet& net, const Tensor& x, double h) {
    const Tensor input = net.layers()[0].predict(x);
    const auto inputs = input.data<double>(), pixels = x.data<double>();
    const auto units = static_cast<std::size_t>(input.size(1)), size = static_cast<std::size_t>(x.size(1));
    weight.assign(size * units, h);
    bias.assign(units, h);
    const auto keep_within = [](double& step, double room) {
      if (step >= room) step = room / 2 >= kSmallestStep ? room / 2 : 0;
    };
    for (std::size_t image = 0; image * units < inputs.size(); ++image) {
      for (std::size_t unit = 0; unit < units; ++unit) {
        const double room = std::abs(inputs[image * units + unit]);
        keep_within(bias[unit], room);
        for (std::size_t pixel = 0; pixel < size; ++pixel) {
          const double value = pixels[image * size + pixel];
          if (value > 0) keep_within(weight[pixel * units + unit], room / value);
        }
      }
    }
  }
};

/// A central difference for each element, over its own step; 0 where that is 0.
template <class Loss>
std::vector<double> differences(const Tensor& value, const Steps& steps, Loss loss) {
  std::vector<double> at = value.to_vector(), slopes(at.size());
  for (std::size_t i = 0; i < at.size(); ++i) {
    if (steps[i] == 0) continue;
    const double centre = at[i];
    const auto moved_by = [&](double step) {
      at[i] = centre + step;
      return loss(from_data(at, value.shape()));
    };
    const double above = moved_by(steps[i]), below = moved_by(-steps[i]);
    slopes[i] = (above - below) / (2 * steps[i]);
    at[i] = centre;
  }
  return slopes;
}

/// Relative error: |a - n| / max(|a|, |n|, s / 1000, d / e), the largest of all elements, where s is the
/// parameter's largest gradient, and d and e are the bounds. An element far below the others is mostly the
/// rounding of the loss, so it is measured by theirs; where all are small, by what a difference may be off.
Comparison compare(const std::string& name, const Tensor& analytic, const std::vector<double>& n,
                   const Steps& steps, double h) {
  Comparison result{.name = name, .shape = analytic.shape(), .allowed = Bounds(name, h)};
  const auto a = analytic.data<double>();
  double largest = 0;
  for (double value : a) largest = std::max(largest, std::abs(value));
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (steps[i] == 0) {
      ++result.left_out;
      continue;
    }
    const Bounds here(name, steps[i]);
    const double difference = std::abs(a[i] - n[i]);
    sum += difference * (result.allowed.difference / here.difference);
    if (difference > 0) {
      const double size =
          std::max({std::abs(a[i]), std::abs(n[i]), largest / 1000, here.difference / here.error});
      const double error = difference / size * (result.allowed.error / here.error);
      result.relative_error = std::max(result.relative_error, error);
    }
    ++result.compared;
  }
  if (result.compared > 0) result.mean_difference = sum / static_cast<double>(result.compared);
  return result;
}

std::vector<Comparison> check(nn::TwoLayerNet& net, const Images& images, const CheckOptions& options) {
  const NamedTensors analytic = net.gradient(images.x, images.t);
  const KinkFreeSteps before_relu(net, images.x, options.h);
  std::int64_t losses = 0;
  for (const auto& [name, gradient] : analytic) losses += 2 * gradient.numel();
  Progress progress(stderr, losses, "losses");
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
  std::string text = fmt::format("{:<10}{:<12}{:>14}{:>9}{:>19}{:>9}\n", "parameter", "shape", "mean |a - n|",
                                 "allowed", "largest rel. error", "allowed");
  std::string left_out;
  for (const Comparison& c : comparisons) {
    text += fmt::format("{:<10}{:<12}{:>14.2e}{:>9.0e}{:>19.2e}{:>9.0e}  {}\n", c.name, c.shape.to_string(),
                        c.mean_difference, c.allowed.difference, c.relative_error, c.allowed.error,
                        c.differs()       ? "DIFFERS"
                        : c.compared == 0 ? "nothing to compare"
                                          : "ok");
    if (c.left_out == 0) continue;
    left_out += fmt::format("{} of the {} numbers of {} left out: they move a hidden unit at relu's kink.\n",
                            c.left_out, c.shape.numel(), c.name);
  }
  return text + left_out;
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

int run(const CheckOptions& options) {
  use_threads(options.threads);
  const data::Dataset set = data::load(options.data.name, {.data_dir = options.data.dir});
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
    write_text(stdout, json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
  } else {
    write_text(stdout,
               fmt::format(
                   "Gradients by backpropagation (a) and by central differences (n, h = {}) of TwoLayerNet,\n"
                   "f64, {} hidden units, seed {}, at the first {} training images of {}:\n\n{}\n{}\n",
                   options.h, options.hidden, options.seed, options.samples, set.name, table(comparisons),
                   verdict.sentence()));
  }
  return verdict.exit_code();
}

}  // namespace

Command add_check(CLI::App& app) {
  const auto options = std::make_shared<CheckOptions>();
  CLI::App& check =
      *app.add_subcommand("check", "Check the gradients of the net against central differences");
  add_data_options(check, options->data);
  add_settings(check, *options, {"samples", "hidden", "seed", "h"});
  add_threads(check, options->threads);
  check
      .add_option("--break", options->broken,
                  "to see a check fail: this parameter's gradient (W1, b1, W2\nor b2) is made wrong by 1 %")
      ->check(CLI::IsMember({"W1", "b1", "W2", "b2"}))
      ->type_name("NAME");
  check.add_flag("--json", options->json, "print one JSON document");
  check.footer(
      "Exits with 3 if gradients differ: by more than 1e-10 in the mean over a parameter (b2: 1e-9), or "
      "anywhere\n"
      "by more than 1e-5 of the element's size. That size is |a|, |n|, a thousandth of the parameter's "
      "largest\n"
      "gradient, or 1e-5 (b2: 1e-4), whichever is largest. For other h than 1e-4 the bounds are wider. A\n"
      "difference across relu's kink is no derivative: what moves a hidden unit across it for an image is "
      "moved\n"
      "by less, and left out and counted where a step would have to be below 1e-6. If that leaves nothing of "
      "a\n"
      "parameter, the exit code is 1.\n\n"
      "Examples:\n"
      "  chainrule check\n"
      "  chainrule check --data mnist --samples 10\n"
      "  chainrule check --break W1; echo $?     # 3");
  return [options] { return run(*options); };
}

}  // namespace chainrule::cli
