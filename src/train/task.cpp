// What is to be learnt, and how well it has been.
#include "chainrule/train/task.h"

#include "chainrule/config.h"
#include "chainrule/error.h"
#include "chainrule/ops.h"
#include "core/text.h"
#include "graph/node.h"
#include "train/source_row.h"

namespace chainrule::train {
namespace {

/// Adds up the sums of a metric over the batches, in their order.
class Total {
 public:
  explicit Total(metric::AnyMetric metric) : metric_(std::move(metric)) {}

  void add(const metric::Seen& seen) {
    nn::Ports sums = metric_->sums(seen);
    if (metric_->collects() && total_.size() > 0) {
      parts_.push_back(std::exchange(total_, std::move(sums)));
      return;
    }
    for (std::size_t i = 0; i < sums.size(); ++i) {
      if (total_.size() < sums.size()) {
        total_.push_back(sums[i]);
      } else {
        total_[i] = total_[i] + sums[i];
      }
    }
  }
  nn::Ports& total() { return total_; }
  Measure finish() const {
    nn::Ports total = total_;
    for (std::size_t i = 0; i < total.size() && !parts_.empty(); ++i) {
      std::vector<Tensor> rows;
      for (const nn::Ports& part : parts_) rows.push_back(part[i]);
      rows.push_back(total[i]);
      total[i] = concatenate(rows, 0);
    }
    metric::Value value = metric_->finish(total.all());
    return {config::describe(*metric_), value.number, std::move(value.matrix)};
  }

 private:
  metric::AnyMetric metric_;
  nn::Ports total_;               // or, of one that collects, the last batch's
  std::vector<nn::Ports> parts_;  // those before
};

/// Each batch is computed when it has been added, so that only one is held.
void compute(std::vector<Total>& totals) {
  std::vector<Tensor> all;
  for (Total& total : totals) all.insert(all.end(), total.total().all().begin(), total.total().all().end());
  evaluate(all);
  for (Total& total : totals) {
    for (std::size_t i = 0; i < total.total().size(); ++i) total.total()[i] = detach(total.total()[i]);
  }
}

void check_rows(const data::Source& source) {
  if (source.rows() > 0) return;
  throw ValueError(81, "[evaluate] the source has no rows; need at least one.");
}

/// The net's first output, from all columns but the last and that of weights.
Tensor predict(const nn::Layer& net, const data::Batch& batch, nn::Pass& pass, Location where,
               const std::string& weights = {}) {
  if (batch.size() <= 2 && weights.empty()) return net.run(nn::Inputs(batch[0], where), pass)[0];
  nn::Ports inputs;
  for (int i = 0; i + 1 < batch.size(); ++i) {
    if (weights.empty() || batch.columns()[static_cast<std::size_t>(i)].name != weights)
      inputs.push_back(batch[i]);
  }
  return net.run(nn::Inputs(inputs.all(), where), pass)[0];
}

}  // namespace

Task::Task(nn::Layer& net, loss::AnyLoss loss, Function* function, Metrics metrics, Location where)
    : net_(&net), loss_(std::move(loss)), function_(function), metrics_(std::move(metrics)), where_(where) {
  if (loss_) config::check(*loss_.handle());
  for (metric::AnyMetric& metric : metrics_) {
    static_cast<void>(*metric);  // throws if there is none
    config::check(*metric.handle());
  }
}

Task Task::weighted_by(std::string column) const {
  if (function_) {
    throw ValueError(315, cat("[train] the task is a function, which weighs its rows itself: "
                              "{.sample_weights = batch[\"",
                              column, "\"]}. Leave weighted_by out."));
  }
  Task task = *this;
  task.weights_ = std::move(column);
  return task;
}

std::string Task::describe_loss() const { return loss_ ? config::describe(*loss_) : "function"; }

Outcome Task::outcome(const data::Batch& batch, nn::Pass& pass) const {
  if (function_) return (*function_)(*net_, batch, pass);
  const OriginScope scope(where_);
  const Tensor& target = batch.target();
  const Tensor weights = weights_.empty() ? Tensor() : batch[weights_];
  if (!weights_.empty() && batch.columns().back().name == weights_) {
    throw ValueError(272, cat("[train] the column of weights, '", weights_,
                              "', is the last one, which is the target. Put it before."));
  }
  Tensor prediction = predict(*net_, batch, pass, where_, weights_);
  Tensor loss = (*loss_)(prediction, target, weights);
  Tensor counted = loss_->counted(prediction, target, weights);
  return {std::move(loss), std::move(prediction), target, std::move(counted)};
}

std::vector<Measure> measure(const Task& task, const data::Source& source, std::int64_t batch_size) {
  check_rows(source);
  std::vector<Total> totals{Total(metric::loss)};
  for (const metric::AnyMetric& metric : task.metrics()) {
    if (metric->info().name != metric::Loss::kInfo.name) totals.emplace_back(metric);
  }
  const OriginScope scope(task.where());
  std::int64_t first = 0;
  for (const data::Batch& batch : data::blocks(source, batch_size)) {
    nn::Pass pass = nn::Pass::inference();
    Outcome outcome = task.outcome(batch, pass);
    const metric::Seen seen{std::move(outcome.prediction), std::move(outcome.target), std::move(outcome.loss),
                            batch.rows(), std::move(outcome.counted)};
    try {
      for (Total& total : totals) total.add(seen);
      compute(totals);
    } catch (const ValueError& error) {
      throw with_row(error, batch,
                     [first](std::int64_t row) { return cat("row ", first + row, " of the source"); });
    }
    first += batch.rows();
  }
  std::vector<Measure> found;
  for (const Total& total : totals) found.push_back(total.finish());
  return found;
}

double evaluate(const nn::Layer& net, const data::Source& source, const metric::AnyMetric& metric,
                std::int64_t batch_size, Location where) {
  check_rows(source);
  static_cast<void>(*metric);  // throws if there is none
  config::check(*metric::AnyMetric(metric).handle());
  const OriginScope scope(where);
  std::vector<Total> totals{Total(metric)};
  for (const data::Batch& batch : data::blocks(source, batch_size)) {
    nn::Pass pass = nn::Pass::inference();
    const Tensor& target = batch.target();
    totals[0].add({predict(net, batch, pass, where), target, {}, batch.rows()});
    compute(totals);
  }
  return totals[0].finish().value;
}

}  // namespace chainrule::train
