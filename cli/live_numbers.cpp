#include "live_numbers.h"

#include <algorithm>
#include <cmath>

#include "chainrule/error.h"
#include "chainrule/grad.h"
#include "chainrule/ops.h"

namespace chainrule::cli {

void LossCurve::add(std::int64_t step, double loss) {
  if (means_.empty() || means_.back().count >= each_) {
    if (means_.size() == kMost) {
      for (std::size_t i = 0; i < kMost / 2; ++i) {
        const Mean &a = means_[2 * i], &b = means_[2 * i + 1];
        means_[i] = {b.step, a.sum + b.sum, a.count + b.count};
      }
      means_.resize(kMost / 2);
      each_ *= 2;
    }
    means_.emplace_back();
  }
  Mean& last = means_.back();
  last.step = step, last.sum += loss, ++last.count;
}

Json LossCurve::json() const {
  Json steps = Json::array(), losses = Json::array();
  for (const Mean& mean : means_) {
    steps.push_back(mean.step);
    losses.push_back(mean.sum / static_cast<double>(mean.count));
  }
  return {{"step", std::move(steps)}, {"loss", std::move(losses)}, {"each", each_}};
}

Json json_of(const train::History& history) {
  constexpr std::size_t kMost = 400;
  const std::size_t each = (history.size() + kMost - 1) / kMost;
  Json steps = Json::array(), losses = Json::array(), rates = Json::array(), metrics = Json::object();
  for (std::size_t i = 0; i < history.size(); ++i) {
    if (i % each != 0 && i + 1 != history.size()) continue;
    const train::Report& report = history[i];
    for (const train::Measure& measure : report.metrics) {
      if (!measure.matrix.empty()) continue;
      Json& column = metrics[measure.name];
      while (column.size() < steps.size()) column.push_back(nullptr);  // not measured before
      column.push_back(measure.value);
    }
    steps.push_back(report.step), losses.push_back(report.loss), rates.push_back(report.lr);
  }
  return {{"step", std::move(steps)},
          {"loss", std::move(losses)},
          {"lr", std::move(rates)},
          {"metrics", std::move(metrics)}};
}

namespace {

/// The gradients of all parameters for the first rows; none of a net whose loss does not let them.
std::vector<Tensor> gradients_of(Training& training, const std::vector<nn::NamedParameter>& parameters) {
  constexpr std::int64_t kMostRows = 100;
  const data::Source& rows = training.data().train;
  const std::int64_t count = std::min({kMostRows, training.experiment().train.batch_size, rows.rows()});
  try {
    nn::Pass pass = nn::Pass::training(training.experiment().seed, training.trainer().steps_done());
    const Tensor loss = training.trainer().task().outcome(rows.range(0, count), pass).loss;
    return grad(loss, nn::values(parameters), {.allow_unused = true});
  } catch (const Error&) {
    return {};
  }
}

Tensor root_mean_square(const Tensor& of) { return sqrt(mean(square(cast(of, f64)))); }

}  // namespace

Json layers_of(Training& training) {
  const std::vector<nn::NamedParameter> parameters = training.net().parameters();
  const std::vector<Tensor> gradients = gradients_of(training, parameters);
  std::vector<Tensor> roots;
  for (const nn::NamedParameter& each : parameters) roots.push_back(root_mean_square(each.parameter.value()));
  for (const Tensor& each : gradients) roots.push_back(root_mean_square(each));
  evaluate(roots);
  Json all = Json::array();
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const Shape& shape = parameters[i].parameter.value().shape();
    all.push_back({{"path", parameters[i].name},
                   {"shape", shape.to_string()},
                   {"weight", roots[i].item()},
                   {"gradient", gradients.empty() ? Json() : Json(roots[parameters.size() + i].item())}});
  }
  return all;
}

}  // namespace chainrule::cli
