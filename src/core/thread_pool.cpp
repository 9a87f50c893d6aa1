#include "core/thread_pool.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <system_error>
#include <thread>
#include <vector>

#include "chainrule/error.h"
#include "core/cpu_count.h"
#include "core/environment.h"
#include "core/interruption.h"
#include "core/text.h"

namespace chainrule {
namespace {

constexpr auto kSpin = std::chrono::microseconds(40);  // how long to look for work before sleeping
constexpr int kBlocksPerThread = 4;                    // so that a slow thread is left behind, not waited for
constexpr int kMaxBlocksPerThread = 16;                // where somebody may want it to end between them

thread_local bool inside_body = false;  // a parallel_for inside a body runs on the spot

void relax() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Waits for `ready()` by spinning up to kSpin; whether it came.
template <class Ready>
bool spin_until(Ready ready) {
  const auto start = std::chrono::steady_clock::now();
  do {
    for (int i = 0; i < 32; ++i) {
      if (ready()) return true;
      relax();
    }
  } while (std::chrono::steady_clock::now() - start < kSpin);
  return ready();
}

// One job at a time. Its blocks are dealt out to shares, one a thread, and each thread takes those of its own
// share before it takes from others: so from job to job a thread finds the same part of the data, say some
// images of a batch, in its own cache.
//
// A job is published by storing each share's ticket: the job's number and how many of the blocks nobody has
// claimed yet. A block is claimed by a compare-and-swap of the ticket, which can succeed only while the job
// is the current one; so a worker that was stopped by the system between reading the job and claiming a block
// cannot touch a later job, and nobody need wait for it.
class Pool {
 public:
  ~Pool() {
    closed.store(true);
    stop_workers();
  }

  bool try_run(std::int64_t count, std::int64_t blocks, int threads, RangeBody body) {
    if (busy_.exchange(true, std::memory_order_acquire)) return false;
    struct Release {
      std::atomic<bool>& flag;
      ~Release() { flag.store(false, std::memory_order_release); }
    } release{busy_};
    if (started_for_ != threads) start_workers(threads);
    is_asked_.store(interruption != nullptr, std::memory_order_relaxed);
    publish(count, blocks, body);
    work(0);
    wait_for_others();
    if (failed_.load(std::memory_order_relaxed)) {
      std::exception_ptr error = std::move(error_);
      error_ = nullptr;
      std::rethrow_exception(error);
    }
    return true;
  }

  static std::atomic<bool> closed;  // the process is exiting and the workers are gone

 private:
  static constexpr int kBlockBits = 16;
  static constexpr std::uint64_t kBlockMask = (std::uint64_t{1} << kBlockBits) - 1;
  static_assert(kMaxThreads * kMaxBlocksPerThread <= static_cast<int>(kBlockMask));

  void publish(std::int64_t count, std::int64_t blocks, RangeBody body) {
    call_.store(body.call, std::memory_order_relaxed);
    context_.store(body.context, std::memory_order_relaxed);
    count_.store(count, std::memory_order_relaxed);
    blocks_.store(blocks, std::memory_order_relaxed);
    failed_.store(false, std::memory_order_relaxed);
    pending_.store(static_cast<std::uint32_t>(blocks), std::memory_order_relaxed);
    const std::uint64_t job = job_.load(std::memory_order_relaxed) + 1;
    for (std::int64_t i = 0; i < started_for_; ++i) {
      const auto share = static_cast<std::uint64_t>(end_of_share(i, blocks) - end_of_share(i - 1, blocks));
      shares_[static_cast<std::size_t>(i)].ticket.store(job << kBlockBits | share, std::memory_order_release);
    }
    job_.store(job);
    if (sleepers_.load() > 0) wake();
  }

  /// The block after the last of a share.
  std::int64_t end_of_share(std::int64_t share, std::int64_t blocks) const {
    return blocks * (share + 1) / started_for_;
  }

  void wake() {
    bell_.fetch_add(1);
    bell_.notify_all();
  }

  // Claims and runs blocks until none is left: those of thread `self` first.
  void work(int self) {
    inside_body = true;
    for (int i = 0; i < started_for_; ++i) work_on((self + i) % started_for_);
    inside_body = false;
  }

  void work_on(int share) {
    std::atomic<std::uint64_t>& place = shares_[static_cast<std::size_t>(share)].ticket;
    std::uint64_t ticket = place.load(std::memory_order_acquire);
    while ((ticket & kBlockMask) != 0) {
      const RangeBody body{call_.load(std::memory_order_relaxed), context_.load(std::memory_order_relaxed)};
      const std::int64_t count = count_.load(std::memory_order_relaxed);
      const std::int64_t blocks = blocks_.load(std::memory_order_relaxed);
      if (!place.compare_exchange_weak(ticket, ticket - 1, std::memory_order_acq_rel,
                                       std::memory_order_acquire))
        continue;
      run_block(body, count, blocks,
                end_of_share(share, blocks) - static_cast<std::int64_t>(ticket & kBlockMask));
      ticket = place.load(std::memory_order_acquire);
    }
  }

  void run_block(RangeBody body, std::int64_t count, std::int64_t blocks, std::int64_t index) {
    const std::int64_t size = count / blocks, larger = count % blocks;  // the first `larger` have one more
    const std::int64_t begin = index * size + std::min(index, larger);
    if (!failed_.load(std::memory_order_relaxed)) {
      try {
        ask_interruption();
        body.call(body.context, begin, begin + size + (index < larger ? 1 : 0));
      } catch (...) {
        if (!failed_.exchange(true)) error_ = std::current_exception();
      }
    }
    if (pending_.fetch_sub(1) == 1 && caller_sleeps_.load()) pending_.notify_one();
  }

