// Both passes of a batch through a net, one weight's part in them, and what the optimizer makes of it.
#include "explain_batch.h"

#include <numeric>
#include <span>
#include <vector>

#include "chainrule/error.h"
#include "chainrule/ops.h"

namespace chainrule::cli {
namespace {

using Rows = std::vector<std::int64_t>;

/// A batch again, of some of its rows.
data::Batch part_of(const data::Batch& batch, std::span<const std::int64_t> rows) {
  if (static_cast<std::int64_t>(rows.size()) == batch.rows()) return batch;
  std::vector<NamedTensor> tensors;
  for (int column = 0; column < batch.size(); ++column) {
    tensors.push_back(
        {batch.columns()[static_cast<std::size_t>(column)].name,
         take(batch[column],
              from_data(Rows(rows.begin(), rows.end()), {static_cast<std::int64_t>(rows.size())}), 0)});
  }
  return data::Batch(std::span<const NamedTensor>(tensors));
}

}  // namespace

void explain_batch(NetExplanation& made, ExplainedBatch of) {
  const nn::Layer& net = of.task.net();
  const auto on_batch = [&](nn::Pass& pass) { return of.task.outcome(of.batch, pass).loss; };
  made.net = explain::explain_net(net, on_batch, of.mode);
  if (of.parameter.empty()) return;
  auto [path, index] = explain::read_weight(of.parameter);
  const auto on_rows = [&](const explain::RowsPass& some) {
    return of.task.outcome(part_of(of.batch, some.rows), some.pass).loss;
  };
  Rows places(static_cast<std::size_t>(of.batch.rows()));
  std::iota(places.begin(), places.end(), std::int64_t{0});
  made.weight = explain::explain_weight(net, path, index, on_rows, places, of.mode);
  made.states = of.states;
  nn::Pass pass = nn::Pass::inference();
  of.mode.counted = of.task.outcome(of.batch, pass).counted;
  if (of.mode.counted.is_empty()) of.mode.counted = scalar(static_cast<double>(of.batch.rows()), f64);
  try {
    made.update = explain::explain_update(of.optimizer, path, index, on_batch, of.mode);
  } catch (const ValueError& error) {
    if (error.code() != 383) throw;
    made.states = path + " is frozen: no step changes it";
  }
}

}  // namespace chainrule::cli
