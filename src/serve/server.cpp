#include "serve/server.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <list>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "core/text.h"
#include "serve/connection.h"

namespace chainrule::serve {
namespace {

using namespace std::chrono_literals;

constexpr auto kTick = 200ms;     // between looks at the clock
constexpr auto kWatchedFor = 5s;  // after a request
constexpr int kNicer = 10;        // than the threads that work

Text shared(std::string text) { return std::make_shared<const std::string>(std::move(text)); }

/// A pipe whose one end wakes who waits at the other.
struct Bell {
  Descriptor heard, rung;

  Bell() {
    int ends[2] = {-1, -1};
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0) heard = Descriptor(ends[0]), rung = Descriptor(ends[1]);
  }
  void ring() const { [[maybe_unused]] const ssize_t written = write(rung.get(), "!", 1); }
  void quiet() const {
    char buffer[256];
    while (read(heard.get(), buffer, sizeof(buffer)) > 0) {
    }
  }
};

/// Signals are for the thread that works.
struct NoSignals {
  sigset_t before;
  NoSignals() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
  }
  ~NoSignals() { pthread_sigmask(SIG_SETMASK, &before, nullptr); }
};

}  // namespace

class Server::Loop {
 public:
  explicit Loop(const Options& options)
      : host_(options.host), listening_(listen_at(options.host, options.port)), token_(random_token()) {
    const bool is_any = host_ == "0.0.0.0" || host_ == "::";
    const std::string name = is_any                                 ? "127.0.0.1"
                             : host_.find(':') != std::string::npos ? cat("[", host_, "]")
                                                                    : host_;
    address = cat("http://", name, ":", listening_.port, "/", token_, "/");
    const NoSignals none;
    thread_ = std::thread([this] { run(); });
  }
  ~Loop() {
    is_ending_ = true;
    bell_.ring();
    thread_.join();
  }

  void put(const std::string& path, Response response) {
    const std::lock_guard lock(mutex_);
    pages_[path] = {shared(wire(response)), shared(wire(response, false))};
  }
  void on_post(const std::string& path, Post post) {
    const std::lock_guard lock(mutex_);
    posts_[path] = std::move(post);
  }
  void publish(const std::string& text) {
    Text message = shared(cat("data: ", text, "\n\n"));
    {
      const std::lock_guard lock(mutex_);
      message_ = std::move(message);
      ++number_;
    }
    bell_.ring();
  }
  bool is_watched() const {
    return listeners_ > 0 || Clock::now().time_since_epoch() - asked_.load() < kWatchedFor;
  }
  int listeners() const { return listeners_; }

  std::string address;

 private:
  void run();
  void wait(std::vector<pollfd>& fds);
  void accept_all(Clock::time_point now);
  void answer(Connection& of, Clock::time_point now);
  Text answer_to(const Request& request, int refused);
  Response posted(const Request& request, const std::string& path);
  void tell_all(Clock::time_point now);

  struct Page {
    Text whole, head;
  };

  const std::string host_;
  Listening listening_;
  const std::string token_;
  Bell bell_;
  std::list<Connection> connections_;  // of the thread, as all without a lock
  Clock::time_point no_accept_until_{};

  std::mutex mutex_;
  std::map<std::string, Page> pages_;
  std::map<std::string, Post> posts_;
  Text message_;
  std::uint64_t number_ = 0;

  std::atomic<bool> is_ending_{false};
  std::atomic<int> listeners_{0};
  std::atomic<Clock::duration> asked_{Clock::duration::min() / 2};
  std::thread thread_;
};

void Server::Loop::run() {
#ifdef __linux__
  setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kNicer);
#endif
  std::vector<pollfd> fds;
  while (!is_ending_) {
    wait(fds);
    const auto now = Clock::now();
    if (fds[0].revents != 0) bell_.quiet();
    auto place = fds.begin() + 2;
    for (Connection& each : connections_) {
      const short events = (place++)->revents;
      const bool may_send = each.state() == Connection::State::answered || (events & POLLOUT) != 0;
      if (events != 0 && may_send) each.send(now);
      if ((events & (POLLIN | POLLHUP | POLLERR)) != 0 && each.receive(now)) answer(each, now);
      each.look_at_clock(now);
    }
    tell_all(now);
    connections_.remove_if([](const Connection& each) { return each.state() == Connection::State::gone; });
    listeners_ =
        static_cast<int>(std::count_if(connections_.begin(), connections_.end(), [](const Connection& each) {
          return each.state() == Connection::State::listens;
        }));
    if (fds[1].revents != 0) accept_all(now);
  }
}

