// A step of a batch that is cut into shards.
#include "train/sharded.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "chainrule/error.h"
#include "chainrule/ops.h"
#include "core/text.h"
#include "core/thread_pool.h"
#include "train/source_row.h"
#include "train/step_of.h"

namespace chainrule::train {
namespace {

// What the doubles begin with; then the rows of each state that was set.
constexpr std::size_t kLoss = 0, kCounted = 1, kInterrupts = 2, kRows = 3;

/// Calls f(begin, end) for parts of so many numbers, on all threads.
template <class F>
void for_parts(std::int64_t count, F f) {
  constexpr std::int64_t kNumbersAThread = 1 << 15;
  parallel_for(count, kNumbersAThread, f);
}

template <class T>
void add(T* to, const T* from, std::size_t count) {
  for_parts(static_cast<std::int64_t>(count), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) to[i] += from[i];
  });
}

}  // namespace

/// What a shard comes to.
struct ShardedStep::Graph {
  std::vector<Tensor> all;   // gradients and states in their places, then loss and what it counts
  std::vector<double> rows;  // of each state that was set
  bool are_weighed = false;  // the gradients: by what the loss counts
};

struct ShardedStep::Step {
  Trainer& trainer;
  const data::Batch& batch;
  std::int64_t rows = 0;   // of the whole batch
  std::int64_t first = 0;  // of the rank's, in the whole batch
  std::vector<std::int64_t> not_finite = {};
  std::vector<Graph> graphs = {};  // of the rank's shards, where all are there before one is computed

  Range rows_of(std::int64_t shard, std::int64_t shards) const {
    const Range range = part_of(rows, shard, shards);
    return {range.begin - first, range.end - first};
  }
  data::Batch batch_of(Range range) const {
    if (range == Range{0, batch.rows()}) return batch;
    data::Batch cut = batch;
    for (int column = 0; column < batch.size(); ++column)
      cut[column] = detach(slice(batch[column], 0, range.begin, range.end));
    return cut;
  }
};

ShardedStep::ShardedStep(const TrainerOptions& options, data::Loader& loader) : options_(options) {
  const std::int64_t ranks = options.team != nullptr ? options.team->size() : 1;
  const std::int64_t rank = options.team != nullptr ? options.team->rank() : 0;
  const std::int64_t rows = std::min(loader.options().batch_size, loader.row_count(0));
  if (options.shards > rows) {
    throw ValueError(600, cat("[train] ", options.shards, " shards of a batch of ", rows,
                              " rows. Need at least one row each: fewer shards, or larger batches."));
  }
  if (ranks > options.shards) {
    throw ValueError(600, cat("[train] ", ranks, " ranks share ", options.shards,
                              options.shards == 1 ? " shard" : " shards",
                              ". Need at least one each: fewer ranks, or more shards, as --shards ", ranks,
                              ". The number of shards decides a run's bits, the number of ranks does not."));
  }
  const Range mine = part_of(options.shards, rank, ranks);
  loader.take_part(mine.begin, mine.end, options.shards);
  nodes_ = subtrees(options.shards, rank, ranks);
}

/// Finds where everything lies, once the net is built.
void ShardedStep::lay_out(Trainer& trainer) {
  if (!places_.empty()) return;
  states_ = trainer.net().states();
  doubles_ = kRows + states_.size();
  const auto add_place = [this](const Tensor& like) {
    std::size_t& end = like.dtype() == DType::f64 ? doubles_ : floats_;
    places_.push_back({like.shape(), like.dtype(), end});
    end += static_cast<std::size_t>(like.numel());
  };
  for (const Tensor& value : trainer.optimizer().trained()) add_place(value);
  gradients_ = places_.size();
  for (const auto& [name, state] : states_) {
    if (!is_floating(state.value().dtype())) {
      throw ValueError(601, cat("[train] the state ", name, " is ", name_of(state.value().dtype()),
                                ", of which shards have no mean. Need f32 or f64, or a single shard."));
    }
    add_place(state.value());
  }
  sums_.resize(nodes_.size() * floats_, nodes_.size() * doubles_);
}

/// The tensor times a number; zeros for an empty one.
void ShardedStep::put(const Tensor& tensor, double factor, const Place& place, float* f32,
                      double* f64) const {
  const auto write = [&]<class T>(T* to) {
    if (tensor.is_empty()) {
      std::fill_n(to, place.shape.numel(), T{0});
      return;
    }
    const T* const from = tensor.data<T>().data();
    for_parts(tensor.numel(), [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) to[i] = from[i] * static_cast<T>(factor);
    });
  };
  place.dtype == DType::f64 ? write(f64 + place.at) : write(f32 + place.at);
}

