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
inline constexpr int kRanks = 7;       ///< of several ranks one is gone, does not answer, or differs

/// Which of them an error is. What is wrong with a value or a shape comes from settings, as a rule.
inline int exit_code_of(const Error& error) {
  const int number = error.code();
  const auto is_from = [number](int first, int last) { return number >= first && number <= last; };
  if (number == 80) return kDiverged;
  if (number == 320) return kFailed;  // each run of a sweep
  if (is_from(604, 609)) return kRanks;
  if (is_from(303, 305) || number == 307 || is_from(310, 311) || number == 359 || number == 379) {
    return kOtherRun;
  }
  if (number == 293 || is_from(344, 349)) return kUnreadable;
  if (dynamic_cast<const FileError*>(&error) != nullptr) {
    const bool is_writing =
        number == 83 || number == 84 || number == 309 || number == 314 || is_from(370, 371);
    return is_writing ? kFailed : kUnreadable;
  }
  const bool is_setting = dynamic_cast<const ValueError*>(&error) != nullptr ||
                          dynamic_cast<const ShapeError*>(&error) != nullptr;
  return is_setting ? kUsage : kFailed;
}

}  // namespace chainrule::cli
