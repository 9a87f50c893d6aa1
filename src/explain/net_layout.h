#pragma once

#include <vector>

#include "chainrule/explain/graph.h"
#include "explain/layout.h"

namespace chainrule::explain {

/// Where a box of a net's picture stands, and what is in it.
struct NetBox {
  const NetNode* node = nullptr;
  double x = 0, y = 0;  // of its left upper corner, from that of the group around it
  double width = 0, height = 0;
  double in = 0, out = 0;        // where arrows meet it above and below, from its left edge
  std::vector<NetBox> inside{};  // as node->inside
  /// As node->edges: from above to below, upright at each point.
  std::vector<std::vector<Point>> arrows{};
};

/// Places the boxes of a group in rows from top to bottom, each below those that it needs, and groups around
/// what they hold.
/// @param size  gives a layer's box its width and height, and a group its least width.
NetBox lay_out(const NetNode& node, Point (*size)(const NetNode& node, const void* more), const void* more);

inline constexpr double kGroupPort = 25;  // below a group's name: where arrows inside begin
inline constexpr double kGroupHead = 34;  // and where the first row does

}  // namespace chainrule::explain
