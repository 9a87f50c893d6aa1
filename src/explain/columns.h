#pragma once

#include <span>
#include <vector>

namespace chainrule::explain {

/// Something that takes room in a column of the picture: a node, an arrow's numbers, or an arrow that passes.
struct Spot {
  int column = 0;
  double width = 0;
  double height = 0;
  double stiffness = 1;          // how much it pulls to the height of its neighbours
  std::vector<int> left, right;  // neighbours in the columns beside
  double y = 0;
};

/// The spots of each column from top to bottom.
using Columns = std::vector<std::vector<int>>;

/// Reorders each column so that few arrows cross.
void reduce_crossings(const std::vector<Spot>& spots, Columns& columns);

/// Gives each spot its height: near its neighbours', in the column's order, without overlaps.
void place_heights(std::vector<Spot>& spots, const Columns& columns);

/// Values nearest to `wanted` (weighted least squares) with values[i + 1] - values[i] >= gaps[i].
std::vector<double> spread(std::span<const double> wanted, std::span<const double> weights,
                           std::span<const double> gaps);

}  // namespace chainrule::explain
