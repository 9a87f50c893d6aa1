#pragma once

#include <string>
#include <vector>

#include "c_export/attributes.h"
#include "c_export/writer.h"
#include "graph/walk.h"

namespace chainrule::c_export {

/// An input or an output of a function. An output with an input's name is written over it, after all else.
struct Argument {
  std::string name;
  Tensor tensor;
};

/// Turns the graph between inputs and outputs into steps.
class Lowering {
 public:
  /// What does not depend on inputs is computed now, and becomes constants.
  Lowering(Constants& constants, std::vector<Argument> inputs, std::vector<Argument> outputs);

  /// Each operation that has no form in C, "argsort (in layer sort1)", a line each.
  const std::string& missing() const { return missing_; }
  /// The constants that the graph is made of.
  std::vector<Tensor> constant_leaves() const;
  /// The constants that may be whole numbers: weights, with the axis that has scales of its own.
  std::vector<std::pair<Tensor, int>> weights() const;

  /// Writes all steps; nothing must be missing.
  void run();
  Writer& writer() { return writer_; }

 private:
  friend struct Emit;
  struct Place {  // of a node
    bool depends = false, is_input = false;
    int users = 0;    // times that others read it
    int group = -1;   // of kind single elements: the node whose loop computes it
    int target = -1;  // the argument that it is written to
    bool has_view = false;
    View view;
  };

  void find_places();
  void find_constants();
  void find_groups();
  void find_targets();
  void find_missing();

  const Node& node(int number) const { return *order_.node(number); }
  Place& place(int number) { return places_[static_cast<std::size_t>(number)]; }
  const Place& place(int number) const { return places_[static_cast<std::size_t>(number)]; }
  /// Where a node's numbers lie.
  const View& view(int number);
  /// Of a node that is computed by a step of its own.
  View make_result(int number);
  void set_view(int number, View view);
  /// That inputs of the node were read.
  void release(int number);
  std::string comment_of(int number) const;

  void emit(int number);
  void emit_group(int root);
  /// The view that a node's elements have in its input; false if they must be copied.
  void emit_view(int number);
  void emit_outputs();

  Writer writer_;
  std::vector<Argument> inputs_, outputs_;
  std::vector<int> arguments_;  // arrays of the outputs
  NodeOrder order_;
  std::vector<Place> places_;
  std::vector<int> pending_;  // of each array: times that it will be read
  std::string missing_;
};

/// Operations that are steps of their own: the emitters of ops.cpp.
using Emitter = void (*)(Lowering& of, int number);
/// Null if there is none.
Emitter emitter_of(const OpRow& row);
bool is_view(const OpRow& row);

}  // namespace chainrule::c_export
