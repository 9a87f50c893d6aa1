// Ctrl-C ends a run, not the program.
#include <csignal>
#include <utility>

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
  void begin(Trainer&) override {
    noted = 0;
    struct sigaction action {};
    action.sa_handler = note;
    action.sa_flags = SA_RESTART;  // a write that is going on must not fail because of it
    sigaction(SIGINT, &action, &former_interrupt);
    sigaction(SIGTERM, &action, &former_terminate);
    is_set_ = true;
  }
  void call(Trainer& trainer) override {
    if (noted != 0) trainer.stop("interrupted");
  }
  void end(Trainer&) override {
    if (std::exchange(is_set_, false)) give_back();
  }

 private:
  bool is_set_ = false;
};

}  // namespace

Shared<Handler> stop_on_interrupt() { return Shared<Handler>(new StopOnInterrupt); }

}  // namespace chainrule::train
