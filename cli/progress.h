#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace chainrule::cli {

/// Lines for people, and below them, while they wait, a bar with the rate and the time left.
///
/// The bar is on stderr, and only if that is a terminal that can take back a line; elsewhere there is never a
/// control character. It is redrawn at most ten times a second. Colours are not used, so NO_COLOR has
/// nothing to switch off.
class Progress {
 public:
  /// @param lines  where lines go: stdout or stderr; null: nowhere, and there is no bar.
  /// @param unit   of the counted work, in the plural: "steps".
  /// @param data   where data go; null: where lines go.
  Progress(std::FILE* lines, std::int64_t total, std::string unit, std::FILE* data = nullptr);
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// What stands in the bar besides, if there is room; asked each time it is drawn.
  void say(std::function<std::string()> note) { note_ = std::move(note); }
  /// `done` of the work is done now. Cheap enough for every step.
  void update(std::int64_t done);
  /// Writes a line in the place of the bar. The time since the last update does not count for the rate: it
  /// went into something else, such as measuring accuracies.
  void line(std::string_view text);
  /// The same for data, which lines for people must not be among.
  void data(std::string_view text);
  /// Words behind a name, which may be empty; on a terminal in lines that fit it.
  void entry(std::string_view name, std::string_view text);
  /// Columns that a line may take: in a file, any.
  std::size_t room() const;
  static constexpr std::size_t kAny = static_cast<std::size_t>(-1);
  void clear();

 private:
  using Clock = std::chrono::steady_clock;

  void draw(std::int64_t done, Clock::time_point now);
  void write(std::FILE* to, std::string_view text);

  std::FILE *lines_, *data_;
  std::int64_t total_;
  std::string unit_;
  std::function<std::string()> note_;
  bool has_terminal_;
  bool visible_ = false;
  Clock::time_point began_;
  Clock::time_point updated_;
  Clock::time_point drawn_;
  Clock::duration worked_{};
};

}  // namespace chainrule::cli
