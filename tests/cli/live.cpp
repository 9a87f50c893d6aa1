#include "cli/live.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <stdexcept>

namespace chainrule::cli {
namespace {

constexpr int kPatience = 60'000;  // milliseconds: machines may be slow

}  // namespace

ServedRun::ServedRun(std::vector<std::string> arguments, const std::string& folder) {
  int out[2];
  if (pipe2(out, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  pid_ = fork();
  if (pid_ == 0) {
    dup2(out[1], STDOUT_FILENO);
    dup2(out[1], STDERR_FILENO);
    if (!folder.empty() && chdir(folder.c_str()) != 0) _exit(126);
    std::vector<char*> argv{const_cast<char*>(CHAINRULE_TOOL)};
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    execv(CHAINRULE_TOOL, argv.data());
    _exit(127);
  }
  close(out[1]);
  out_ = out[0];
  const std::string begin = "http://127.0.0.1:";
  while (said_.find(begin) == std::string::npos || said_.find('\n', said_.find(begin)) == std::string::npos) {
    if (!read_some(kPatience)) throw std::runtime_error("no address of a page in:\n" + said_);
  }
  const std::size_t at = said_.find(begin) + begin.size();
  port_ = std::atoi(said_.c_str() + at);
  const std::size_t slash = said_.find('/', at);
  path_ = said_.substr(slash, said_.find('\n', slash) - slash);
}

ServedRun::~ServedRun() {
  if (pid_ > 0) kill(pid_, SIGKILL), waitpid(pid_, nullptr, 0);
  if (out_ >= 0) close(out_);
}

bool ServedRun::read_some(int milliseconds) {
  pollfd ready{out_, POLLIN, 0};
  if (poll(&ready, 1, milliseconds) <= 0) return false;
  char buffer[4096];
  const ssize_t count = read(out_, buffer, sizeof(buffer));
  if (count <= 0) return false;
  said_.append(buffer, static_cast<std::size_t>(count));
  return true;
}

bool ServedRun::waits_for(const std::string& text) {
  while (said_.find(text) == std::string::npos) {
    if (!read_some(kPatience)) return false;
  }
  return true;
}

void ServedRun::signal(int number) const { kill(pid_, number); }

bool ServedRun::is_running() const {
  siginfo_t state{};
  return waitid(P_PID, static_cast<id_t>(pid_), &state, WEXITED | WNOHANG | WNOWAIT) == 0 &&
         state.si_pid == 0;
}

int ServedRun::wait() {
  while (read_some(kPatience)) {
  }
  int status = 0;
  waitpid(pid_, &status, 0);
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

Client::Client(int port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0) return;
  close(fd_);
  fd_ = -1;
}
Client::~Client() {
  if (fd_ >= 0) close(fd_);
}

bool Client::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

std::string Client::receive(std::string_view until, int milliseconds) {
  std::string text;
  pollfd ready{fd_, POLLIN, 0};
  while (poll(&ready, 1, milliseconds) > 0) {
    char buffer[4096];
    const ssize_t count = read(fd_, buffer, sizeof(buffer));
    if (count <= 0) break;
    text.append(buffer, static_cast<std::size_t>(count));
    if (!until.empty() && text.find(until) != std::string::npos) break;
  }
  return text;
}

void Client::says_no_more() { shutdown(fd_, SHUT_WR); }

std::string answer_to(int port, std::string_view request) {
  Client client(port);
  client.send(request);
  return client.receive("", 10'000);
}

std::string get(const ServedRun& run, const std::string& path, const std::string& lines) {
  return answer_to(run.port(), "GET " + path + " HTTP/1.1\r\nHost: " + run.host() + "\r\n" + lines + "\r\n");
}

std::string post(const ServedRun& run, const std::string& path, const std::string& body,
                 const std::string& lines) {
  return answer_to(run.port(), "POST " + path + " HTTP/1.1\r\nHost: " + run.host() + "\r\nContent-Length: " +
                                   std::to_string(body.size()) + "\r\n" + lines + "\r\n" + body);
}

int status_of(const std::string& answer) {
  return answer.starts_with("HTTP/1.1 ") ? std::atoi(answer.c_str() + 9) : 0;
}

std::string body_of(const std::string& answer) {
  const std::size_t end = answer.find("\r\n\r\n");
  return end == std::string::npos ? "" : answer.substr(end + 4);
}

}  // namespace chainrule::cli
