#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/cpu_count.h"

// The environment: the variables that the library reads, and how. docs/environment.md is written from this
// table. A value is looked up anew at each call; whoever asks often keeps it.
namespace chainrule::environment {

/// A variable. One that is empty counts as unset. What it may not hold is an error, unless it was set for
/// other programs: then it is passed over.
struct Variable {
  const char* name;
  std::string_view doc;
  std::array<std::string_view, 3> words = {};  // it holds one of these,
  int most = 0;                                // or a number from 1 to this one, or any text
  bool is_ours = true;
};

inline constexpr Variable kMode{.name = "CHAINRULE_MODE",
                                .doc =
                                    "How graphs are computed: by plans (the default); each operation at its "
                                    "call, by the reference loops; "
                                    "by plans, and compared with the reference loops.",
                                .words = {"lazy", "eager", "verify"}};
inline constexpr Variable kVerbose{
    .name = "CHAINRULE_VERBOSE",
    .doc =
        "What is said on standard error: nothing (the default); a line each time a plan is made or run; a "
        "line an instruction, with its time.",
    .words = {"0", "1", "2"}};
inline constexpr Variable kSimd{
    .name = "CHAINRULE_SIMD",
    .doc = "The widest instruction set that is used; what the CPU lacks is never used. By default the best.",
    .words = {"avx512", "avx2", "sse4"}};
inline constexpr Variable kNumThreads{
    .name = "CHAINRULE_NUM_THREADS",
    .doc = "Threads that are used, the calling one included. By default what `OMP_NUM_THREADS` says.",
    .most = kMaxThreads};
inline constexpr Variable kOmpNumThreads{
    .name = "OMP_NUM_THREADS",
    .doc = "The same, of a list the first. By default the number of CPUs that the process may use.",
    .most = kMaxThreads,
    .is_ours = false};
inline constexpr Variable kDataDir{
    .name = "CHAINRULE_DATA_DIR",
    .doc = "A folder with data sets, or with folders named after them. Looked into after `--data-dir`."};
inline constexpr Variable kXdgDataHome{
    .name = "XDG_DATA_HOME",
    .doc = "Data sets are looked for in its `chainrule/NAME`. By default `.local/share` of `HOME`.",
    .is_ours = false};
inline constexpr Variable kHome{
    .name = "HOME", .doc = "The person's folder, where `XDG_DATA_HOME` is not set.", .is_ours = false};

/// All of them.
inline constexpr std::array kVariables{kMode,          kVerbose, kSimd,        kNumThreads,
                                       kOmpNumThreads, kDataDir, kXdgDataHome, kHome};

/// What it may hold: "lazy, eager or verify", "a number from 1 to 1024", "any text".
std::string allowed(const Variable& variable);

/// What it holds; nothing if it is unset or empty.
std::optional<std::string> text(const Variable& variable);
/// Which of its words it holds, counted from 0.
/// @throws ValueError  if it is none of them (E003).
std::optional<int> word(const Variable& variable);
/// The number that it holds, of a list ("4,2", as OpenMP has them) the first.
/// @throws ValueError  if there is none in its range (E003).
std::optional<int> number(const Variable& variable);

}  // namespace chainrule::environment
