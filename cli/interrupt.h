#pragma once

namespace chainrule::cli {

/// While one exists, the first SIGINT (Ctrl-C) or SIGTERM is noted instead of ending the program, and the
/// second ends it at once. Only one may exist at a time.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

  /// The number of the signal that came, or 0.
  int signal() const;
};

}  // namespace chainrule::cli
