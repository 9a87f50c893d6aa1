#pragma once

#include "chainrule/error.h"

namespace chainrule::cli {

/// How the tool ends; `chainrule --help` lists the same. After a stop by a signal: 128 + its number, as
/// shells do, so that `chainrule train && ...` does not take an interrupted run for a whole one.
inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kUsage = 2;
inline constexpr int kCheckFailed = 3;
inline constexpr int kUnreadable = 4;  ///< an input file
inline constexpr int kDiverged = 5;    ///< a loss that is not finite
inline constexpr int kOtherRun = 6;    ///< a checkpoint that is damaged, or of another run

/// Which of them an error is.
inline int exit_code_of(const Error& error) {
  const int number = error.code();
  const auto is_from = [number](int first, int last) { return number >= first && number <= last; };
  if (number == 80) return kDiverged;
  if (is_from(303, 307) || number == 311) return kOtherRun;
  if (is_from(220, 239) || number == 310 || is_from(340, 343) || number == 372 || is_from(374, 376))
    return kUsage;
  const bool is_writing = number == 83 || number == 84 || number == 314 || is_from(370, 371);
  return dynamic_cast<const FileError*>(&error) != nullptr && !is_writing ? kUnreadable : kFailed;
}

}  // namespace chainrule::cli