Tensor ShardedStep::take(const Place& place) const {
  const auto count = static_cast<std::size_t>(place.shape.numel());
  if (place.dtype == DType::f64) return from_data(std::span(sums_.f64).subspan(place.at, count), place.shape);
  return from_data(std::span(sums_.f32).subspan(place.at, count), place.shape);
}

/// What is random in layers is a function of the shard's first row in the batch: other shards of the step
/// draw other numbers, and the first one those of a batch that is not cut.
nn::Pass ShardedStep::pass_of(const Step& step, std::int64_t first_row) const {
  constexpr std::uint64_t kApart = 0x9E3779B97F4A7C15u;
  nn::Pass pass = nn::Pass::training(options_.seed + kApart * static_cast<std::uint64_t>(first_row),
                                     step.trainer.steps_done());
  pass.init.seed = options_.seed;
  return pass;
}

/// Builds, and computes nothing.
/// @param joined  with the other shards; null: it sees itself alone.
ShardedStep::Graph ShardedStep::graph_of(Step& step, std::int64_t shard, Joined::Building* joined) const {
  const Range range = step.rows_of(shard, options_.shards);
  Graph graph;
  if (range.size() == 0) return graph;
  graph.rows.resize(states_.size());
  const data::Batch batch = step.batch_of(range);
  nn::Pass pass = pass_of(step, step.first + range.begin);
  const Task& task = step.trainer.task();
  Outcome outcome = task.outcome(batch, pass);
  const Tensor counted = maximum(cast(reshape(counted_in(outcome, batch), {}), DType::f64), 0);
  const Tensor loss = cast(reshape(outcome.loss, {}), DType::f64) * counted;
  optim::Optimizer& optimizer = step.trainer.optimizer();
  if (joined != nullptr) {
    graph.all = joined->gradients(outcome.loss, loss, optimizer, task.where());
    graph.are_weighed = true;
  } else {
    graph.all = optimizer.gradients(outcome.loss, task.where());
  }
  for (std::size_t i = 0; i < states_.size(); ++i) {
    const auto is_it = [&](const nn::Pass::Update& update) { return update.state == states_[i].state; };
    const auto update = std::find_if(pass.updates().begin(), pass.updates().end(), is_it);
    if (update == pass.updates().end()) {
      graph.all.emplace_back();
      continue;
    }
    graph.rows[i] = static_cast<double>(range.size());
    graph.all.push_back(update->next * graph.rows[i]);
  }
  graph.all.push_back(loss);
  graph.all.push_back(counted);
  return graph;
}

/// An error of a kernel names the row of the source.
void ShardedStep::evaluate_of(Step& step, std::int64_t shard, std::span<const Tensor> tensors) const {
  std::vector<Tensor> made;
  for (const Tensor& tensor : tensors) {
    if (!tensor.is_empty()) made.push_back(tensor);
  }
  try {
    evaluate(made);
  } catch (const ValueError& error) {
    if (error.code() != 22) throw;
    const Range range = step.rows_of(shard, options_.shards);
    const std::vector<std::int64_t> rows = step.trainer.loader().rows(step.trainer.steps_done());
    throw with_row(error, step.batch_of(range), [&](std::int64_t row) {
      const std::int64_t number = rows.at(static_cast<std::size_t>(step.first + range.begin + row));
      return step.trainer.loader().source().name_of_row(number);
    });
  }
}

/// Builds all shards of this rank, and finds the sums that their nets ask for.
void ShardedStep::join(Step& step) {
  Joined joined(options_, nodes_);
  for (std::int64_t shard = nodes_.front().begin; shard < nodes_.back().end; ++shard) {
    Joined::Building building(joined, shard);
    step.graphs.push_back(graph_of(step, shard, &building));
  }
  joined.find([&](std::int64_t shard, const Tensor& tensor) { evaluate_of(step, shard, {&tensor, 1}); });
}

