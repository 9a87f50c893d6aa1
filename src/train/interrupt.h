#pragma once

namespace chainrule::train {

/// While one exists, the first SIGINT (Ctrl-C) or SIGTERM is noted instead of what it did before; the second
/// does that. Only one may exist at a time.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

  /// The number of the signal that came, or 0.
  int signal() const;
};

}  // namespace chainrule::train
