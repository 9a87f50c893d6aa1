#include "chainrule/data/loader.h"

#include <array>
#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "chainrule/error.h"
#include "core/text.h"
#include "core/thread_pool.h"
#include "data/pipeline.h"

namespace chainrule::data {
namespace {

constexpr std::int64_t kMostWorkers = 256;
constexpr std::int64_t kMostPrefetch = 1024;

/// Those with which each class is drawn equally often, or those that were given.
std::vector<double> weights_of(const Source& source, const LoaderOptions& options) {
  if (options.order != Batches::Order::balanced) return options.weights;
  if (!options.weights.empty()) {
    throw ValueError(460,
                     "[loader] the order balanced finds weights of its own. Leave them out, or draw "
                     "with_replacement.");
  }
  const Column* target = source.target();
  if (target == nullptr || is_floating(target->dtype) || target->shape.numel() != 1) {
    throw ValueError(461,
                     cat("[loader] the order balanced needs a target of class numbers, but this source has ",
                         target ? cat("'", target->name, "' ", target->shape, " ", target->dtype) : "none",
                         ". Give weights instead."));
  }
  const auto classes = source.targets().to_vector<std::int64_t>();
  std::map<std::int64_t, double> counts;
  for (const std::int64_t number : classes) counts[number] += 1;
  std::vector<double> weights;
  for (const std::int64_t number : classes) weights.push_back(1 / counts[number]);
  return weights;
}

}  // namespace

/// The workers take steps one after another; what they made waits in a ring of slots until it is asked for.
struct Loader::Inside {
  struct Slot {
    Batch batch;
    std::exception_ptr error;
    bool ready = false;
  };

  Inside(Source from, const Options& chosen)
      : pipeline(std::move(from), chosen.transforms),
        options(chosen),
        batches(pipeline.source().rows(),
                {.batch_size = chosen.batch_size,
                 .order = chosen.order,
                 .seed = chosen.seed,
                 .drop_last = chosen.drop_last},
                weights_of(pipeline.source(), chosen)) {
    if (options.workers < 0 || options.workers > kMostWorkers || options.prefetch < 1 ||
        options.prefetch > kMostPrefetch) {
      throw ValueError(276, cat("[loader] ", options.workers, " workers, each ", options.prefetch,
                                " batches ahead; need 0 to ", kMostWorkers,
                                " workers and a prefetch of 1 to ", kMostPrefetch, "."));
    }
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
  std::span<const std::int64_t> rows_at(std::int64_t step);
  bool has_work() const { return next < wanted + static_cast<std::int64_t>(slots.size()); }

  Pipeline pipeline;
  Options options;
  Batches batches;
  std::int64_t begin = 0, end = 1, parts = 1;  // of each batch

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

std::span<const std::int64_t> Loader::Inside::rows_at(std::int64_t step) {
  const std::span<const std::int64_t> all = batches.at(step);
  const auto count = static_cast<std::int64_t>(all.size());
  const std::int64_t first = count * begin / parts, last = count * end / parts;
  return all.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(last - first));
}

Batch Loader::Inside::make(std::int64_t step, std::span<const std::int64_t> rows) const {
  std::array<Tensor, Columns::kMost> tensors;
  const std::span<Tensor> batch(tensors.data(), pipeline.columns()->list.size());
  // Where rows are drawn, one may come several times in an epoch, and looks different each time.
  const std::int64_t epoch = batches.draws() ? step : step / batches.steps_per_epoch();
  pipeline.take(rows, epoch, options.seed, batch);
  return {pipeline.columns(), batch};
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
    const auto chosen = rows_at(step);
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
  if (options.workers == 0) return make(step, rows_at(step));
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
  Batches order = [this] {
    const std::lock_guard lock(inside().mutex);  // a worker may be making the next epoch's order
    return inside().batches;
  }();
  const std::span<const std::int64_t> rows = order.at(step);
  return {rows.begin(), rows.end()};
}
std::int64_t Loader::row_count(std::int64_t step) const { return inside().batches.count(step); }
void Loader::take_part(std::int64_t begin, std::int64_t end, std::int64_t parts) {
  if (parts < 1 || begin < 0 || end < begin || end > parts) {
    throw ValueError(276, cat("[loader] parts ", begin, " to ", end, " of ", parts,
                              "; need at least one part, and those from 0 to that number."));
  }
  const std::lock_guard lock(inside().mutex);
  inside().begin = begin, inside().end = end, inside().parts = parts;
  if (!inside().threads.empty()) inside().start(inside().wanted);
}
std::int64_t Loader::steps_per_epoch() const { return inside().batches.steps_per_epoch(); }
const Source& Loader::source() const { return inside().pipeline.source(); }
const std::vector<Column>& Loader::columns() const { return inside().pipeline.columns()->list; }
const Loader::Options& Loader::options() const { return inside().options; }

}  // namespace chainrule::data
