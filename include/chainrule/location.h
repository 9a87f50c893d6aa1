#pragma once

namespace chainrule {

/// A place in the caller's source. Functions that make nodes take one as their last, defaulted argument, so
/// that an error can name the user's line. (std::source_location is missing with clang 14.)
struct Location {
  const char* file = nullptr;
  int line = 0;

  static constexpr Location current(const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
    return {file, line};
  }
};

}  // namespace chainrule
