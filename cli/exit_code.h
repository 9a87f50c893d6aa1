#pragma once

namespace chainrule::cli {

/// How the tool ends; `chainrule --help` lists the same. After a stop by a signal: 128 + its number, as
/// shells do, so that `chainrule train && ...` does not take an interrupted run for a whole one.
inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kUsage = 2;
inline constexpr int kCheckFailed = 3;

}  // namespace chainrule::cli
