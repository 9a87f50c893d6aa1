#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/tool.h"

namespace chainrule::cli {

/// The real tool with --serve 0, while it trains. What it prints to stdout and stderr is kept.
class ServedRun {
 public:
  /// Waits until it has printed the address of its page.
  explicit ServedRun(std::vector<std::string> arguments, const std::string& folder = "");
  ~ServedRun();
  ServedRun(const ServedRun&) = delete;
  ServedRun& operator=(const ServedRun&) = delete;

  int port() const { return port_; }
  /// "/TOKEN/".
  const std::string& path() const { return path_; }
  std::string host() const { return "127.0.0.1:" + std::to_string(port_); }
  /// Waits until it has printed this. False after a while, or at its end.
  bool waits_for(const std::string& text);
  void signal(int number) const;
  bool is_running() const;
  /// Waits for its end. @return  the exit code, or -1 if a signal ended it.
  int wait();
  const std::string& said() const { return said_; }

 private:
  bool read_some(int milliseconds);

  int pid_ = -1, out_ = -1, port_ = 0;
  std::string path_, said_;
};

/// A connection to 127.0.0.1.
class Client {
 public:
  explicit Client(int port);
  ~Client();
  Client(Client&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  /// False if the other side has gone.
  bool send(std::string_view bytes);
  /// What comes until the end, a text, or so many milliseconds without a byte.
  std::string receive(std::string_view until = "", int milliseconds = 5000);
  void says_no_more();

 private:
  int fd_;
};

/// The answer to one request, with its lines.
std::string answer_to(int port, std::string_view request);
/// "GET PATH" with the right host, and more lines.
std::string get(const ServedRun& run, const std::string& path, const std::string& lines = "");
std::string post(const ServedRun& run, const std::string& path, const std::string& body,
                 const std::string& lines = "Content-Type: application/json\r\n");
/// 200 of "HTTP/1.1 200 OK..."; 0 if there was no answer.
int status_of(const std::string& answer);
std::string body_of(const std::string& answer);

}  // namespace chainrule::cli
