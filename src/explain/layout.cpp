#include "explain/layout.h"

#include <algorithm>
#include <cmath>

#include "explain/columns.h"

namespace chainrule::explain {
namespace {

constexpr double kLabelHeight = 42;  // two lines of numbers and the arrow between
constexpr double kPassHeight = 14;
constexpr double kPort = 15;  // between arrows that meet at a node
constexpr double kMargin = 16;
constexpr double kStub = 46;  // of the arrow out of the result, after its numbers

/// Columns 0, 2, 4 ... have nodes, those between have numbers.
class Builder {
 public:
  Builder(const Trace& trace, std::vector<Box> boxes, const std::vector<std::vector<double>>& label_widths)
      : trace_(trace), label_widths_(label_widths) {
    layout_.boxes = std::move(boxes);
  }

  Layout run() {
    rank_nodes();
    const int result = static_cast<int>(trace_.nodes.size()) - 1;
    columns_.resize(static_cast<std::size_t>(2 * rank_.back() + 2));
    spot_of_.assign(trace_.nodes.size(), -1);
    add_node(result);
    add_arrow(result, -1, 0, label_widths_.back()[0]);
    reduce_crossings(spots_, columns_);
    place_heights(spots_, columns_);
    place_columns();
    for (std::size_t i = 0; i < spot_of_.size(); ++i) {
      const Spot& spot = spots_[static_cast<std::size_t>(spot_of_[i])];
      layout_.boxes[i].at = {x_[static_cast<std::size_t>(spot.column)], spot.y};
    }
    draw_arrows();
    return std::move(layout_);
  }

 private:
  struct Chain {
    int from, to;
    std::size_t input;
    std::vector<int> spots;  // the last but for passes has the numbers
  };

  /// An operation stands right of its inputs; a leaf right before its first user.
  void rank_nodes() {
    rank_.assign(trace_.nodes.size(), 0);
    for (std::size_t i = 0; i < rank_.size(); ++i) {
      for (const Input& input : trace_.nodes[i].inputs) {
        rank_[i] = std::max(rank_[i], rank_[static_cast<std::size_t>(input.node)] + 1);
      }
    }
    for (std::size_t i = 0; i < rank_.size(); ++i) {
      const Node& node = trace_.nodes[i];
      if (!node.inputs.empty() || node.users.empty()) continue;
      int first = rank_.back();
      for (int user : node.users) first = std::min(first, rank_[static_cast<std::size_t>(user)]);
      rank_[i] = first - 1;
    }
  }

  int add_spot(int column, double width, double height, double stiffness) {
    spots_.push_back({column, width, height, stiffness, {}, {}, 0});
    const int spot = static_cast<int>(spots_.size()) - 1;
    columns_[static_cast<std::size_t>(column)].push_back(spot);
    return spot;
  }

  void connect(int left, int right) {
    spots_[static_cast<std::size_t>(left)].right.push_back(right);
    spots_[static_cast<std::size_t>(right)].left.push_back(left);
  }

  /// Inputs first, the first one on top: a tree comes out without crossings. (Pictures are small: see
  /// to_svg.)
  void add_node(int place) {
    const auto at = static_cast<std::size_t>(place);
    if (spot_of_[at] >= 0) return;
    for (const Input& input : trace_.nodes[at].inputs) add_node(input.node);
    const Box& box = layout_.boxes[at];
    spot_of_[at] = add_spot(2 * rank_[at], box.room_width, box.room_height, 1);
    for (std::size_t i = 0; i < trace_.nodes[at].inputs.size(); ++i) {
      add_arrow(trace_.nodes[at].inputs[i].node, place, i, label_widths_[at][i]);
    }
  }

  void add_arrow(int from, int to, std::size_t input, double label_width) {
    Chain chain{from, to, input, {}};
    const int start = 2 * rank_[static_cast<std::size_t>(from)] + 1;
    const int end = to < 0 ? start : 2 * rank_[static_cast<std::size_t>(to)] - 1;
    int last = spot_of_[static_cast<std::size_t>(from)];
    for (int column = start; column <= end; ++column) {
      const bool has_label = column == end;
      const int spot =
          has_label ? add_spot(column, label_width, kLabelHeight, 2) : add_spot(column, 0, kPassHeight, 4);
      connect(last, spot);
      chain.spots.push_back(spot);
      last = spot;
    }
    if (to >= 0) connect(last, spot_of_[static_cast<std::size_t>(to)]);
    chains_.push_back(std::move(chain));
  }

