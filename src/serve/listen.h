#pragma once

#include <string>

namespace chainrule::serve {

/// A file descriptor that is closed at its end.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  ~Descriptor();
  Descriptor(Descriptor&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  Descriptor& operator=(Descriptor&& other) noexcept;
  int get() const { return fd_; }

 private:
  int fd_;
};

struct Listening {
  Descriptor socket;
  int port = 0;
};
/// A socket that listens and does not block. @throws ValueError  (E394, E395)
Listening listen_at(const std::string& host, int port);

/// 128 random bits, in hexadecimal. @throws Error  if the system has none (E396).
std::string random_token();

}  // namespace chainrule::serve
