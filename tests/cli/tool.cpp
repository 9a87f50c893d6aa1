#include "cli/tool.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "chainrule/data.h"
#include "chainrule/random.h"

namespace chainrule::cli {
namespace {

[[noreturn]] void become_tool(const std::vector<std::string>& arguments, const Circumstances& setup) {
  if (!setup.stdout_path.empty()) {
    const int fd = open(setup.stdout_path.c_str(), O_WRONLY);
    dup2(fd, STDOUT_FILENO);
  }
  if (setup.file_limit_bytes > 0) {
    const auto bytes = static_cast<rlim_t>(setup.file_limit_bytes);
    const rlimit limit{bytes, bytes};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  setenv("TERM", setup.term.c_str(), 1);
  unsetenv("CHAINRULE_DATA_DIR");
  if (!setup.verbose.empty()) setenv("CHAINRULE_VERBOSE", setup.verbose.c_str(), 1);
  setenv("XDG_DATA_HOME", "/nonexistent", 1);
  for (const char* color : {"NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE"}) unsetenv(color);
  for (const std::string& each : setup.environment) {
    const std::size_t equals = each.find('=');
    setenv(each.substr(0, equals).c_str(), each.substr(equals + 1).c_str(), 1);
  }
  if (!setup.folder.empty() && chdir(setup.folder.c_str()) != 0) _exit(126);
  std::vector<char*> argv{const_cast<char*>(CHAINRULE_TOOL)};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  execv(CHAINRULE_TOOL, argv.data());
  _exit(127);
}

struct Child {
  pid_t pid;
  int out, err;  // err is -1 on a terminal
};

Child start(const std::vector<std::string>& arguments, const Circumstances& setup) {
  if (setup.terminal) {
    winsize size{};
    size.ws_row = 20;
    size.ws_col = 60;
    int master = -1;
    const pid_t pid = forkpty(&master, nullptr, nullptr, &size);
    if (pid == 0) become_tool(arguments, setup);
    return {pid, master, -1};
  }
  int out[2], err[2];
  if (pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  if (setup.close_stdout) {
    close(out[0]);
    out[0] = -1;
  }
  const pid_t pid = fork();
  if (pid == 0) {
    dup2(out[1], STDOUT_FILENO);
    dup2(err[1], STDERR_FILENO);
    become_tool(arguments, setup);
  }
  close(out[1]);
  close(err[1]);
  return {pid, out[0], err[0]};
}

/// Appends what is there; false at the end.
bool drain(int fd, std::string& text) {
  char buffer[4096];
  const ssize_t count = read(fd, buffer, sizeof(buffer));
  if (count <= 0) return false;  // a terminal whose other side is closed gives EIO
  text.append(buffer, static_cast<std::size_t>(count));
  return true;
}

}  // namespace

Outcome run_tool(const std::vector<std::string>& arguments, const Circumstances& setup) {
  Child child = start(arguments, setup);
  Outcome outcome;
  bool signal_is_due = setup.signal != 0;
  while (child.out >= 0 || child.err >= 0) {
    pollfd fds[] = {{child.out, POLLIN, 0}, {child.err, POLLIN, 0}};
    if (poll(fds, 2, 60'000) <= 0) {
      kill(child.pid, SIGKILL);
      outcome.err += "(killed by the test: no output for a minute)";
      break;
    }
    if (fds[0].revents != 0 && !drain(child.out, outcome.out)) close(std::exchange(child.out, -1));
    if (fds[1].revents != 0 && !drain(child.err, outcome.err)) close(std::exchange(child.err, -1));
    if (signal_is_due && (outcome.out + outcome.err).find(setup.signal_when) != std::string::npos) {
      kill(child.pid, setup.signal);
      signal_is_due = false;
    }
  }
  int status = 0;
  waitpid(child.pid, &status, 0);
  if (WIFEXITED(status)) outcome.code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) outcome.signal = WTERMSIG(status);
  return outcome;
}

bool has_terminals() {
  int master = -1, terminal = -1;
  if (openpty(&master, &terminal, nullptr, nullptr, nullptr) != 0) return false;
  close(terminal);
  close(master);
  return true;
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string small_set() {
  static const TemporaryFolder folder;
  static const bool written = [] {
    for (const auto& [prefix, count] : {std::pair("train", 200), std::pair("t10k", 60)}) {
      data::ImageSet set;
      set.count = count;
      set.height = 6;
      set.width = 5;
      Random random(static_cast<std::uint64_t>(count));
      for (int i = 0; i < count; ++i) {
        set.labels.push_back(static_cast<std::uint8_t>(i % 4));
        for (int p = 0; p < 30; ++p) {
          set.pixels.push_back(static_cast<std::uint8_t>(random.below(100) + (p / 5 == i % 4 ? 100 : 0)));
        }
      }
      const std::string stem = prefix;
      data::write_idx(set, folder / (stem + "-images-idx3-ubyte"), folder / (stem + "-labels-idx1-ubyte"));
    }
    return true;
  }();
  static_cast<void>(written);
  return folder.string();
}

std::size_t count(const std::string& text, const std::string& what) {
  std::size_t found = 0;
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += what.size()) ++found;
  return found;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

}  // namespace chainrule::cli
