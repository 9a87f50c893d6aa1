#include "serve/listen.h"

#include <netdb.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "chainrule/error.h"
#include "core/text.h"

namespace chainrule::serve {
namespace {

struct Addresses {
  addrinfo* first = nullptr;
  ~Addresses() {
    if (first != nullptr) freeaddrinfo(first);
  }
};

int port_of(int socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  std::array<char, 16> service{};
  if (getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0 ||
      getnameinfo(reinterpret_cast<sockaddr*>(&address), size, nullptr, 0, service.data(), service.size(),
                  NI_NUMERICSERV) != 0)
    return 0;
  return std::atoi(service.data());
}

}  // namespace

Descriptor::~Descriptor() {
  if (fd_ >= 0) close(fd_);
}
Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

Listening listen_at(const std::string& host, int port) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC, hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  Addresses found;
  std::string trouble;
  bool is_refused = false;
  if (const int error = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found.first))
    trouble = gai_strerror(error);
  for (const addrinfo* at = found.first; at != nullptr; at = at->ai_next) {
    Descriptor socket(::socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const int yes = 1;
    setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    if (bind(socket.get(), at->ai_addr, at->ai_addrlen) == 0 && listen(socket.get(), 64) == 0) {
      const int taken = port_of(socket.get());
      return {std::move(socket), taken};
    }
    if (errno == EADDRINUSE) {
      throw ValueError(394, cat("[serve] port ", port, " of ", host,
                                " is in use already, by another run perhaps. Name another, or 0 for any "
                                "that is free."));
    }
    is_refused = errno == EACCES;
    trouble = std::strerror(errno);
  }
  throw ValueError(
      395, cat("[serve] cannot listen at port ", port, " of ", host, ": ", trouble, ". Need ",
               is_refused ? "a port that you may use: 1024 or more." : "an address of this machine."));
}

std::string random_token() {
  std::array<unsigned char, 16> bytes{};
  if (getentropy(bytes.data(), bytes.size()) != 0)
    throw Error(396,
                "[serve] the system gives no random numbers, so the page could not be kept from others.");
  std::string text;
  for (const unsigned char byte : bytes) {
    constexpr char kDigits[] = "0123456789abcdef";
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

}  // namespace chainrule::serve
