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
#include "chainrule/grad.h"
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

struct Comparison {
  std::string name;
  Shape shape;
  std::int64_t compared = 0;  // without the elements at the kink
  double mean_difference = 0, allowed_difference = 0;
  double relative_error = 0, allowed_error = 0;

  bool passed() const {
    return compared > 0 && mean_difference <= allowed_difference && relative_error <= allowed_error;
  }
};

/// What may differ. At h = 1e-4 the error of a central difference, h^2 f'''/6, is about as large as what it
/// makes of the loss's rounding, 1e-16 / h. Away from there one of the two grows, and the bounds with it.
void set_bounds(Comparison& comparison, double h) {
  const double above = h / 1e-4, below = 1e-4 / h;
  const double mean = comparison.name == "b2" ? 1e-9 : 1e-10;
  comparison.allowed_difference = mean * std::max({1.0, above * above, below});
  comparison.allowed_error = 1e-5 * std::max({1.0, above, below});
}

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

/// Hidden units whose input lies within h of 0 for an image. Relu has a kink there: a difference across it is
/// no derivative. (Moving a number of W1 or b1 by h moves the input by h times a pixel, so by h at most.)
std::vector<bool> units_at_kink(nn::TwoLayerNet& net, const Tensor& x, double h) {
  const Tensor input = net.layers()[0].predict(x);
  const auto values = input.data<double>();
  std::vector<bool> at_kink(static_cast<std::size_t>(input.shape()[1]), false);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (std::abs(values[i]) <= h) at_kink[i % at_kink.size()] = true;
  }
  return at_kink;
}

/// Relative error: |a - n| / max(|a|, |n|, s / 1000), the largest of all elements, where s is the parameter's
/// largest gradient. An element far below the others is mostly the rounding of the loss, so it is measured by
/// theirs.
Comparison compare(const std::string& name, const Tensor& analytic, const Tensor& numeric,
                   const std::vector<bool>& left_out_columns, double h) {
  Comparison result{.name = name, .shape = analytic.shape()};
  set_bounds(result, h);
  const auto a = analytic.data<double>();
  const auto n = numeric.data<double>();
  double largest = 0;
  for (double value : a) largest = std::max(largest, std::abs(value));
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!left_out_columns.empty() && left_out_columns[i % left_out_columns.size()]) continue;
    const double difference = std::abs(a[i] - n[i]);
    sum += difference;
    if (difference > 0) {
      const double size = std::max({std::abs(a[i]), std::abs(n[i]), largest / 1000});
      result.relative_error = std::max(result.relative_error, difference / size);
    }
    ++result.compared;
  }
  if (result.compared > 0) result.mean_difference = sum / static_cast<double>(result.compared);
  return result;
}

std::vector<Comparison> check(nn::TwoLayerNet& net, const Images& images, const CheckOptions& options,
                              const std::vector<bool>& at_kink) {
  const NamedTensors analytic = net.gradient(images.x, images.t);
  std::int64_t losses = 0;
  for (const auto& [name, gradient] : analytic) losses += 2 * gradient.numel();
  Progress progress(stderr, losses, "losses");
  std::int64_t done = 0;
  std::vector<Comparison> comparisons;
  for (auto& [name, parameter] : net.params()) {
    const Tensor value = parameter.value();
    // As TwoLayerNet::numerical_gradient, with a look at the clock between.
    const auto loss_at = [&, &target = parameter](const Tensor& point) {
      progress.update(++done);
      target.set_value(point);
      return net.loss(images.x, images.t);
    };
    const Tensor numeric = numerical_gradient(loss_at, value, options.h);
    parameter.set_value(value);
    const Tensor& gradient = analytic[name];
    const bool before_relu = name == "W1" || name == "b1";
    comparisons.push_back(compare(name, name == options.broken ? detach(gradient * 1.01) : gradient, numeric,
                                  before_relu ? at_kink : std::vector<bool>{}, options.h));
  }
  return comparisons;
}

std::string table(const std::vector<Comparison>& comparisons, std::int64_t left_out, std::int64_t hidden) {
  std::string text = fmt::format("{:<10}{:<12}{:>14}{:>9}{:>19}{:>9}\n", "parameter", "shape", "mean |a - n|",
                                 "allowed", "largest rel. error", "allowed");
  for (const Comparison& c : comparisons) {
    text += fmt::format("{:<10}{:<12}{:>14.2e}{:>9.0e}{:>19.2e}{:>9.0e}  {}\n", c.name, c.shape.to_string(),
                        c.mean_difference, c.allowed_difference, c.relative_error, c.allowed_error,
                        c.passed()        ? "ok"
                        : c.compared == 0 ? "nothing to compare"
                                          : "DIFFERS");
  }
  if (left_out > 0) {
    text +=
        fmt::format("{} of {} hidden units left out of W1 and b1: within h of relu's kink for an image.\n",
                    left_out, hidden);
  }
  return text;
}

Json document(const CheckOptions& options, const std::vector<Comparison>& comparisons, std::int64_t left_out,
              bool passed) {
  Json parameters = Json::array();
  for (const Comparison& c : comparisons) {
    parameters.push_back({{"name", c.name},
                          {"shape", std::vector<std::int64_t>(c.shape.begin(), c.shape.end())},
                          {"compared", c.compared},
                          {"mean_abs_difference", c.mean_difference},
                          {"allowed_difference", c.allowed_difference},
                          {"max_relative_error", c.relative_error},
                          {"allowed_error", c.allowed_error},
                          {"passed", c.passed()}});
  }
  return {{"passed", passed},
          {"parameters", std::move(parameters)},
          {"units_at_kink", left_out},
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
  const std::vector<bool> at_kink = units_at_kink(net, images.x, options.h);
  const auto left_out = std::count(at_kink.begin(), at_kink.end(), true);
  const std::vector<Comparison> comparisons = check(net, images, options, at_kink);
  const bool passed =
      std::all_of(comparisons.begin(), comparisons.end(), [](const Comparison& c) { return c.passed(); });
  if (options.json) {
    write_text(
        stdout,
        document(options, comparisons, left_out, passed).dump(2, ' ', false, Json::error_handler_t::replace) +
            "\n");
  } else {
    write_text(
        stdout,
        fmt::format(
            "Gradients by backpropagation (a) and by central differences (n, h = {}) of TwoLayerNet,\n"
            "f64, {} hidden units, seed {}, at the first {} training images of {}:\n\n{}\n{}\n",
            options.h, options.hidden, options.seed, options.samples, set.name,
            table(comparisons, left_out, options.hidden), passed ? "They agree." : "They do not agree."));
  }
  return passed ? kDone : kCheckFailed;
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
      "anywhere by\n"
      "more than 1e-5 of the element's size. That size is |a|, |n|, or a thousandth of the parameter's "
      "largest\n"
      "gradient, whichever is largest. For other h than 1e-4 both bounds are wider. Hidden units within h of "
      "relu's\n"
      "kink for an image are left out of W1 and b1, and counted: a difference across it is no derivative.\n\n"
      "Examples:\n"
      "  chainrule check\n"
      "  chainrule check --data mnist --samples 10\n"
      "  chainrule check --break W1; echo $?     # 3");
  return [options] { return run(*options); };
}

}  // namespace chainrule::cli
