#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>

#include "serve/http.h"

namespace chainrule::cli {

/// What may be asked for on the live page.
struct LiveCommand {
  enum class Kind : std::uint8_t { pause, go_on, step, lr, checkpoint, stop };
  Kind kind = Kind::pause;
  double value = 0;  // of lr
};

/// What was asked for and not done yet: the server's thread puts it in, the training takes it out.
class LiveCommands {
 public:
  /// @param has_checkpoints  whether there is where they can be written to.
  LiveCommands(bool is_allowed, bool has_checkpoints)
      : is_allowed_(is_allowed), has_checkpoints_(has_checkpoints) {}

  /// Takes {"do": "pause"}, also "continue", "step", "checkpoint", "stop", and {"do": "lr", "value": 0.01}.
  serve::Response post(const std::string& body);
  /// The next one; waits for it so long.
  std::optional<LiveCommand> take(std::chrono::milliseconds most);

 private:
  bool is_allowed_, has_checkpoints_;
  std::mutex mutex_;
  std::condition_variable came_;
  std::deque<LiveCommand> waiting_;
};

}  // namespace chainrule::cli