  /// Columns as wide as their widest, further apart where arrows are steep.
  void place_columns() {
    double top = 1e300, bottom = -1e300;
    for (const Spot& spot : spots_) {
      top = std::min(top, spot.y - spot.height / 2);
      bottom = std::max(bottom, spot.y + spot.height / 2);
    }
    for (Spot& spot : spots_) spot.y += kMargin - top;
    double x = kMargin, half = 0;
    for (const std::vector<int>& column : columns_) {
      double widest = 0, steepest = 0;
      for (int place : column) {
        const Spot& spot = spots_[static_cast<std::size_t>(place)];
        widest = std::max(widest, spot.width);
        for (int left : spot.left) {
          steepest = std::max(steepest, std::abs(spots_[static_cast<std::size_t>(left)].y - spot.y));
        }
      }
      if (!x_.empty()) x += half + std::clamp(0.22 * steepest, 22.0, 90.0);
      half = widest / 2;
      x += half;
      x_.push_back(x);
    }
    layout_.width = x + half + kStub + kMargin;
    layout_.height = bottom - top + 2 * kMargin;
  }

  /// How far below a node's middle its arrows meet it, in the order of the heights that they come from.
  double port(int node, int spot, bool left) const {
    const Spot& own = spots_[static_cast<std::size_t>(spot_of_[static_cast<std::size_t>(node)])];
    std::vector<int> beside = left ? own.left : own.right;
    std::stable_sort(beside.begin(), beside.end(), [&](int a, int b) {
      return spots_[static_cast<std::size_t>(a)].y < spots_[static_cast<std::size_t>(b)].y;
    });
    const auto place = std::find(beside.begin(), beside.end(), spot) - beside.begin();
    return kPort * (static_cast<double>(place) - static_cast<double>(beside.size() - 1) / 2);
  }

  /// Where a level line meets the rounded end of a node.
  double edge(const Box& box, double dy) const {
    const double radius = std::min(box.width, box.height) / 2;
    const double beyond = std::max(0.0, std::abs(dy) - (box.height / 2 - radius));
    return box.width / 2 - radius + std::sqrt(std::max(0.0, radius * radius - beyond * beyond));
  }

  void draw_arrows() {
    for (const Chain& chain : chains_) {
      Arrow arrow{chain.from, chain.to, chain.input, {}, {}};
      const Box& from = layout_.boxes[static_cast<std::size_t>(chain.from)];
      const double out = port(chain.from, chain.spots.front(), false);
      arrow.points.push_back({from.at.x + edge(from, out), from.at.y + out});
      // Level as far as the column is wide, or a steep arrow would cut through what is written below the
      // node.
      arrow.points.push_back({from.at.x + widest(column_of(chain.from)) / 2, from.at.y + out});
      for (int place : chain.spots) {
        const Spot& spot = spots_[static_cast<std::size_t>(place)];
        const double x = x_[static_cast<std::size_t>(spot.column)];
        // A short label is level over the whole column, or arrows would bend beneath their neighbours'
        // numbers.
        arrow.points.push_back({x - widest(spot.column) / 2, spot.y});
        arrow.points.push_back({x + widest(spot.column) / 2, spot.y});
        arrow.label = {x, spot.y};
      }
      if (chain.to < 0) {
        arrow.points.back().x += kStub;
      } else {
        const Box& to = layout_.boxes[static_cast<std::size_t>(chain.to)];
        const double in = port(chain.to, chain.spots.back(), true);
        arrow.points.push_back({to.at.x - widest(column_of(chain.to)) / 2, to.at.y + in});
        arrow.points.push_back({to.at.x - edge(to, in), to.at.y + in});
      }
      layout_.arrows.push_back(std::move(arrow));
    }
  }

  int column_of(int node) const { return 2 * rank_[static_cast<std::size_t>(node)]; }

  double widest(int column) const {
    double width = 0;
    for (int place : columns_[static_cast<std::size_t>(column)]) {
      width = std::max(width, spots_[static_cast<std::size_t>(place)].width);
    }
    return width;
  }

  const Trace& trace_;
  const std::vector<std::vector<double>>& label_widths_;
  Layout layout_;
  std::vector<int> rank_;
  std::vector<Spot> spots_;
  Columns columns_;
  std::vector<int> spot_of_;  // by node
  std::vector<Chain> chains_;
  std::vector<double> x_;  // middle of each column
};

}  // namespace

Layout lay_out(const Trace& trace, std::vector<Box> boxes,
               const std::vector<std::vector<double>>& label_widths) {
  return Builder(trace, std::move(boxes), label_widths).run();
}

}  // namespace chainrule::explain
