#include "core/nearest.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace chainrule {
namespace {

/// Letters to insert, remove, replace, or swap with the next. A row of the table at a time.
std::size_t distance(std::string_view word, std::string_view other) {
  std::vector<std::size_t> before(word.size() + 1), last(word.size() + 1), row(word.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < other.size(); ++i) {
    before = std::exchange(last, row);
    row[0] = i + 1;
    for (std::size_t j = 0; j < word.size(); ++j) {
      row[j + 1] = std::min({last[j] + (word[j] == other[i] ? 0 : 1), row[j] + 1, last[j + 1] + 1});
      const bool is_swapped = i > 0 && j > 0 && word[j] == other[i - 1] && word[j - 1] == other[i];
      if (is_swapped) row[j + 1] = std::min(row[j + 1], before[j - 1] + 1);
    }
  }
  return row.back();
}

bool have_same_letters(std::string word, std::string other) {
  std::sort(word.begin(), word.end());
  std::sort(other.begin(), other.end());
  return word == other;
}

/// Whether a word is the first or the last part of a name: "acc" of "accuracy", "entropy" of "cross_entropy".
bool is_part(std::string_view word, std::string_view name) {
  constexpr std::size_t kShortest = 3;  // shorter ones begin too many names
  if (word.size() < kShortest || word.size() >= name.size()) return false;
  const char before = name[name.size() - word.size() - 1];
  return name.starts_with(word) ||
         (name.ends_with(word) && (before == '_' || before == '-' || before == '.'));
}

/// Whether a word is a name but for whole words in front or behind: "cross_entropy" of
/// "softmax_cross_entropy".
bool is_whole_part(std::string_view word, std::string_view name) {
  return is_part(word, name) && (!name.starts_with(word) ||
                                 std::string_view("_-.").find(name[word.size()]) != std::string_view::npos);
}

}  // namespace

std::string nearest(std::string_view word, const std::vector<std::string>& candidates) {
  if (word.size() > 64) return "";
  std::string best;
  std::size_t fewest =
      std::max<std::size_t>(word.size() + 1, 3) / 3 + 1;  // beyond a third it is another word
  for (const std::string& candidate : candidates) {
    const std::size_t changes = distance(word, candidate);
    // A single letter is near to every other: that is no help.
    if (changes >= std::max(word.size(), candidate.size())) continue;
    const bool is_swapped = changes == fewest && !best.empty() &&
                            have_same_letters(std::string(word), candidate) &&
                            !have_same_letters(std::string(word), best);
    if (changes >= fewest && !is_swapped) continue;
    fewest = changes;
    best = candidate;
  }
  // A name that has the whole word is nearer than one that takes several letters to get to.
  constexpr std::size_t kSlip = 2;
  const auto whole = std::find_if(candidates.begin(), candidates.end(), [&](const std::string& candidate) {
    return is_whole_part(word, candidate);
  });
  if (whole != candidates.end() && (best.empty() || fewest > kSlip)) return *whole;
  for (const std::string& candidate : candidates) {
    if (best.empty() && word.size() > 2 && have_same_letters(std::string(word), candidate)) best = candidate;
  }
  for (const std::string& candidate : candidates) {
    if (best.empty() && is_part(word, candidate)) best = candidate;
  }
  return best;
}

}  // namespace chainrule
