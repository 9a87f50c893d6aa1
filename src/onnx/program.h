#pragma once

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "chainrule/shared.h"
#include "onnx/model.h"
#include "onnx/operator.h"

// A model made ready to be run: names are places in one list of values, functions are in place of their
// calls.
namespace chainrule::onnx {

/// The most numbers of a value, but for those that large inputs make: a few bytes of a file can ask for any
/// size.
inline constexpr std::int64_t kMostNumbers = std::int64_t{1} << 28;

/// The values of one pass, and what they belong to.
struct Run {
  nn::Pass& pass;
  std::vector<Tensor> values = {};
  /// The most numbers that a value may have.
  std::int64_t most = 0;
  /// Statistics by place.
  std::vector<std::pair<std::int32_t, nn::State>> states = {};
  /// That graphs inside operators have run, all turns of all loops together.
  std::int64_t operations = 0;
};

class Program : public Counted {
 public:
  static constexpr std::int32_t kNone = -1;

  struct Block;
  /// A call of an operator. Graphs that it holds share the list of values.
  struct Step {
    const Operation* operation;
    const Operator* row;
    std::int64_t opset;
    std::vector<std::int32_t> inputs, outputs;
    std::vector<std::pair<std::string, std::unique_ptr<Block>>> bodies = {};
  };
  struct Block {
    std::vector<std::int32_t> inputs, outputs;
    std::vector<Step> steps;
  };
  /// A tensor that the file holds.
  struct Held {
    std::string name;
    std::int32_t place;
    Tensor tensor;
    bool is_initializer = true;  ///< or else a Constant node
  };

  /// @throws FileError E503, E505; ValueError E506
  Program(Model model, std::string name);

  const Model& model() const { return model_; }
  const std::string& name() const { return name_; }
  /// As layers name them: "x, y".
  const std::string& input_names() const { return input_names_; }
  const std::string& output_names() const { return output_names_; }
  /// What must be given; what has a value in the file need not.
  const std::vector<const Value*>& inputs() const { return inputs_; }
  const std::vector<Held>& parameters() const { return parameters_; }
  const std::vector<Held>& statistics() const { return statistics_; }
  const std::vector<Step>& steps() const { return main_.steps; }

  /// A run that begins: constants are in their places, parameters and statistics are the caller's to put
  /// there.
  Run start(nn::Pass& pass) const;
  /// Gives the inputs, and returns the outputs.
  /// @throws ValueError  for a value that is far larger than they are (E524).
  Tensors run(Run& run, std::span<const Tensor> inputs) const;
  /// The same for a graph that an operator holds.
  Tensors run(const Block& block, Run& run, std::span<const Tensor> inputs) const;
  /// @throws ValueError  if the operator holds no graph of that name (E508).
  static const Block& body(const Call& call, std::string_view name);

 private:
  /// The places of names, one scope inside the other.
  struct Scope {
    const Scope* around = nullptr;
    std::unordered_map<std::string, std::int32_t> places = {};
  };
  using Attributes = std::vector<Attribute>;

  void resolve(const Graph& graph, Scope& scope, Block& block, int depth);
  void resolve(const Operation& operation, std::int64_t opset, Scope& scope, Block& block, int depth);
  void call(const Function& function, const Operation& operation, Scope& scope, Block& block, int depth);
  std::int32_t find(const std::string& name, const Scope& scope, const Operation& user) const;
  std::int32_t define(const std::string& name, Scope& scope);
  void check_inputs(const Step& step) const;
  void take_ports();
  void share_out();
  void fold();

  Model model_;
  std::string name_, input_names_, output_names_;
  std::deque<Operation> rewritten_;  // operations of functions, with the attributes of the call
  Block main_;
  std::int32_t count_ = 0;  // of places
  std::size_t steps_ = 0;
  std::vector<const Value*> inputs_;
  std::vector<Held> constants_, parameters_, statistics_;
  std::vector<std::string> unknown_;
};

/// Runs one step. Errors name its node.
Tensors run_step(const Program::Step& step, const Program& program, Run& run);

}  // namespace chainrule::onnx
