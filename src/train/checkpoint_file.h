#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "chainrule/named_tensors.h"

namespace chainrule::train {

/// What a checkpoint holds.
struct Checkpoint {
  std::int64_t step = 0;
  std::uint64_t seed = 0;
  double loss_sum = 0;  ///< of the steps since the last report, and how many
  std::int64_t loss_count = 0;
  double seconds = 0;
  std::int64_t reports = 0;    ///< lines of history.jsonl
  std::string history_digest;  ///< of those lines
  std::string configuration;   ///< TOML
  NamedTensors tensors;
};

/// Their places in a folder; written in turn.
inline constexpr std::array<std::string_view, 2> kCheckpointNames{"checkpoint-a.safetensors",
                                                                  "checkpoint-b.safetensors"};

/// Replaces the file whole. @throws FileError  (E083)
void write_checkpoint(const std::string& path, const Checkpoint& checkpoint);
/// @throws FileError  if it cannot be read (E200 to E207), or is not a whole checkpoint that this version
/// knows (E307).
Checkpoint read_checkpoint(const std::string& path);

/// The newest whole one of a folder.
struct Newest {
  Checkpoint checkpoint;
  std::string path;     ///< empty: there is none at all
  std::string damaged;  ///< why the other one could not be read
};
/// @throws FileError  if there are some and none is whole (E307).
Newest read_newest(const std::string& folder);

}  // namespace chainrule::train
