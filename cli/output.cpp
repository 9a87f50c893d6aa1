#include "output.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <string>

#include "chainrule/error.h"
#include "color.h"

namespace chainrule::cli {
namespace {

int first_error = 0;
bool is_silenced = false;

}  // namespace

void prepare_streams() {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a file larger than `ulimit -f` allows
  // Opened for the wrong direction, so that using it fails as using a closed one does.
  for (int fd : {0, 1, 2}) {
    if (fcntl(fd, F_GETFD) == -1) static_cast<void>(open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY));
  }
}

void write_text(std::FILE* stream, std::string_view text) {
  if (stream == stdout && first_error != 0) return;
  errno = 0;
  const bool good =
      std::fwrite(text.data(), 1, text.size(), stream) == text.size() && std::fflush(stream) == 0;
  if (!good && stream == stdout) first_error = errno != 0 ? errno : EIO;
}

int stdout_error() { return first_error; }

void silence(bool is_silent) { is_silenced = is_silent; }

void complain(std::string_view message) {
  if (!is_silenced) write_text(stderr, colored_message(message));
}

void warn(std::string_view message) {
  std::string text = "warning: ";
  complain(text.append(message));
}

void keep_input(const std::string& out, const std::string& input) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(out, ignored) || !std::filesystem::equivalent(out, input, ignored))
    return;
  throw ValueError(
      399, fmt::format("[write] {} is what is read, and would be replaced. Write to another file.", out));
}

}  // namespace chainrule::cli
