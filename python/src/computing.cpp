#include "computing.h"

#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <new>

#include "core/interruption.h"

namespace chainrule::python {
namespace {

/// One writer or several readers, in the order in which they came.
class Gate {
 public:
  void enter(bool alone) {
    std::unique_lock lock(mutex_);
    const std::uint64_t ticket = next_++;
    waiting_.fetch_add(1);
    turn_.wait(lock, [&] { return served_ == ticket && !writer_ && (!alone || readers_ == 0); });
    waiting_.fetch_sub(1);
    ++served_;
    if (alone) {
      writer_ = true;
    } else {
      ++readers_;
    }
    turn_.notify_all();
  }
  void leave(bool alone) {
    {
      const std::lock_guard lock(mutex_);
      if (alone) {
        writer_ = false;
      } else {
        --readers_;
      }
    }
    turn_.notify_all();
  }
  bool has_writer() const { return writer_.load(); }
  bool has_waiting() const { return waiting_.load() > 0; }

 private:
  std::mutex mutex_;
  std::condition_variable turn_;
  std::uint64_t next_ = 0, served_ = 0;
  std::atomic<bool> writer_{false};
  int readers_ = 0;
  std::atomic<int> waiting_{0};
};

alignas(Gate) unsigned char storage[sizeof(Gate)];
thread_local int depth = 0;          // of Computing and Reading on this thread
thread_local bool is_alone = false;  // whether the outermost one is a Computing

Gate& gate() {
  static Gate* const made = [] {
    // In a forked child only the thread that forked goes on: whoever was inside the gate is not there any
    // more.
    pthread_atfork(nullptr, nullptr, [] { new (storage) Gate; });
    return new (storage) Gate;
  }();
  return *made;
}

/// Looks for Ctrl-C now and then: its KeyboardInterrupt ends what is computed.
void look_for_signals() {
  static thread_local std::chrono::steady_clock::time_point last;
  const auto now = std::chrono::steady_clock::now();
  if (now - last < std::chrono::milliseconds(50)) return;
  last = now;
  const WithPython here;
  checked(PyErr_CheckSignals());
}

PyThreadState* enter(bool alone) {
  const bool has_python = PyGILState_Check() != 0;
  if (depth == 0 && has_python && _PyOS_IsMainThread() != 0) interruption = look_for_signals;
  PyThreadState* state = has_python ? PyEval_SaveThread() : nullptr;
  if (depth++ == 0) {
    is_alone = alone;
    gate().enter(alone);
  }
  return state;
}

void leave(PyThreadState* state) {
  if (--depth == 0) {
    interruption = nullptr;
    gate().leave(is_alone);
  }
  if (state == nullptr) return;
  calling_python([&] {
    PyEval_RestoreThread(state);
    return true;
  });
}

}  // namespace

void sleep_for_ever() noexcept {
  if (depth > 0) gate().leave(is_alone);  // the end of the program may compute
  while (true) pause();
}

Computing::Computing() : state_(enter(true)) {}
Computing::~Computing() { leave(state_); }
Reading::Reading() : state_(enter(false)) {}
Reading::~Reading() { leave(state_); }

bool others_compute() { return gate().has_writer() && (depth == 0 || !is_alone); }

void let_others_compute() {
  if (depth != 1 || !is_alone || !gate().has_waiting()) return;
  gate().leave(true);
  gate().enter(true);
}

}  // namespace chainrule::python
