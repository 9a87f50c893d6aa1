#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chainrule/data/loader.h"
#include "chainrule/duration.h"
#include "chainrule/optim.h"
#include "chainrule/train/handler.h"
#include "chainrule/train/history.h"
#include "chainrule/train/task.h"
#include "chainrule/train/team.h"

namespace chainrule::train {

struct TrainerOptions {
  std::uint64_t seed = 1;  ///< of first weights, if the net is not built yet, and of what is random in layers
  /// Parts of each batch, one after another and nearly equal, whose gradients are computed alone and added up
  /// by a fixed binary tree: what ranks share out. The bits of a run depend on it, and not on the number of
  /// ranks. Batch norm sees a shard, not the batch; running statistics are the mean over shards.
  std::int64_t shards = 1;
  /// With shards: whether batch norm sees the whole batch nevertheless, as with one shard, but for rounding.
  /// In each such layer the ranks then wait for one another, twice forward and twice backward.
  bool sync_batch_norm = false;
  /// The ranks that share the shards, if there are any: must outlive the trainer. Then what handlers and
  /// metrics do must be the same on all of them; files are written, and reports printed, by rank 0 alone.
  Team* team = nullptr;
};

/// What a run came to.
struct Result {
  std::int64_t steps = 0;  ///< done by this run
  double seconds = 0;      ///< spent in them, without what was measured
  Report last;             ///< the last report, if there was any
  std::string reason;      ///< why it ended: "all steps done", or what `stop` was told
  bool stopped = false;    ///< whether `stop` ended it
};
/// "1000 steps in 1.2 s, all steps done: loss 0.21, test.accuracy 0.95"
std::ostream& operator<<(std::ostream& out, const Result& result);

/// Where a run goes on.
struct Resumed {
  std::int64_t step = 0;
  std::string checkpoint;  ///< its path; empty if there was none: the run starts at step 0
  std::string damaged;     ///< why the other checkpoint could not be read; empty if it could
};
/// "goes on at step 1500, from run1/checkpoint-a.safetensors", with what was damaged.
std::ostream& operator<<(std::ostream& out, const Resumed& resumed);

/// The training loop: takes batches, steps, and calls handlers.
///
///     train::Trainer trainer({net, loss::softmax_cross_entropy, {metric::accuracy}}, optimizer,
///                            {mnist.train, {.batch_size = 128, .seed = 1}});
///     trainer.on(epochs(1), train::evaluate(mnist.test)).on(steps(500), train::checkpoint("run1"));
///     std::cout << trainer.run(epochs(5)) << "\n";
///
/// It has no powers of its own: a step is `optimizer.step(loss, pass)` with `Pass::training(seed, step)` and
/// `loader.at(step)`; if the optimizer accumulates, with what the loss counts. Where it ends depends on net,
/// data, options and the number of steps alone: not on the number of threads, nor on whether the run was
/// interrupted and resumed.
///
/// Reports are made when a handler measures; if none does, once an epoch; and at the end of a run.
class Trainer {
 public:
  using Options = TrainerOptions;

  /// Net and optimizer must outlive it.
  /// @throws ValueError  for fewer than 1 shard, more shards than rows of a batch, or more ranks than shards
  ///     (E600).
  Trainer(Task task, optim::Optimizer& optimizer, data::Loader loader, Options options = {});
  Trainer(const Trainer&) = delete;
  Trainer& operator=(const Trainer&) = delete;

  /// Calls a handler every so many steps or epochs, counted from step 0. Of one step those are called first
  /// that measure, but for those that come before all (Handler::comes_first); those of a kind in the order in
  /// which they were hung up.
  /// @throws ValueError  for less than a step (E301), an empty handle (E313), one that remembers another
  ///     training (E322), or inside a handler (E302).
  Trainer& on(Duration every, Shared<Handler> handler);
  template <HandlerFunction F>
  Trainer& on(Duration every, F function) {
    return on(every, Shared<Handler>(new HandlerOf<F>(std::move(function))));
  }

  /// Trains for so long, or until a handler stops it; called again, it goes on. After `resume` the runs of
  /// the program count from step 0 again: the program is run as before, and what has been done is left out.
  /// @throws ValueError  for less than a step (E082), inside a handler (E302), or if the loss is not finite
  ///     (E080): with weights that are, if need be those of the last report. Handlers' `end` has been called
  ///     then.
  Result run(Duration length);

