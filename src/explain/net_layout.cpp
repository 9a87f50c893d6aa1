#include "explain/net_layout.h"

#include <algorithm>

#include "explain/columns.h"

namespace chainrule::explain {
namespace {

using Edge = NetNode::Edge;

constexpr double kRowGap = 30;
constexpr double kMargin = 16;
constexpr double kPass = 18;  // for an arrow that passes a row

std::size_t at(int place) { return static_cast<std::size_t>(place); }

/// The rows of one group. Spots are placed as in the picture of an expression, turned by a quarter: a row
/// here is a column there.
class Rows {
 public:
  Rows(const NetNode& group, std::vector<NetBox>& boxes) : group_(group), boxes_(boxes) {
    rank_boxes();
    columns_.resize(at(last_ + 1));
    input_ = add(0, 0, 0, 2);
    for (std::size_t i = 0; i < boxes.size(); ++i) {
      spot_of_.push_back(add(rank_[i], boxes[i].height, boxes[i].width, 1));
    }
    output_ = add(last_, 0, 0, 2);
    for (const Edge& edge : group.edges) chains_.push_back(chain(edge));
    reduce_crossings(spots_, columns_);
    place_heights(spots_, columns_);
  }

  void place(NetBox& made) {
    double left = 1e300, right = -1e300, y = kGroupHead;
    for (const Spot& spot : spots_) {
      left = std::min(left, spot.y - spot.height / 2);
      right = std::max(right, spot.y + spot.height / 2);
    }
    made.width = std::max(made.width, right - left + 2 * kMargin);
    const double shift = (made.width - (right - left)) / 2 - left;
    std::vector<double> top(columns_.size()), deep(columns_.size());
    for (std::size_t row = 0; row < columns_.size(); ++row) {
      for (const int spot : columns_[row]) deep[row] = std::max(deep[row], spots_[at(spot)].width);
      top[row] = y;
      y += deep[row] + (row + 1 < columns_.size() ? (row == 0 ? 12 : kRowGap) : 0);
    }
    made.height = y + 2;
    for (std::size_t i = 0; i < boxes_.size(); ++i) {
      const Spot& spot = spots_[at(spot_of_[i])];
      boxes_[i].x = spot.y - spot.height / 2 + shift;
      boxes_[i].y = top[at(rank_[i])] + (deep[at(rank_[i])] - boxes_[i].height) / 2;
    }
    made.in = spots_[at(input_)].y + shift;
    made.out = spots_[at(output_)].y + shift;
    for (std::size_t i = 0; i < chains_.size(); ++i) {
      std::vector<Point> points;
      const Edge& edge = group_.edges[i];
      if (edge.from == Edge::kInput) {
        points.push_back({made.in, kGroupPort});
      } else {
        const NetBox& from = boxes_[at(edge.from)];
        points.push_back({from.x + from.out, from.y + from.height});
      }
      for (const int spot : chains_[i]) {
        const auto row = at(spots_[at(spot)].column);
        points.push_back({spots_[at(spot)].y + shift, top[row]});
        points.push_back({spots_[at(spot)].y + shift, top[row] + deep[row]});
      }
      if (edge.to == Edge::kOutput) {
        points.push_back({made.out, made.height});
      } else {
        const NetBox& to = boxes_[at(edge.to)];
        points.push_back({to.x + to.in, to.y});
      }
      made.arrows.push_back(std::move(points));
    }
  }

 private:
  void rank_boxes() {
    rank_.assign(boxes_.size(), 1);
    for (std::size_t i = 0; i < boxes_.size(); ++i) {  // each stands after those that it needs
      for (const Edge& edge : group_.edges) {
        if (edge.to == static_cast<int>(i) && edge.from >= 0)
          rank_[i] = std::max(rank_[i], rank_[at(edge.from)] + 1);
      }
      last_ = std::max(last_, rank_[i] + 1);
    }
  }

  int add(int row, double deep, double across, double stiffness) {
    spots_.push_back({row, deep, across, stiffness, {}, {}, 0});
    columns_[at(row)].push_back(static_cast<int>(spots_.size()) - 1);
    return static_cast<int>(spots_.size()) - 1;
  }

  void connect(int above, int below) {
    spots_[at(above)].right.push_back(below);
    spots_[at(below)].left.push_back(above);
  }

  /// A spot in each row between.
  std::vector<int> chain(const Edge& edge) {
    const int from = edge.from == Edge::kInput ? input_ : spot_of_[at(edge.from)];
    const int to = edge.to == Edge::kOutput ? output_ : spot_of_[at(edge.to)];
    std::vector<int> between;
    int before = from;
    for (int row = spots_[at(from)].column + 1; row < spots_[at(to)].column; ++row) {
      between.push_back(add(row, 0, kPass, 4));
      connect(before, between.back());
      before = between.back();
    }
    connect(before, to);
    return between;
  }

  const NetNode& group_;
  std::vector<NetBox>& boxes_;
  std::vector<int> rank_, spot_of_;
  int last_ = 1, input_ = 0, output_ = 0;
  std::vector<Spot> spots_;
  Columns columns_;
  std::vector<std::vector<int>> chains_;
};

}  // namespace

NetBox lay_out(const NetNode& node, Point (*size)(const NetNode& node, const void* more), const void* more) {
  NetBox made;
  made.node = &node;
  const Point wanted = size(node, more);
  made.width = wanted.x;
  made.height = wanted.y;
  made.in = made.out = made.width / 2;
  if (node.kind != NetNode::Kind::group) return made;
  for (const NetNode& inner : node.inside) made.inside.push_back(lay_out(inner, size, more));
  Rows(node, made.inside).place(made);
  return made;
}

}  // namespace chainrule::explain
