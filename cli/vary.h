#pragma once

#include <string>
#include <vector>

#include "experiment.h"

namespace chainrule::cli {

/// What a sweep tries: settings with their values, as `--vary` gives them.
class Varied {
 public:
  /// @param texts  "lr=0.1,0.01", "hidden=16..128", "lr=1e-4..0.1 log", "net=mlp([32, 10]), mlp([64, 10])";
  ///     a key, or the short name of one, see keys.h.
  /// @throws ValueError  for anything else (E350).
  explicit Varied(const std::vector<std::string>& texts);

  const train::Space& space() const { return space_; }
  /// Whether a key that begins so is among them.
  bool has(std::string_view start) const;
  bool has_range() const { return !ranges_.empty(); }
  /// Numbers of ranges as people write them: of three digits, or whole where the range is.
  train::Point rounded(const train::Point& point) const;
  /// The settings at a point, rounded, in place of those that were there.
  /// @throws ValueError  for a key or a value that is not allowed.
  Experiment at(const train::Point& point, const Experiment& base) const;
  /// Some point of it: what is wrong with keys and values can be said before anything is run.
  train::Point first() const;

 private:
  train::Space space_;
  std::vector<std::string> ranges_, whole_;  // keys with ranges, and those with whole numbers
};

}  // namespace chainrule::cli
