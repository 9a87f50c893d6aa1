// Ctrl-C ends a run, not the program.
#include "train/interrupt.h"

#include <csignal>
#include <optional>

#include "chainrule/train/handlers.h"
#include "chainrule/train/trainer.h"

namespace chainrule::train {
namespace {

volatile std::sig_atomic_t noted = 0;
struct sigaction former_interrupt, former_terminate;

void give_back() {  // may be called in a handler
  sigaction(SIGINT, &former_interrupt, nullptr);
  sigaction(SIGTERM, &former_terminate, nullptr);
}

void note(int signal) {
  noted = signal;
  give_back();
}

class StopOnInterrupt final : public Handler {
 public:
  void begin(Trainer&) override { guard_.emplace(); }
  void call(Trainer& trainer) override {
    if (guard_ && guard_->signal() != 0) trainer.interrupt();
  }
  void end(Trainer&) override { guard_.reset(); }

 private:
  std::optional<InterruptGuard> guard_;
};

}  // namespace

// Also where the parent ignores SIGINT, as a shell script does for what it starts with '&': who sends it by
// kill wants a clean stop there, too.
InterruptGuard::InterruptGuard() {
  noted = 0;
  struct sigaction action {};
  action.sa_handler = note;
  action.sa_flags = SA_RESTART;  // a write that is going on must not fail because of it
  sigaction(SIGINT, &action, &former_interrupt);
  sigaction(SIGTERM, &action, &former_terminate);
}

InterruptGuard::~InterruptGuard() { give_back(); }

int InterruptGuard::signal() const { return noted; }

Shared<Handler> stop_on_interrupt() { return Shared<Handler>(new StopOnInterrupt); }

}  // namespace chainrule::train
