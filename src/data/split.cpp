#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "chainrule/data/source.h"
#include "chainrule/error.h"
#include "chainrule/random.h"
#include "core/text.h"

namespace chainrule::data {
namespace {

using RowNumbers = std::vector<std::int64_t>;

/// All rows, in the order in which parts take them.
RowNumbers shuffled(std::int64_t rows, const SplitOptions& options) {
  RowNumbers order(static_cast<std::size_t>(rows));
  std::iota(order.begin(), order.end(), std::int64_t{0});
  if (!options.shuffle) return order;
  Random random(options.seed, streams::kSplit);
  for (std::size_t left = order.size(); left > 1; --left) {
    std::swap(order[left - 1], order[random.below(left)]);
  }
  return order;
}

std::vector<std::int64_t> targets_of(const Source& source) {
  const Column* target = source.target();
  if (target == nullptr || is_floating(target->dtype) || target->shape.numel() != 1) {
    throw ValueError(273,
                     cat("[split] stratify needs a target of class numbers, but this source has ",
                         target ? cat("'", target->name, "' ", target->shape, " ", target->dtype) : "none",
                         ". Leave stratify out."));
  }
  return source.targets().to_vector<std::int64_t>();
}

/// The order with the rows of each class spread evenly over it: the i-th of n rows of a class stands at (i +
/// 1/2) / n. So any part of the order has of each class its share, to less than a row.
RowNumbers stratified(const RowNumbers& order, const std::vector<std::int64_t>& classes) {
  std::map<std::int64_t, double> counts, seen;
  for (const std::int64_t value : classes) counts[value] += 1;
  std::vector<std::pair<double, std::int64_t>> places;
  for (const std::int64_t row : order) {
    const std::int64_t value = classes[static_cast<std::size_t>(row)];
    places.emplace_back((seen[value]++ + 0.5) / counts[value], row);
  }
  std::stable_sort(places.begin(), places.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  RowNumbers spread;
  for (const auto& place : places) spread.push_back(place.second);
  return spread;
}

/// @param shares  of all parts but the last.
std::vector<Source> parts_of(const Source& source, std::span<const double> shares,
                             const SplitOptions& options) {
  if (options.stratify && !options.shuffle) {
    throw ValueError(273, "[split] stratify takes rows by chance, shuffle = false does not. Choose one.");
  }
  RowNumbers order = shuffled(source.rows(), options);
  if (options.stratify) order = stratified(order, targets_of(source));
  std::vector<Source> parts;
  std::int64_t begin = 0;
  double sum = 0;
  for (std::size_t i = 0; i <= shares.size(); ++i) {
    sum += i < shares.size() ? shares[i] : 0;
    const bool possible = sum < 1 && (i == shares.size() || shares[i] > 0);
    const std::int64_t end = i == shares.size() ? source.rows()
                             : possible         ? std::llround(sum * static_cast<double>(source.rows()))
                                                : 0;
    if (!possible || end <= begin) {
      throw ValueError(273,
                       cat("[split] ", source.rows(), " rows with shares of ", shares[0],
                           shares.size() > 1 ? cat(" and ", shares[1]) : "", ", the rest last: part ", i + 1,
                           " would be empty. Need shares above 0 with a sum below 1, and enough rows."));
    }
    RowNumbers rows(order.begin() + begin, order.begin() + end);
    std::sort(rows.begin(), rows.end());
    parts.push_back(subset(source, std::move(rows)));
    begin = end;
  }
  return parts;
}

}  // namespace

TwoParts split(const Source& source, double train, const SplitOptions& options) {
  const auto parts = parts_of(source, {{train}}, options);
  return {parts[0], parts[1]};
}

ThreeParts split(const Source& source, double train, double validation, const SplitOptions& options) {
  const auto parts = parts_of(source, {{train, validation}}, options);
  return {parts[0], parts[1], parts[2]};
}

}  // namespace chainrule::data
