#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "serve/http.h"
#include "serve/listen.h"

namespace chainrule::serve {

using Clock = std::chrono::steady_clock;
using Text = std::shared_ptr<const std::string>;  ///< shared by all to whom it is sent

/// One client: what has come from it, and what is still to go to it. Nothing here waits.
class Connection {
 public:
  enum class State : std::uint8_t { asks, answered, listens, leaves, gone };

  Connection(Descriptor socket, Clock::time_point now) : socket_(std::move(socket)), since_(now) {}

  int socket() const { return socket_.get(); }
  State state() const { return state_; }
  bool has_to_send() const { return sent_ < (text_ ? text_->size() : 0); }

  /// What poll(2) is to wait for.
  short wanted_events() const;
  /// Takes what has come. @return  whether there is a request, or a refusal of one, to be answered.
  bool receive(Clock::time_point now);
  const Request& request() const { return request_; }
  int refused() const { return refused_; }

  /// Sends this, and then no more.
  void answer(Text text, Clock::time_point now);
  /// Sends this, and later what `tell` is given.
  void listen(Text text, Clock::time_point now);
  /// The newest message, if the client has taken what it was sent before.
  void tell(const Text& text, std::uint64_t number, Clock::time_point now);

  void send(Clock::time_point now);
  /// Gives up a client that is too slow, and reminds one that listens that there is somebody.
  void look_at_clock(Clock::time_point now);

 private:
  void start(Text text, Clock::time_point now);
  void discard();

  Descriptor socket_;
  State state_ = State::asks;
  std::string bytes_;
  Request request_;
  int refused_ = 0;
  Text text_;
  std::size_t sent_ = 0, discarded_ = 0;
  std::uint64_t told_ = 0;
  Clock::time_point since_;  // it is waited for
};

}  // namespace chainrule::serve