void ShardedStep::compute(Step& step, std::int64_t shard, float* f32, double* f64) {
  const auto own = static_cast<std::size_t>(shard - nodes_.front().begin);
  const Graph graph =
      step.graphs.empty() ? graph_of(step, shard, nullptr) : std::exchange(step.graphs[own], {});
  if (graph.all.empty()) {
    std::fill(f32, f32 + floats_, 0.0f);
    std::fill(f64, f64 + doubles_, 0.0);
    return;
  }
  evaluate_of(step, shard, graph.all);
  const double counted = graph.all.back().item<double>();
  for (std::size_t i = 0; i < places_.size(); ++i) {
    const double factor = i < gradients_ && !graph.are_weighed ? counted : 1;
    put(graph.all[i], factor, places_[i], f32, f64);
  }
  std::copy(graph.rows.begin(), graph.rows.end(), f64 + kRows);
  f64[kInterrupts] = 0;
  f64[kCounted] = counted;
  f64[kLoss] = graph.all[graph.all.size() - 2].item<double>();
  if (!std::isfinite(f64[kLoss])) step.not_finite.push_back(shard);
}

/// Of a node of the tree.
void ShardedStep::sum_of(Step& step, Range node, float* f32, double* f64, std::size_t depth) {
  if (node.size() == 1) return compute(step, node.begin, f32, f64);
  sum_of(step, {node.begin, middle(node)}, f32, f64, depth + 1);
  if (scratch_.size() <= depth) scratch_.resize(depth + 1);
  scratch_[depth].resize(floats_, doubles_);
  float* const more_f32 = scratch_[depth].f32.data();
  double* const more_f64 = scratch_[depth].f64.data();
  sum_of(step, {middle(node), node.end}, more_f32, more_f64, depth + 1);
  add(f32, scratch_[depth].f32.data(), floats_);
  add(f64, scratch_[depth].f64.data(), doubles_);
}

ShardedStep::Done ShardedStep::run(Trainer& trainer, const data::Batch& batch, bool interrupts) {
  lay_out(trainer);
  Step step{trainer, batch};
  step.rows = trainer.loader().row_count(trainer.steps_done());
  step.first = part_of(step.rows, nodes_.front().begin, options_.shards).begin;
  if (options_.sync_batch_norm && options_.shards > 1) join(step);
  for (std::size_t i = 0; i < nodes_.size(); ++i)
    sum_of(step, nodes_[i], sums_.f32.data() + i * floats_, sums_.f64.data() + i * doubles_, 0);
  sums_.f64[kInterrupts] = interrupts ? 1 : 0;
  if (options_.team != nullptr) {
    options_.team->sum(options_.shards, sums_.f32);
    options_.team->sum(options_.shards, sums_.f64);
  }
  const double counted = sums_.f64[kCounted];
  const double loss = sums_.f64[kLoss] / (counted > 0 ? counted : 1);
  if (!std::isfinite(loss)) refuse(step);

  std::vector<Tensor> gradients;
  for (std::size_t i = 0; i < gradients_; ++i) gradients.push_back(take(places_[i]));
  nn::Pass pass = pass_of(step, 0);
  for (std::size_t i = 0; i < states_.size(); ++i) {
    const double rows = sums_.f64[kRows + i];
    if (rows > 0) pass.set(states_[i].state, take(places_[gradients_ + i]) / rows);
  }
  trainer.optimizer().step(std::move(gradients), scalar(counted, DType::f64), pass);
  return {loss, sums_.f64[kInterrupts] > 0};
}

/// Of a loss that is not finite: the first shard that has one is run alone, to say where it came from.
void ShardedStep::refuse(Step& step) {
  std::string text;
  bad = {};
  const auto is_bad_alone = [&](std::int64_t shard) {
    const Tensor loss = graph_of(step, shard, nullptr).all.rbegin()[1];
    return !std::isfinite(loss.item<double>());
  };
  // Where shards are joined, one that is bad spoils all.
  const auto found = std::find_if(step.not_finite.begin(), step.not_finite.end(), is_bad_alone);
  if (found != step.not_finite.end()) {
    const Range range = step.rows_of(*found, options_.shards);
    bad = step.batch_of(range), bad_row = step.first + range.begin;
    nn::Pass pass = pass_of(step, bad_row);
    try {
      step_of(step.trainer.task(), step.trainer.optimizer(), bad, pass);
    } catch (const ValueError& error) {
      if (error.code() != 80) throw;
      text = error.what();
      text.erase(text.rfind(" (E"));
    }
  }
  if (options_.team != nullptr) {
    const std::vector<std::string> texts = options_.team->gather(text);
    const auto first = std::find_if(texts.begin(), texts.end(), [](const auto& t) { return !t.empty(); });
    if (first - texts.begin() != options_.team->rank()) bad = {};
    if (first != texts.end()) text = *first;
  }
  throw ValueError(80, text.empty() ? "[train] the sum of the shards' losses is not finite." : text);
}

}  // namespace chainrule::train
