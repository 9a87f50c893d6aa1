#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "serve/http.h"

// A small server for one page about a work that goes on, to be looked at by a few browsers.
//
//     serve::Server server({.port = 8080});
//     server.put("", "text/html", page);
//     std::cout << server.address() << "\n";     // http://127.0.0.1:8080/3f9c.../
//     server.publish(R"({"step": 17})");         // to who listens at events
//
// Who works is never held up: what it gives is taken over by one thread of low priority, which alone talks to
// clients and never waits for one. A client that is slow gets the newest message when it has taken the one
// before; those between are gone. How many there may be, what each may send, and what is kept for it is
// bounded.
namespace chainrule::serve {

struct ServerOptions {
  std::string host = "127.0.0.1";  ///< the address to listen at
  int port = 0;                    ///< 0: any that is free
};

class Server {
 public:
  using Options = ServerOptions;
  /// Answers what is posted; called by the server's thread.
  using Post = std::function<Response(const std::string& body)>;

  static constexpr int kMostConnections = 64, kMostListeners = 16;

  /// @throws ValueError  if the port is in use (E394), or the address cannot be listened at (E395).
  explicit Server(const Options& options = {});
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Where the page is: with a token, drawn anew for each server, without which nothing is given.
  const std::string& address() const;

  /// What is given for a path below the address; "" is the page itself.
  void put(const std::string& path, const std::string& type, std::string text,
           const std::string& headers = "");
  void on_post(const std::string& path, Post post);
  /// Sends one line of text to all who listen at "events" (server-sent events), and to who comes later.
  void publish(const std::string& text);

  /// Whether somebody listens, or has asked for something within the last seconds.
  bool is_watched() const;
  /// Waits until nobody listens any more.
  void wait_for_listeners(std::chrono::milliseconds most) const;

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace chainrule::serve
