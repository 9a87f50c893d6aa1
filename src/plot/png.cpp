// SVG to PNG, by a program that draws SVG; and files of figures.
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "chainrule/error.h"
#include "chainrule/io.h"
#include "chainrule/plot/figure.h"
#include "core/text.h"

extern char** environ;

namespace chainrule::plot {
namespace {

/// A file without a name, which is gone when it is closed: what a program reads or writes.
class Scratch {
 public:
  Scratch() : file_(std::tmpfile()) {
    if (file_ == nullptr) {
      throw FileError(371, cat("[plot] rsvg-convert cannot be given a picture: ", std::strerror(errno),
                               ". Check that the folder for temporary files (TMPDIR) has room."));
    }
  }
  ~Scratch() { std::fclose(file_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  int fd() const { return fileno(file_); }
  void write(std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), file_);
    std::rewind(file_);  // flushes
  }
  std::string read() {
    std::string text;
    char part[4096];
    std::rewind(file_);
    for (std::size_t count; (count = std::fread(part, 1, sizeof(part), file_)) > 0;) text.append(part, count);
    return text;
  }

 private:
  std::FILE* file_;
};

/// Runs a program from the PATH. Gives its exit code, or -1 if a signal ended it.
/// @throws FileError  if it is not there (E370).
int run(const char* const* words, const Scratch& in, const Scratch& out, const Scratch& problems) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  const Scratch* const streams[] = {&in, &out, &problems};
  for (int i = 0; i < 3; ++i) posix_spawn_file_actions_adddup2(&actions, streams[i]->fd(), i);
  pid_t pid = 0;
  const int error = posix_spawnp(&pid, words[0], &actions, nullptr, const_cast<char* const*>(words), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    throw FileError(370, cat("[plot] a PNG is drawn by the program ", words[0],
                             ", which cannot be run: ", std::strerror(error),
                             ". Install it (Debian: apt-get install librsvg2-bin), or ask for .svg."));
  }
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

std::string png(std::span<const Figure> figures, std::string_view title) {
  Scratch in, out, problems;
  in.write(svg(figures, title));
  const char* const words[] = {"rsvg-convert", "--zoom", "2", "--unlimited", nullptr};
  const int code = run(words, in, out, problems);
  std::string bytes = out.read();
  if (code != 0 || !bytes.starts_with("\x89PNG")) {
    std::string said = problems.read();
    said = said.substr(0, said.find('\n'));
    throw FileError(371, cat("[plot] rsvg-convert could not draw the picture: ",
                             said.empty() ? cat("exit code ", code) : said, ". Ask for .svg instead."));
  }
  return bytes;
}

void save(const std::string& path, std::span<const Figure> figures, std::string_view title) {
  if (path.ends_with(".svg")) return io::replace_file(path, svg(figures, title));
  if (path.ends_with(".png")) return io::replace_file(path, png(figures, title));
  throw ValueError(
      372, cat("[plot] ", path, ": a picture is written as .svg or .png. Name a file that ends in one."));
}

void save(const std::string& path, const Figure& figure) { save(path, std::span(&figure, 1)); }

}  // namespace chainrule::plot
