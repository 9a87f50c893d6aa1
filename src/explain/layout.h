#pragma once

#include <vector>

#include "chainrule/explain.h"

namespace chainrule::explain {

struct Point {
  double x = 0;
  double y = 0;
};

/// Where a node is drawn: its centre and size, and the room that it needs with what is written around it.
struct Box {
  Point at;
  double width = 0;
  double height = 0;
  double room_width = 0;
  double room_height = 0;
};

/// How an arrow is drawn: through these points from left to right, level at each. Its numbers stand over and
/// under the level stretch around `label`.
struct Arrow {
  int from = 0;
  int to = 0;             // -1: out of the picture, from the result
  std::size_t input = 0;  // which input of `to`
  std::vector<Point> points;
  Point label;
};

struct Layout {
  std::vector<Box> boxes;  // by node
  std::vector<Arrow> arrows;
  double width = 0;
  double height = 0;
};

/// Places the nodes of a graph in columns from left to right, each to the right of those that it needs, with
/// few crossings and without overlaps. `boxes` has their sizes, `label_widths` what the numbers of each arrow
/// need: by node and input, and at the end for the arrow out of the result.
///
/// As Sugiyama, Tagawa and Toda (1981): columns by longest path, places for arrows that pass a column, order
/// by the mean of the neighbours, then heights by least squares. An arrow's numbers have a place of their own
/// in the column between, so that they overlap nothing.
Layout lay_out(const Trace& trace, std::vector<Box> boxes,
               const std::vector<std::vector<double>>& label_widths);

}  // namespace chainrule::explain
