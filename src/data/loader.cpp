#include "chainrule/data/loader.h"

#include <array>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "chainrule/error.h"
#include "core/text.h"
#include "core/thread_pool.h"
#include "data/new_rows.h"

namespace chainrule::data {
namespace {

constexpr std::int64_t kMostWorkers = 256;
constexpr std::int64_t kMostPrefetch = 1024;

}  // namespace

/// The workers take steps one after another; what they made waits in a ring of slots until it is asked for.
struct Loader::Inside {
  struct Slot {
    Batch batch;
    std::exception_ptr error;
    bool ready = false;
  };

  Inside(Source from, const Options& chosen)
      : source(std::move(from)),
        options(chosen),
        batches(source.rows(), {.batch_size = chosen.batch_size,
                                .order = chosen.order,
                                .seed = chosen.seed,
                                .drop_last = chosen.drop_last}) {
    if (options.workers < 0 || options.workers > kMostWorkers || options.prefetch < 1 ||
        options.prefetch > kMostPrefetch) {
      throw ValueError(276, cat("[loader] ", options.workers, " workers, each ", options.prefetch,
                                " batches ahead; need 0 to ", kMostWorkers,
                                " workers and a prefetch of 1 to ", kMostPrefetch, "."));
    }
    if (options.transforms.list.size() > Transforms::kMost) {
      throw ValueError(276, cat("[loader] ", options.transforms.list.size(), " transforms; need at most ",
                                Transforms::kMost, "."));
    }
    for (const auto& transform : options.transforms.list) transform->check(source.columns());
  }

  ~Inside() {
    {
      const std::lock_guard lock(mutex);
      stopped = true;
    }
    wake.notify_all();
    for (std::thread& thread : threads) thread.join();
  }

  Batch at(std::int64_t step);
  Batch make(std::int64_t step, std::span<const std::int64_t> rows) const;
  void work();
  void start(std::int64_t step);
  Slot& slot(std::int64_t step) { return slots[static_cast<std::size_t>(step) % slots.size()]; }
  bool has_work() const { return next < wanted + static_cast<std::int64_t>(slots.size()); }

  Source source;
  Options options;
  Batches batches;

  // Used with workers only, all under the mutex.
  std::mutex mutex;
  std::condition_variable wake, made;
  std::vector<Slot> slots;
  std::int64_t wanted = 0;   // the step that is asked for next, by guess
  std::int64_t next = 0;     // the step that a worker takes next
  std::uint64_t course = 0;  // changes when another step is asked for than guessed
  bool stopped = false;
  std::vector<std::thread> threads;
};

Batch Loader::Inside::make(std::int64_t step, std::span<const std::int64_t> rows) const {
  const Rows& from = *source.inside();
  std::array<Tensor, Columns::kMost> tensors;
  const std::span<Tensor> batch(tensors.data(), from.columns().size());
  if (options.transforms.list.empty()) {
    from.take(rows, batch);
  } else {
    NewRows memory(from.columns(), rows.size());
    from.gather(rows, memory.arrays());
    Draw draw{.rows = rows, .epoch = step / batches.steps_per_epoch(), .seed = options.seed};
    for (const auto& transform : options.transforms.list) {
      transform->apply(memory.arrays(), draw);
      ++draw.place;
    }
    memory.give(batch);
  }
  return {from.shared_columns(), batch};
}

void Loader::Inside::work() {
  const WithoutPool pool_is_for_training;
  std::vector<std::int64_t> rows;
  std::unique_lock lock(mutex);
  for (;;) {
    wake.wait(lock, [this] { return stopped || has_work(); });
    if (stopped) return;
    const std::int64_t step = next++;
    const std::uint64_t mine = course;
    const auto chosen = batches.at(step);
    rows.assign(chosen.begin(), chosen.end());
    lock.unlock();
    Slot result;
    try {
      result.batch = make(step, rows);
    } catch (...) {
      result.error = std::current_exception();
    }
    result.ready = true;
    lock.lock();
    if (mine == course) {
      slot(step) = std::move(result);
      made.notify_all();
    }
  }
}

// Forgets what was made for other steps.
void Loader::Inside::start(std::int64_t step) {
  wanted = next = step;
  ++course;
  for (Slot& slot : slots) slot = {};
  if (!threads.empty()) return;
  slots.resize(static_cast<std::size_t>(options.workers * options.prefetch));
  try {
    for (std::int64_t i = 0; i < options.workers; ++i) threads.emplace_back([this] { work(); });
  } catch (const std::system_error&) {
    if (threads.empty()) throw;  // else go on with those that the system gives
  }
}

Batch Loader::Inside::at(std::int64_t step) {
  if (options.workers == 0) return make(step, batches.at(step));
  std::unique_lock lock(mutex);
  if (step != wanted || threads.empty()) {
    batches.at(step);  // says if there is no such step
    start(step);
    wake.notify_all();
  }
  Slot& place = slot(step);
  made.wait(lock, [&] { return place.ready; });
  Slot result = std::exchange(place, {});
  ++wanted;
  lock.unlock();
  wake.notify_one();
  if (result.error) std::rethrow_exception(result.error);
  return std::move(result.batch);
}

Loader::Loader(Source source, const Options& options) : inside_(new Inside(std::move(source), options)) {}
Loader::~Loader() { delete inside_; }
Batch Loader::at(std::int64_t step) { return inside().at(step); }
std::vector<std::int64_t> Loader::rows(std::int64_t step) const {
  Batches order = inside().batches;
  const std::span<const std::int64_t> rows = order.at(step);
  return {rows.begin(), rows.end()};
}
std::int64_t Loader::steps_per_epoch() const { return inside().batches.steps_per_epoch(); }
const Source& Loader::source() const { return inside().source; }
const Loader::Options& Loader::options() const { return inside().options; }

}  // namespace chainrule::data
