#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "chainrule/nn/layer.h"

// A net as a picture: layers as boxes, containers around them, and what goes from one to the other.
//
//     io::replace_file("net.svg", explain::graph_svg(net, zeros({1, 1, 28, 28})));
namespace chainrule::explain {

/// A box of the picture.
struct NetNode {
  /// A layer; an operation that joins what comes from several; or a layer that holds others.
  enum class Kind : std::uint8_t { layer, join, group };
  /// From one box inside a group to another; or from the group's input, or to its output.
  struct Edge {
    static constexpr int kInput = -1, kOutput = -2;
    int from = kInput, to = kOutput;
    bool operator==(const Edge&) const = default;
  };

  Kind kind = Kind::layer;
  std::string name;               ///< "affine1"; of some that are alike "block1 to block4"
  std::string path;               ///< "block1.affine1"
  std::string what;               ///< "affine(50)"; of a group its kind; of a join the operation
  Shape shape{};                  ///< of the output
  std::int64_t parameters = 0;    ///< numbers that are trained, of all inside; one that is shared counts once
  std::int64_t repeats = 1;       ///< how many in a row it stands for
  std::vector<NetNode> inside{};  ///< of a group, each after those that it needs
  std::vector<Edge> edges{};
};

struct NetGraph {
  Shape input{};
  NetNode net;  ///< a group, or a single layer
};

struct NetGraphOptions {
  bool collapse = true;  ///< blocks that are alike and follow one another are one, with a count
};

/// The net as it runs on inputs like these (their numbers do not matter): edges are what its operations take
/// from one another, so that branches of any layer are seen, a program's own too.
/// @throws  what the layers throw for inputs that do not fit.
NetGraph graph_of(const nn::Layer& net, const nn::Inputs& inputs, const NetGraphOptions& options = {});

/// @name As a picture, for Graphviz, and as an indented list. The first axis of `input` is written N.
/// @{
std::string to_svg(const NetGraph& graph);
std::string to_dot(const NetGraph& graph);
std::string to_text(const NetGraph& graph);
/// @}

/// to_svg(graph_of(net, inputs)).
std::string graph_svg(const nn::Layer& net, const nn::Inputs& inputs);

}  // namespace chainrule::explain
