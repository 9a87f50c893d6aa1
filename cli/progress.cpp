#include "progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "output.h"
#include "wrap.h"

namespace chainrule::cli {
namespace {

bool can_take_back_a_line() {
  const char* term = std::getenv("TERM");
  return isatty(STDERR_FILENO) == 1 && term != nullptr && *term != '\0' && std::string_view(term) != "dumb";
}

/// Columns of the terminal; asked each time, since windows are resized.
std::size_t width() {
  const std::size_t known = terminal_width(STDERR_FILENO);
  return known > 0 ? known : 80;
}

/// "1:02:03", "4:05".
std::string clock_text(double seconds) {
  const auto all = static_cast<std::int64_t>(std::min(seconds, 1e9) + 0.5);
  const std::int64_t hours = all / 3600, minutes = all / 60 % 60;
  if (hours > 0) return fmt::format("{}:{:02}:{:02}", hours, minutes, all % 60);
  return fmt::format("{}:{:02}", minutes, all % 60);
}

}  // namespace

Progress::Progress(std::FILE* lines, std::int64_t total, std::string unit, std::FILE* data)
    : lines_(lines),
      data_(data != nullptr ? data : lines),
      total_(total),
      unit_(std::move(unit)),
      has_terminal_(lines != nullptr && can_take_back_a_line()),
      began_(Clock::now()),
      updated_(began_),
      drawn_(began_) {}

void Progress::update(std::int64_t done) {
  if (!has_terminal_) return;
  const auto now = Clock::now();
  worked_ += now - updated_;
  updated_ = now;
  if (now - drawn_ >= std::chrono::milliseconds(100)) draw(done, now);
}

void Progress::draw(std::int64_t done, Clock::time_point now) {
  const auto seconds = [](Clock::duration time) { return std::chrono::duration<double>(time).count(); };
  const auto share = static_cast<double>(done) / static_cast<double>(total_);
  const std::string left_text = clock_text(seconds(now - began_) * (1 - share) / share);
  std::string text = fmt::format("{:3.0f}% {}/{} {}, {:.0f}/s, {} left", 100 * share, done, total_, unit_,
                                 static_cast<double>(done) / std::max(seconds(worked_), 1e-9), left_text);
  const std::size_t room = width() - 1;  // a full last column would wrap on some terminals
  std::string note = note_ ? note_() + "  " : "";
  // What is learnt says more than how fast; of that, what comes first.
  if (note.size() + text.size() > room && !note.empty())
    text = fmt::format("{:3.0f}%, {} left", 100 * share, left_text);
  while (!note.empty() && note.size() + text.size() > room) {
    const std::size_t comma = note.rfind(", ");
    note = comma == std::string::npos ? "" : note.substr(0, comma) + "  ";
  }
  const std::size_t left = room - std::min(room, note.size() + text.size());
  std::string bar;
  if (left >= 13) {
    const std::size_t length = std::min<std::size_t>(left - 3, 30);
    const auto filled = std::min(length, static_cast<std::size_t>(share * static_cast<double>(length)));
    bar = fmt::format("[{:.<{}}] ", std::string(filled, '#'), length);
  }
  write_text(stderr, "\r\x1b[K" + (bar + note + text).substr(0, room));
  visible_ = true;
  drawn_ = now;
}

void Progress::line(std::string_view text) { write(lines_, text); }

void Progress::data(std::string_view text) { write(data_, text); }

void Progress::write(std::FILE* to, std::string_view text) {
  if (lines_ == nullptr) return;
  clear();
  write_text(to, fmt::format("{}\n", text));
  updated_ = Clock::now();
}

void Progress::entry(std::string_view name, std::string_view text) {
  constexpr std::size_t kWidth = 10;
  if (lines_ == nullptr) return;
  const std::size_t indent = name.empty() ? 0 : kWidth;
  if (room() == kAny) return line(fmt::format("{:<{}}{}", name, indent, text));
  const std::string all = wrapped(text, indent, name.size(), columns(fileno(lines_)));
  line(fmt::format("{}{}", name, all.substr(0, all.size() - 1)));
}

std::size_t Progress::room() const {
  const std::size_t width = lines_ != nullptr ? terminal_width(fileno(lines_)) : 0;
  return width == 0 ? kAny : width;
}

void Progress::clear() {
  if (visible_) write_text(stderr, "\r\x1b[K");
  visible_ = false;
}

}  // namespace chainrule::cli