/// Until there is something to do. Clients beyond the most that there may be wait in the system's queue.
void Server::Loop::wait(std::vector<pollfd>& fds) {
  const bool accepts =
      static_cast<int>(connections_.size()) < kMostConnections && Clock::now() >= no_accept_until_;
  fds.assign({{bell_.heard.get(), POLLIN, 0}, {accepts ? listening_.socket.get() : -1, POLLIN, 0}});
  for (const Connection& each : connections_) fds.push_back({each.socket(), each.wanted_events(), 0});
  if (poll(fds.data(), fds.size(), static_cast<int>(std::chrono::milliseconds(kTick).count())) > 0) return;
  for (pollfd& each : fds) each.revents = 0;
}

void Server::Loop::accept_all(Clock::time_point now) {
  while (static_cast<int>(connections_.size()) < kMostConnections) {
    const int fd = accept4(listening_.socket.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0) {
      connections_.emplace_back(Descriptor(fd), now);
      continue;
    }
    if (errno != EAGAIN && errno != EINTR) no_accept_until_ = now + kTick;  // as when descriptors run out
    return;
  }
}

void Server::Loop::tell_all(Clock::time_point now) {
  Text message;
  std::uint64_t number = 0;
  {
    const std::lock_guard lock(mutex_);
    message = message_, number = number_;
  }
  if (!message) return;
  for (Connection& each : connections_) each.tell(message, number, now);
}

void Server::Loop::answer(Connection& of, Clock::time_point now) {
  const Request& request = of.request();
  const std::string events = cat("/", token_, "/events");
  const bool is_allowed = of.refused() == 0 && refusal(request, host_).status == 0;
  if (!is_allowed || request.method != "GET" || !same_secret(request.path, events))
    return of.answer(answer_to(request, of.refused()), now);
  asked_ = now.time_since_epoch();
  if (listeners_ >= kMostListeners)
    return of.answer(shared(wire({.status = 503, .body = "Too many pages are open.\n"})), now);
  ++listeners_;
  // Without a length: the stream ends when the connection does.
  static const Text begin = shared(
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n"
      "X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\nretry: 1000\n\n");
  of.listen(begin, now);
}

Text Server::Loop::answer_to(const Request& request, int refused) {
  if (refused != 0)
    return shared(wire({.status = refused, .body = "This is no request that is served here.\n"}));
  const bool is_head = request.method == "HEAD";
  const Response refused_by_guard = refusal(request, host_);
  if (refused_by_guard.status != 0) return shared(wire(refused_by_guard, !is_head));
  const std::string_view path = request.path;
  const bool knows = path.size() > token_.size() && same_secret(path.substr(1, token_.size()), token_);
  const std::string_view rest = knows ? path.substr(1 + token_.size()) : std::string_view();
  if (!knows || (!rest.empty() && rest[0] != '/')) {
    return shared(
        wire({.status = 404,
              .body = "There is nothing here. The address that chainrule train printed has a token.\n"},
             !is_head));
  }
  if (rest.empty()) return shared(wire({.status = 301, .headers = cat("Location: /", token_, "/\r\n")}));
  asked_ = Clock::now().time_since_epoch();
  const std::string name(rest.substr(1));
  if (request.method == "POST") return shared(wire(posted(request, name)));
  const std::lock_guard lock(mutex_);
  const auto found = pages_.find(name);
  if (found == pages_.end())
    return shared(wire({.status = 404, .body = "There is nothing here.\n"}, !is_head));
  return is_head ? found->second.head : found->second.whole;
}

Response Server::Loop::posted(const Request& request, const std::string& path) {
  Post post;
  {
    const std::lock_guard lock(mutex_);
    const auto found = posts_.find(path);
    if (found != posts_.end()) post = found->second;
  }
  if (!post) return {.status = 405, .body = "Nothing can be posted here.\n"};
  try {
    return post(request.body);
  } catch (const std::exception&) {
    return {.status = 400, .body = "This was not understood.\n"};
  }
}

Server::Server(const Options& options) : loop_(std::make_unique<Loop>(options)) {}
Server::~Server() = default;
const std::string& Server::address() const { return loop_->address; }
void Server::put(const std::string& path, const std::string& type, std::string text,
                 const std::string& headers) {
  loop_->put(path, {.type = type, .body = std::move(text), .headers = headers});
}
void Server::on_post(const std::string& path, Post post) { loop_->on_post(path, std::move(post)); }
void Server::publish(const std::string& text) { loop_->publish(text); }
bool Server::is_watched() const { return loop_->is_watched(); }
void Server::wait_for_listeners(std::chrono::milliseconds most) const {
  const auto end = Clock::now() + most;
  while (loop_->listeners() > 0 && Clock::now() < end) std::this_thread::sleep_for(10ms);
}

}  // namespace chainrule::serve
