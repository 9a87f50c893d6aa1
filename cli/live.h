#pragma once

#include <string>

#include "progress.h"
#include "train/interrupt.h"
#include "training.h"

namespace chainrule::cli {

struct LiveOptions {
  std::string host = "127.0.0.1";
  int port = 0;             // 0: any that is free
  bool is_control = false;  // whether the page may pause, stop, ...
  bool is_kept = false;     // until Ctrl-C, when the training has ended
};

/// Shows a training as a page while it runs. Its steps are the same, to the last bit, as without it, unless
/// somebody changes the learning rate there.
class Live : public train::Handler {
 public:
  virtual const std::string& address() const = 0;
  virtual bool is_watched() const = 0;
  /// The training has come to its end: shows its report instead, to those who look now, and with `is_kept` to
  /// all until a signal comes.
  virtual void show_report(const std::string& html) = 0;
  /// The training ended by an error, which the page says.
  virtual void tell_failure(const std::string& message) = 0;
};

/// @param name  of the run. @param keeper  what makes checkpoints; may be empty.
/// @throws ValueError  if the address cannot be listened at (E394, E395).
Shared<Live> serve_live(const LiveOptions& options, Training& training, const std::string& name,
                        Progress& progress, const train::InterruptGuard& interrupts,
                        Shared<train::Handler> keeper);

}  // namespace chainrule::cli
