#pragma once

#include <exception>
#include <utility>

namespace chainrule {

/// What computing on this thread asks now and then: between instructions, and between blocks of one. It may
/// throw to end the computation: then the results have no value, as if it had not begun. Null where nobody
/// asks.
///
/// Cost: a look at a clock, some nanoseconds.
using Interruption = void (*)();
extern constinit thread_local Interruption interruption;

/// Asks, unless an exception is on its way already.
inline void ask_interruption() {
  if (interruption != nullptr && std::uncaught_exceptions() == 0) interruption();
}

/// While one exists, this thread asks that, or nothing.
class InterruptionScope {
 public:
  explicit InterruptionScope(Interruption now) : before_(std::exchange(interruption, now)) {}
  ~InterruptionScope() { interruption = before_; }
  InterruptionScope(const InterruptionScope&) = delete;
  InterruptionScope& operator=(const InterruptionScope&) = delete;

 private:
  Interruption before_;
};

}  // namespace chainrule