  /// One step, without handlers. Returns the loss of its batch, from before the step. @throws as run (E080).
  double step();

  /// Goes on where a run that kept its checkpoints in a folder was stopped or killed: with the newest whole
  /// checkpoint, to the same bits as if it had not been stopped. A folder without one starts at step 0.
  /// @throws ValueError  if the run had another configuration (E303: lists the differences) or net (E304).
  /// @throws FileError  if no checkpoint is whole (E307), or the history is not that of the checkpoint
  /// (E305).
  Resumed resume(const std::string& folder);

  /// @name For handlers
  /// @{
  /// Ends the run after this step. Between runs: the next one, before its first step.
  /// With a team: on all ranks at the same step.
  void stop(std::string reason);
  /// The same for what only this rank knows, such as a signal: of a team all ranks end after the next step.
  void interrupt();
  /// Whether this is the rank that writes and prints: rank 0, or the only one.
  bool writes() const { return options_.team == nullptr || options_.team->rank() == 0; }
  /// A number of the report that is being made, or of the next one.
  void record(Measure measure);
  State state() const;
  std::int64_t steps_done() const { return step_; }
  /// Spent in all steps so far, without what was measured; those before resuming included.
  double seconds() const { return seconds_; }
  std::int64_t steps_per_epoch() const { return loader_.steps_per_epoch(); }
  const History& history() const { return history_; }
  /// Whether each handler that measures has been called.
  bool has_measured() const;
  const Task& task() const { return task_; }
  optim::Optimizer& optimizer() { return *optimizer_; }
  const data::Loader& loader() const { return loader_; }
  const Options& options() const { return options_; }
  nn::Layer& net() { return task_.net(); }
  /// @}

  /// Makes the net's parameters, if they are not there.
  void build();
  /// Everything that later steps depend on: parameters and states of layers by path, those of the optimizer
  /// with "optimizer/" before their name, those of handlers with "handler1/".
  NamedTensors tensors() const;
  /// What the library knows of net, loss, metrics, optimizer and loader, as TOML.
  std::string configuration() const;

 private:
  friend class RunFolder;
  struct Hook {
    std::int64_t every;
    Shared<Handler> handler;
    std::int64_t called_at = -1;
  };
  struct Snapshot {
    NamedTensors tensors;
    std::int64_t step = 0;
    std::size_t handlers = 0;  // that there were
  };

  void begin();
  void fire();
  void call(Hook& hook);
  template <class F>
  void with_measured_weights(F calls);
  void report();
  void end_after_failure();
  Result finish(std::int64_t from, double seconds_before);
  void take_snapshot();
  double take_step(const data::Batch& batch);
  double take_sharded_step(const data::Batch& batch);
  void check_ranks();
  std::string recover(const std::string& message, const data::Batch& batch, std::int64_t first_row);
  void restore(const NamedTensors& tensors);
  void go_back();
  void take_up();
  void stop_clock();
  void start_clock();

  std::uint64_t number_;  // of the trainers of this program, from 1
  Task task_;
  optim::Optimizer* optimizer_;
  data::Loader loader_;
  Options options_;
  std::vector<Hook> hooks_;
  bool any_measures_ = false;

  data::Batch first_;  // of the step `first_of_`, if it was taken to build the net
  std::int64_t first_of_ = -1;
  std::int64_t step_ = 0, planned_ = 0;
  double last_loss_ = 0;
  double loss_sum_ = 0;  // of the steps since the last report
  std::int64_t loss_count_ = 0;
  double seconds_ = 0, clock_started_ = 0;
  History history_;
  std::vector<Measure> recorded_;
  std::string stop_reason_;
  bool is_stopped_ = false, is_running_ = false, is_interrupted_ = false;
  Shared<Counted> sharded_;  // a ShardedStep; empty with one shard
  Snapshot snapshot_;
  NamedTensors handler_states_;  // of a checkpoint, until the handlers begin
  std::string resumed_folder_, resumed_from_;
  bool is_resumed_ = false;  // and has not begun a run since
};

template <class F>
void HandlerOf<F>::call(Trainer& trainer) {
  if constexpr (std::invocable<F&, Trainer&>) {
    function_(trainer);
  } else if constexpr (std::invocable<F&, const State&>) {
    function_(trainer.state());
  } else {
    function_();
  }
}

}  // namespace chainrule::train
