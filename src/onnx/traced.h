#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nn/whole_layers.h"
#include "ops/op.h"

// A graph as it is written: one that was traced with batches of several sizes, so that it is known what
// depends on the batch.
namespace chainrule::onnx {

/// A size, or another number of an attribute, as times N plus something; N is the size of the batch.
struct Extent {
  std::int64_t times = 0, plus = 0;

  bool is_fixed() const { return times == 0; }
  bool operator==(const Extent&) const = default;
};
using Extents = std::vector<Extent>;

/// A setting of an operation: numbers, or a word.
struct Setting {
  std::string name, word;
  Extents numbers;
};

struct TracedNode {
  enum class Kind : std::uint8_t { input, parameter, constant, operation };

  Kind kind = Kind::operation;
  const OpRow* row = nullptr;
  std::string layer = {};  ///< path of the layer that made it, or ""
  DType dtype = DType::f32;
  Extents shape = {};
  std::vector<std::int32_t> inputs = {};  ///< nodes by number
  std::vector<Setting> settings = {};
  std::int32_t number = -1;  ///< of an input or a parameter, among them
  Tensor value = {};         ///< in the first trace
  bool varies = true;        ///< whether it depends on an input, a parameter or the batch
  /// Of a constant that is one number: what it is, or 1 over it, if it follows the batch.
  enum class Follows : std::uint8_t { nothing, batch, reciprocal } follows = Follows::nothing;
  Extent followed = {};
};

/// One trace.
struct Trace {
  std::int64_t batch = 1;
  Tensors inputs, outputs;
};

/// Nodes, inputs before users.
struct TracedGraph {
  std::vector<TracedNode> nodes;
  std::vector<std::int32_t> outputs;
  /// What the inputs are; an empty shape and no `given` for one that was left out.
  struct Port {
    bool given = false;
    DType dtype = DType::f32;
    Extents shape = {};
  };
  std::vector<Port> inputs;
};

/// The outputs, with the loops of recurrent layers as a graph of each step; but for those behind marks.
Tensors with_loops_unrolled(const Tensors& outputs);

/// Leaves marks of recurrent layers while they are called: in their place there is an operator.
nn::WholeLayers::Take marks_taker();
/// Whether the operation is a mark, whose first input is not written.
bool is_mark(const OpRow& row);

/// @param traces      of the same function; one, or three of batches of 2, 3 and 5.
/// @param parameters  what keeps its name.
/// @throws ValueError  for sizes that depend on the batch in another way than times or plus (E522).
TracedGraph traced_graph(std::span<const Trace> traces, std::span<const Tensor> parameters);

}  // namespace chainrule::onnx
