// What is to be learnt, and how well it has been.
#include "chainrule/train/task.h"

#include <algorithm>

#include "chainrule/config.h"
#include "chainrule/error.h"
#include "chainrule/io.h"
#include "chainrule/ops.h"
#include "core/text.h"
#include "graph/node.h"
#include "train/shard_tree.h"
#include "train/source_row.h"

namespace chainrule::train {
namespace {

/// Adds up the sums of a metric over the batches, in their order.
class Total {
 public:
  explicit Total(metric::AnyMetric metric) : metric_(std::move(metric)) {}

  void add(const metric::Seen& seen) { add(metric_->sums(seen)); }
  void add(nn::Ports sums) {
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
  const metric::AnyMetric& metric() const { return metric_; }
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

metric::Seen seen_of(const Task& task, const data::Batch& batch) {
  nn::Pass pass = nn::Pass::inference();
  Outcome outcome = task.outcome(batch, pass);
  auto [prediction, target] = task.for_metrics(outcome.prediction, outcome.target);
  return {std::move(prediction), std::move(target), std::move(outcome.loss), batch.rows(),
          std::move(outcome.counted)};
}

/// Calls `with` for some blocks of a source, and says of a wrong class number in which row of it that stands.
template <class F>
void for_blocks(const Task& task, const data::Source& source, std::int64_t size, Range blocks, F with) {
  for (std::int64_t block = blocks.begin; block < blocks.end; ++block) {
    const std::int64_t first = block * size;
    const data::Batch batch = source.range(first, std::min(first + size, source.rows()));
    try {
      with(block, seen_of(task, batch));
    } catch (const ValueError& error) {
      throw with_row(error, batch, [&](std::int64_t row) { return source.name_of_row(first + row); });
    }
  }
}

/// The same as adding the blocks up alone: each rank finds the sums of some, all add all of them in order.
void add_with(Team& team, const Task& task, const data::Source& source, std::int64_t size,
              std::vector<Total>& totals) {
  const auto name = [](std::int64_t block, std::size_t metric, std::size_t sum) {
    return cat(block, "/", metric, "/", sum);
  };
  const std::int64_t blocks = data::blocks(source, size).size();
  NamedTensors mine;
  const auto find_sums = [&](std::int64_t block, const metric::Seen& seen) {
    std::vector<Tensor> all;
    for (std::size_t m = 0; m < totals.size(); ++m) {
      const nn::Ports sums = totals[m].metric()->sums(seen);
      for (std::size_t i = 0; i < sums.size(); ++i) {
        mine.add(name(block, m, i), sums[i]);
        all.push_back(sums[i]);
      }
    }
    evaluate(all);
  };
  for_blocks(task, source, size, part_of(blocks, team.rank(), team.size()), find_sums);
  const std::vector<std::string> texts = team.gather(io::safetensors_bytes(mine));
  for (std::int64_t rank = 0; rank < team.size(); ++rank) {
    const NamedTensors sums = io::parse_safetensors(texts[static_cast<std::size_t>(rank)]).tensors;
    const Range range = part_of(blocks, rank, team.size());
    for (std::int64_t block = range.begin; block < range.end; ++block) {
      for (std::size_t m = 0; m < totals.size(); ++m) {
        nn::Ports of_block;
        while (const Tensor* sum = sums.find(name(block, m, of_block.size()))) of_block.push_back(*sum);
        totals[m].add(std::move(of_block));
      }
      compute(totals);
    }
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

std::pair<Tensor, Tensor> Task::for_metrics(const Tensor& prediction, const Tensor& target) const {
  return loss_ ? loss_->for_metrics(prediction, target) : std::pair(prediction, target);
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

std::vector<Measure> measure(const Task& task, const data::Source& source, std::int64_t batch_size,
                             Team* team) {
  check_rows(source);
  std::vector<Total> totals{Total(metric::loss)};
  for (const metric::AnyMetric& metric : task.metrics()) {
    if (metric->info().name != metric::Loss::kInfo.name) totals.emplace_back(metric);
  }
  const OriginScope scope(task.where());
  if (team != nullptr && team->size() > 1) {
    add_with(*team, task, source, batch_size, totals);
  } else {
    const Range all{0, data::blocks(source, batch_size).size()};
    for_blocks(task, source, batch_size, all, [&](std::int64_t, const metric::Seen& seen) {
      for (Total& total : totals) total.add(seen);
      compute(totals);
    });
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
