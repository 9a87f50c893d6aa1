// Whether a loss and metrics are for data like these.
#include "fit.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "chainrule/error.h"

namespace chainrule::cli {
namespace {

/// What is learnt, in words.
std::string target_text(const LoadedData& data) {
  const std::string name = data.target.empty() ? "the target" : "the target " + data.target;
  if (data.has_classes) return fmt::format("{} is one of {} classes", name, data.class_count);
  const std::int64_t numbers = data.train.target()->shape.numel();
  return numbers == 1 ? fmt::format("{} is a number", name) : fmt::format("{} is {} numbers", name, numbers);
}

[[noreturn]] void refuse(std::string_view kind, const std::string& name, const LoadedData& data) {
  const bool is_loss = kind == "loss";
  const std::string good = data.has_classes
                               ? (is_loss ? "softmax_cross_entropy" : "accuracy, f1 or confusion")
                               : (is_loss ? "mse, mae or huber" : "rmse, mae or r2");
  throw ValueError(354, fmt::format("[train] the {} {} is not for data like these: {}. Take {}.", kind, name,
                                    target_text(data), good));
}

/// Calls what fails where shapes or kinds of numbers do not fit.
template <class F>
bool fits(F call) {
  try {
    call();
    return true;
  } catch (const ShapeError&) {
    return false;
  } catch (const DTypeError&) {
    return false;
  } catch (const Error&) {  // such as a value that is not allowed: training tells it with its row
    return true;
  }
}

/// These take a row of probabilities for what are numbers, and make nothing of a single one.
bool is_for_classes(std::string_view name) {
  constexpr std::string_view kNames[] = {"softmax_cross_entropy",
                                         "nll",
                                         "accuracy",
                                         "top_k",
                                         "confusion",
                                         "precision",
                                         "recall",
                                         "f1",
                                         "cohen_kappa"};
  return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

/// The loss is the one for such data: so it is the net.
[[noreturn]] void refuse_output(const std::string& loss, const Shape& output, const LoadedData& data) {
  const std::int64_t numbers = data.has_classes ? data.class_count : data.train.target()->shape.numel();
  throw ValueError(
      354, fmt::format("[train] the net gives {} for a row, and {}: the loss {} needs (1, {}). End the "
                       "net with affine({}).",
                       output.to_string(), target_text(data), loss, numbers, numbers));
}

}  // namespace

void check_fit(const Experiment& experiment, const LoadedData& data) {
  const data::Batch row = data.train.take({0});
  const bool is_number = !data.has_classes && data.train.target()->shape.numel() == 1;
  const std::string loss(experiment.loss->info().name);
  const auto outcome = [&] {
    nn::Pass pass = nn::Pass::inference();
    return make_task(experiment, data).outcome(row, pass);
  };
  const bool is_usual = loss == (data.has_classes ? "softmax_cross_entropy" : "mse");
  if ((is_number && is_for_classes(loss)) || !fits(outcome)) {
    if (is_usual) refuse_output(loss, experiment.net->predict(row[0]).shape(), data);
    refuse("loss", loss, data);
  }

  for (const Shared<metric::Metric>& metric : experiment.metrics) {
    const std::string name(metric->info().name);
    Experiment with_it = experiment;
    with_it.metrics = {metric};
    const auto measured = [&] { train::measure(make_task(with_it, data), data::subset(data.train, {0})); };
    if ((is_number && is_for_classes(name)) || !fits(measured)) refuse("metric", name, data);
  }
}

}  // namespace chainrule::cli
