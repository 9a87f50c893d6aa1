// Whether a loss and metrics are for data like these.
#include "fit.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "chainrule/error.h"
#include "chainrule/ops.h"

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

/// (1, 3, 4) of (3, 4); with `classes` in front or, where `last`, behind.
Shape one_row(const Shape& row, std::int64_t classes = 0, bool last = false) {
  std::vector<std::int64_t> sizes{1};
  if (classes > 0 && !last) sizes.push_back(classes);
  sizes.insert(sizes.end(), row.sizes().begin(), row.sizes().end());
  if (classes > 0 && last) sizes.push_back(classes);
  return Shape(sizes);
}

/// The loss is the one for such data: so it is the form of the target, the axis of the classes, or the net.
[[noreturn]] void refuse_output(const std::string& loss, const Shape& output, const LoadedData& data) {
  const Shape& row = data.train.target()->shape;
  const std::int64_t classes = data.has_classes ? data.class_count : 0;
  const Shape needed = one_row(row, classes), with_last = one_row(row, classes, true);
  const Shape usual{1, data.has_classes ? classes : row.numel()};
  const bool is_single = row.numel() == 1 && row != (data.has_classes ? Shape{} : Shape{1});
  std::string cause, advice;
  if (is_single && output == usual) {
    cause = fmt::format("its rows are {}", row.to_string());
    advice =
        fmt::format("Give the target as {}", data.has_classes ? "(rows,), one number a row" : "(rows, 1)");
  } else if (data.has_classes && output == with_last) {
    cause = fmt::format("the loss {} takes axis 1 for that of the classes", loss);
    advice = fmt::format("Say that it is the last: {}(class_axis=-1)", loss);
  } else if (data.has_classes && row.ndim() > 0 && output.ndim() == with_last.ndim() &&
             output.numel() / std::max<std::int64_t>(output.back(1), 1) == row.numel()) {
    cause = fmt::format("the loss {} needs {} with class_axis=-1", loss, with_last.to_string());
    advice = fmt::format("End the net with linear({}), and take {}(class_axis=-1)", classes, loss);
  } else {
    cause = fmt::format("the loss {} needs {}", loss, needed.to_string());
    if (data.has_classes && row.ndim() > 0)
      cause += fmt::format(", or {} with class_axis=-1", with_last.to_string());
    const std::vector<std::int64_t> sizes(needed.sizes().begin() + 1, needed.sizes().end());
    const std::string reshape = fmt::format("reshape([{}])", fmt::join(sizes, ", "));
    const std::string affine = fmt::format("affine({})", needed.numel());
    advice = "End the net with " + (output.numel() == needed.numel() ? reshape
                                    : needed.ndim() == 2             ? affine
                                                                     : affine + " and " + reshape);
  }
  throw ValueError(354, fmt::format("[train] the net gives {} for a row, and {}: {}. {}.", output.to_string(),
                                    target_text(data), cause, advice));
}

}  // namespace

bool refuses_numbers(const loss::Loss& loss) {
  constexpr int kNoProbability = 22, kOutOfRange = 635;
  try {
    loss(zeros({1, 1}), full({1, 1}, -1e6)).item();
    return false;
  } catch (const Error& error) {
    return error.code() == kNoProbability || error.code() == kOutOfRange;
  }
}

void check_fit(const Experiment& experiment, const LoadedData& data) {
  const data::Batch row = data.train.take({0});
  const bool is_number = !data.has_classes && data.train.target()->shape.numel() == 1;
  const std::string loss(experiment.loss->info().name);
  const auto outcome = [&] {
    nn::Pass pass = nn::Pass::inference();
    return make_task(experiment, data).outcome(row, pass);
  };
  if ((is_number && is_for_classes(loss)) || !fits(outcome)) {
    if (is_for_classes(loss) == data.has_classes)
      refuse_output(loss, experiment.net->predict(row[0]).shape(), data);
    refuse("loss", loss, data);
  }

  for (const Shared<metric::Metric>& metric : experiment.metrics) {
    const std::string name(metric->info().name);
    Experiment with_it = experiment;
    with_it.metrics = {metric};
    const auto measured = [&] { train::measure(make_task(with_it, data), data::subset(data.train, {0})); };
    const bool is_yes_or_no = is_number && refuses_numbers(*experiment.loss);
    if ((is_number && is_for_classes(name) && !is_yes_or_no) || !fits(measured)) refuse("metric", name, data);
  }
}

}  // namespace chainrule::cli
