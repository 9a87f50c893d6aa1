#include "explain/columns.h"

#include <algorithm>
#include <utility>

namespace chainrule::explain {
namespace {

constexpr int kSweeps = 12;
constexpr double kGap = 10;  // between neighbours of a column

std::vector<int> positions(const std::vector<Spot>& spots, const Columns& columns) {
  std::vector<int> position(spots.size());
  for (const std::vector<int>& column : columns) {
    for (std::size_t i = 0; i < column.size(); ++i) {
      position[static_cast<std::size_t>(column[i])] = static_cast<int>(i);
    }
  }
  return position;
}

/// Pairs of arrows that cross between two columns.
long crossings(const std::vector<Spot>& spots, const std::vector<int>& column,
               const std::vector<int>& position) {
  std::vector<std::pair<int, int>> arrows;
  for (int spot : column) {
    for (int next : spots[static_cast<std::size_t>(spot)].right) {
      arrows.emplace_back(position[static_cast<std::size_t>(spot)], position[static_cast<std::size_t>(next)]);
    }
  }
  long count = 0;
  for (std::size_t i = 0; i < arrows.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const bool above = arrows[i].first < arrows[j].first;
      const bool below = arrows[i].first > arrows[j].first;
      count +=
          (above && arrows[i].second > arrows[j].second) || (below && arrows[i].second < arrows[j].second);
    }
  }
  return count;
}

long all_crossings(const std::vector<Spot>& spots, const Columns& columns) {
  const std::vector<int> position = positions(spots, columns);
  long count = 0;
  for (const std::vector<int>& column : columns) count += crossings(spots, column, position);
  return count;
}

/// Sorts a column by the mean place of the neighbours on one side; what has none keeps its place.
void sort_by_mean(const std::vector<Spot>& spots, std::vector<int>& column, std::vector<int>& position,
                  bool by_left) {
  const auto mean = [&](int spot) {
    const std::vector<int>& beside =
        by_left ? spots[static_cast<std::size_t>(spot)].left : spots[static_cast<std::size_t>(spot)].right;
    double sum = 0;
    for (int other : beside) sum += position[static_cast<std::size_t>(other)];
    return beside.empty() ? static_cast<double>(position[static_cast<std::size_t>(spot)])
                          : sum / static_cast<double>(beside.size());
  };
  std::stable_sort(column.begin(), column.end(), [&](int a, int b) { return mean(a) < mean(b); });
  for (std::size_t i = 0; i < column.size(); ++i) {
    position[static_cast<std::size_t>(column[i])] = static_cast<int>(i);
  }
}

/// Moves one column's spots to the heights of their neighbours on the given sides.
void settle(std::vector<Spot>& spots, const std::vector<int>& column, bool left, bool right) {
  std::vector<double> wanted, weights, gaps;
  for (std::size_t i = 0; i < column.size(); ++i) {
    const Spot& spot = spots[static_cast<std::size_t>(column[i])];
    double sum = 0, weight = 0;
    for (const auto& [used, beside] : {std::pair(left, &spot.left), std::pair(right, &spot.right)}) {
      if (!used) continue;
      for (int other : *beside) {
        const double pull = spot.stiffness * spots[static_cast<std::size_t>(other)].stiffness;
        sum += pull * spots[static_cast<std::size_t>(other)].y;
        weight += pull;
      }
    }
    wanted.push_back(weight > 0 ? sum / weight : spot.y);
    weights.push_back(std::max(weight, 0.1));
    if (i > 0)
      gaps.push_back((spots[static_cast<std::size_t>(column[i - 1])].height + spot.height) / 2 + kGap);
  }
  const std::vector<double> heights = spread(wanted, weights, gaps);
  for (std::size_t i = 0; i < column.size(); ++i) spots[static_cast<std::size_t>(column[i])].y = heights[i];
}

}  // namespace

void reduce_crossings(const std::vector<Spot>& spots, Columns& columns) {
  Columns best = columns;
  long fewest = all_crossings(spots, columns);
  std::vector<int> position = positions(spots, columns);
  for (int sweep = 0; sweep < kSweeps && fewest > 0; ++sweep) {
    const bool to_right = sweep % 2 == 1;  // first from the result to the leaves
    for (std::size_t i = 0; i < columns.size(); ++i) {
      sort_by_mean(spots, columns[to_right ? i : columns.size() - 1 - i], position, to_right);
    }
    if (const long count = all_crossings(spots, columns); count < fewest) {
      fewest = count;
      best = columns;
    }
  }
  columns = std::move(best);
}

void place_heights(std::vector<Spot>& spots, const Columns& columns) {
  for (const std::vector<int>& column : columns) {
    double y = 0;
    for (int place : column) {
      Spot& spot = spots[static_cast<std::size_t>(place)];
      spot.y = y + spot.height / 2;
      y += spot.height + kGap;
    }
  }
  for (int sweep = 0; sweep < 4 * kSweeps; ++sweep) {
    const bool both = sweep >= 2 * kSweeps;
    const bool to_right = sweep % 2 == 0;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      settle(spots, columns[to_right ? i : columns.size() - 1 - i], both || to_right, both || !to_right);
    }
  }
}

std::vector<double> spread(std::span<const double> wanted, std::span<const double> weights,
                           std::span<const double> gaps) {
  // Less the gaps, the values must not fall: pool neighbours that would (isotonic regression).
  struct Pool {
    double sum, weight;
    std::size_t count;
    double mean() const { return sum / weight; }
  };
  std::vector<Pool> pools;
  double offset = 0;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (i > 0) offset += gaps[i - 1];
    Pool pool{(wanted[i] - offset) * weights[i], weights[i], 1};
    while (!pools.empty() && pools.back().mean() > pool.mean()) {
      pool = {pool.sum + pools.back().sum, pool.weight + pools.back().weight,
              pool.count + pools.back().count};
      pools.pop_back();
    }
    pools.push_back(pool);
  }
  std::vector<double> values;
  offset = 0;
  for (const Pool& pool : pools) {
    for (std::size_t i = 0; i < pool.count; ++i) {
      if (!values.empty()) offset += gaps[values.size() - 1];
      values.push_back(pool.mean() + offset);
    }
  }
  return values;
}

}  // namespace chainrule::explain
