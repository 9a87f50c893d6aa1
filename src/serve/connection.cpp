#include "serve/connection.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace chainrule::serve {
namespace {

using namespace std::chrono_literals;

constexpr auto kToAsk = 5s;    // for a whole request
constexpr auto kToTake = 10s;  // for any byte of what is sent
constexpr auto kToLeave = 1s;  // for what a refused client still sends
constexpr auto kReminder = 15s;
constexpr std::size_t kMostDiscarded = 256 * 1024;

bool is_only_slow() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

}  // namespace

/// Who is being answered may have said already that no more will come.
short Connection::wanted_events() const {
  if (state_ == State::answered) return POLLOUT;
  return static_cast<short>(has_to_send() ? POLLIN | POLLOUT : POLLIN);
}

bool Connection::receive(Clock::time_point now) {
  if (state_ == State::answered) return false;
  if (state_ != State::asks) {
    discard();
    return false;
  }
  std::array<char, 4096> buffer;
  const ssize_t count = recv(socket(), buffer.data(), buffer.size(), 0);
  if (count <= 0) {
    if (count == 0 || !is_only_slow()) state_ = State::gone;
    return false;
  }
  bytes_.append(buffer.data(), static_cast<std::size_t>(count));
  const Parsed parsed = parse(bytes_, request_);
  refused_ = parsed.refused;
  if (!parsed.is_complete && refused_ == 0) return false;
  bytes_ = {};
  since_ = now;
  return true;
}

/// Reads what nobody asked for, so that an answer is not lost with it: a socket that is closed with bytes to
/// read is reset.
void Connection::discard() {
  std::array<char, 4096> buffer;
  const ssize_t count = recv(socket(), buffer.data(), buffer.size(), 0);
  if (count > 0) discarded_ += static_cast<std::size_t>(count);
  if (count == 0 || (count < 0 && !is_only_slow()) || discarded_ > kMostDiscarded) state_ = State::gone;
}

void Connection::start(Text text, Clock::time_point now) {
  text_ = std::move(text);
  sent_ = 0;
  since_ = now;
  send(now);
}

void Connection::answer(Text text, Clock::time_point now) {
  state_ = State::answered;
  start(std::move(text), now);
}

void Connection::listen(Text text, Clock::time_point now) {
  state_ = State::listens;
  start(std::move(text), now);
}

void Connection::tell(const Text& text, std::uint64_t number, Clock::time_point now) {
  if (state_ != State::listens || has_to_send() || told_ == number) return;
  told_ = number;
  start(text, now);
}

void Connection::send(Clock::time_point now) {
  while (has_to_send()) {
    const ssize_t count = ::send(socket(), text_->data() + sent_, text_->size() - sent_, MSG_NOSIGNAL);
    if (count < 0) {
      if (!is_only_slow()) state_ = State::gone;
      return;
    }
    sent_ += static_cast<std::size_t>(count);
    since_ = now;
  }
  text_ = nullptr;
  sent_ = 0;
  if (state_ != State::answered) return;
  shutdown(socket(), SHUT_WR);
  state_ = State::leaves;
}

void Connection::look_at_clock(Clock::time_point now) {
  const auto waited = now - since_;
  static const Text reminder = std::make_shared<const std::string>(": still here\n\n");
  if (state_ == State::listens && !has_to_send()) {
    if (waited > kReminder) start(reminder, now);
    return;
  }
  const Clock::duration most = state_ == State::asks ? kToAsk : state_ == State::leaves ? kToLeave : kToTake;
  if (waited > most) state_ = State::gone;
}

}  // namespace chainrule::serve
