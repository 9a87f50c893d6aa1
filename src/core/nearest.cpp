#include "core/nearest.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace chainrule {
namespace {

/// Letters to insert, remove or replace. A row of the table at a time.
std::size_t distance(std::string_view word, std::string_view other) {
  std::vector<std::size_t> row(word.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < other.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < word.size(); ++j) {
      const std::size_t changed = diagonal + (word[j] == other[i] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({changed, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string nearest(std::string_view word, const std::vector<std::string>& candidates) {
  if (word.size() > 64) return "";
  std::string best;
  std::size_t fewest = std::max<std::size_t>(word.size(), 4) / 2 + 1;  // beyond half of it is another word
  for (const std::string& candidate : candidates) {
    const std::size_t changes = distance(word, candidate);
    // A single letter is near to every other: that is no help.
    if (changes < fewest && changes < std::max(word.size(), candidate.size())) {
      fewest = changes;
      best = candidate;
    }
  }
  return best;
}

}  // namespace chainrule
