#include "interrupt.h"

#include <csignal>

namespace chainrule::cli {
namespace {

volatile std::sig_atomic_t noted = 0;

void set_handler(void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;  // a write that is going on must not fail because of it
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

void note(int signal) {
  noted = signal;
  set_handler(SIG_DFL);  // sigaction may be called in a handler
}

}  // namespace

// Also where the parent ignores SIGINT, as a shell script does for what it starts with '&': who sends it by
// kill wants a clean stop there, too.
InterruptGuard::InterruptGuard() {
  noted = 0;
  set_handler(note);
}

InterruptGuard::~InterruptGuard() { set_handler(SIG_DFL); }

int InterruptGuard::signal() const { return noted; }

}  // namespace chainrule::cli