  // The caller has found nothing left to claim, but other threads may be inside their last blocks.
  void wait_for_others() {
    if (spin_until([this] { return pending_.load(std::memory_order_acquire) == 0; })) return;
    caller_sleeps_.store(true);
    while (const std::uint32_t left = pending_.load()) pending_.wait(left);
    caller_sleeps_.store(false);
  }

  /// What a worker asks inside of a block: whether another thread's has ended the job.
  static void end_with_others() {
    if (failed_.load(std::memory_order_relaxed)) throw Ended{};
  }

  void worker(int self) {
    for (std::uint64_t seen = 0; !stop_.load(std::memory_order_relaxed);) {
      const std::uint32_t bell = bell_.load();
      const auto has_job = [&] { return job_.load(std::memory_order_relaxed) != seen; };
      if (!spin_until([&] { return has_job() || stop_.load(std::memory_order_relaxed); })) {
        sleepers_.fetch_add(1);
        // Whoever publishes from here on sees a sleeper and rings; whoever published before is seen here.
        if (job_.load() == seen && !stop_.load()) bell_.wait(bell);
        sleepers_.fetch_sub(1);
      }
      seen = job_.load(std::memory_order_acquire);
      const InterruptionScope of_the_job(is_asked_.load(std::memory_order_relaxed) ? end_with_others
                                                                                   : nullptr);
      work(self);
    }
  }

  void start_workers(int threads) {
    stop_workers();
    started_for_ = threads;
    stop_.store(false);
    owner_ = getpid();
    workers_.reserve(static_cast<std::size_t>(threads));
    shares_ = std::vector<Share>(static_cast<std::size_t>(threads));
    try {
      for (int i = 1; i < threads; ++i) workers_.emplace_back([this, i] { worker(i); });
    } catch (const std::system_error&) {
      // The system gives no more threads: go on with those that there are.
    }
  }

  void stop_workers() {
    stop_.store(true);
    wake();
    const bool ours = owner_ == getpid();  // a forked child has no copy of the workers
    for (std::thread& thread : workers_) ours ? thread.join() : thread.detach();
    workers_.clear();
  }

  struct Ended {};

  struct alignas(64) Share {
    std::atomic<std::uint64_t> ticket{0};
  };

  std::atomic<bool> busy_{false};
  std::vector<std::thread> workers_;
  std::vector<Share> shares_;
  int started_for_ = 0;  // the thread count that workers_ was made for
  pid_t owner_ = 0;
  std::atomic<bool> stop_{false};

  alignas(64) std::atomic<std::uint64_t> job_{0};  // the number of the last one
  std::atomic<void (*)(void*, std::int64_t, std::int64_t)> call_{nullptr};
  std::atomic<void*> context_{nullptr};
  std::atomic<std::int64_t> count_{0};
  std::atomic<std::int64_t> blocks_{0};
  static inline std::atomic<bool> failed_{false};  // there is one pool
  std::atomic<bool> is_asked_{false};              // whether somebody may want the job to end
  std::exception_ptr error_;

  alignas(64) std::atomic<std::uint32_t> pending_{0};
  std::atomic<bool> caller_sleeps_{false};

  alignas(64) std::atomic<std::uint32_t> bell_{0};
  std::atomic<int> sleepers_{0};
};

std::atomic<bool> Pool::closed{false};

Pool& pool() {
  static Pool instance;
  return instance;
}

int default_threads() {
  if (const auto count = environment::number(environment::kNumThreads)) return *count;
  if (const auto count = environment::number(environment::kOmpNumThreads)) return *count;
  return available_cpus();
}

/// On this thread: in pieces where somebody may want it to end in between.
void run_here(std::int64_t count, std::int64_t grain, RangeBody body) {
  constexpr std::int64_t kPieces = 8;
  if (interruption == nullptr || count / kPieces < grain) return body.call(body.context, 0, count);
  for (std::int64_t i = 0; i < kPieces; ++i) {
    ask_interruption();
    body.call(body.context, count * i / kPieces, count * (i + 1) / kPieces);
  }
}

std::atomic<int> wanted_threads{0};  // 0: look at the environment first

}  // namespace

int num_threads() {
  int threads = wanted_threads.load(std::memory_order_relaxed);
  if (threads > 0) return threads;
  const int found = default_threads();
  return wanted_threads.compare_exchange_strong(threads, found) ? found : threads;  // or set meanwhile
}

void set_num_threads(int count) {
  if (count < 1 || count > kMaxThreads)
    throw ValueError(2, cat("[set_num_threads] count is ", count, ". Need 1 to ", kMaxThreads, "."));
  wanted_threads.store(count);
}

WithoutPool::WithoutPool() : before_(inside_body) { inside_body = true; }
WithoutPool::~WithoutPool() { inside_body = before_; }

void parallel_for(std::int64_t count, std::int64_t grain, RangeBody body) {
  if (count <= 0) return;
  const int threads = num_threads();
  const std::int64_t per_thread = interruption == nullptr ? kBlocksPerThread : kMaxBlocksPerThread;
  const std::int64_t blocks = std::min(count / std::max<std::int64_t>(grain, 1), threads * per_thread);
  if (threads == 1 || blocks < 2 || inside_body || Pool::closed.load(std::memory_order_relaxed) ||
      !pool().try_run(count, blocks, threads, body))
    run_here(count, grain, body);
}

}  // namespace chainrule
