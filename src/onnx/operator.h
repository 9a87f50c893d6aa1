#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "chainrule/nn/pass.h"
#include "chainrule/op.h"
#include "onnx/model.h"

// How an operator of ONNX is computed: one row each, in the file of its family.
namespace chainrule::onnx {

class Program;
struct Run;

/// A call of an operator: its inputs, its settings.
class Call {
 public:
  Call(const Operation& operation, std::int64_t opset, std::span<const Tensor> inputs, std::string_view place)
      : operation_(operation), opset_(opset), inputs_(inputs), place_(place) {}

  const Operation& operation() const { return operation_; }
  std::int64_t opset() const { return opset_; }
  std::size_t input_count() const { return inputs_.size(); }
  std::size_t output_count() const { return operation_.outputs.size(); }
  bool wants_output(std::size_t i) const {
    return i < operation_.outputs.size() && !operation_.outputs[i].empty();
  }
  bool has(std::size_t i) const { return i < inputs_.size() && !inputs_[i].is_empty(); }
  /// @throws ValueError  if it is not given (E508).
  const Tensor& operator[](std::size_t i) const;
  std::span<const Tensor> inputs() const { return inputs_; }
  /// An input as numbers.
  std::vector<std::int64_t> integers_at(std::size_t i) const;
  std::int64_t integer_at(std::size_t i) const;
  double number_at(std::size_t i) const;

  const Attribute* find(std::string_view name) const;
  /// @throws ValueError  for an attribute of another kind, or one that is needed and missing (E508), here and
  /// below.
  std::int64_t integer(std::string_view name) const;
  std::int64_t integer(std::string_view name, std::int64_t other) const;
  bool flag(std::string_view name, bool other = false) const { return integer(name, other ? 1 : 0) != 0; }
  double number(std::string_view name, double other) const;
  std::string text(std::string_view name, std::string_view other) const;
  std::vector<std::int64_t> integers(std::string_view name, std::vector<std::int64_t> other = {}) const;
  std::vector<double> numbers(std::string_view name, std::vector<double> other = {}) const;
  std::vector<std::string> texts(std::string_view name, std::vector<std::string> other = {}) const;

  /// What older operators have as an attribute and newer ones as an input.
  std::vector<std::int64_t> integers(std::string_view name, std::size_t input,
                                     std::vector<std::int64_t> other = {}) const;
  bool has(std::string_view name, std::size_t input) const { return has(input) || find(name) != nullptr; }

  /// Of what it gives; called before memory is taken. @throws ValueError  for far more numbers than the net's
  /// inputs have (E524).
  void check_size(const Shape& shape) const;
  /// Of what settings alone can make long. @throws ValueError  for far more than the net's inputs ask for
  /// (E530).
  void check_steps(double steps) const;

  /// An axis from 0; negative ones count from the end. @throws ValueError E508
  int axis(std::string_view name, std::int64_t other, int ndim) const;
  int axis_of(std::int64_t axis, int ndim) const;

  /// "[load_onnx] net.onnx: node conv1 (Conv)"
  std::string where() const;
  /// "[load_onnx] net.onnx: node conv1 (Conv): what. (E508)"
  ValueError error(std::string_view what) const;

  /// Of operators that hold graphs, are random, or keep statistics.
  struct Around {
    const Program* program;
    const void* step;  // a Program::Step
    Run* run;
  } around = {};
  bool is_training() const;

 private:
  const Attribute* find(std::string_view name, Attribute::Kind kind) const;
  void check_one(std::size_t i) const;

  const Operation& operation_;
  std::int64_t opset_;
  std::span<const Tensor> inputs_;
  std::string_view place_;
};

struct Operator {
  std::string_view name;
  int least_inputs = 1;
  int most_inputs = 1;  ///< -1: any number
  Tensors (*run)(const Call& call) = nullptr;
  /// Inputs that are settings and are not trained: bit i of input i.
  unsigned settings = 0;
  /// Inputs that are statistics.
  unsigned statistics = 0;
  bool is_random = false;  ///< gives other numbers at each call
  /// What it does in another way than the format says, or does not do: for docs/onnx.md.
  std::string_view note = {};
};

/// The families.
/// @{
std::span<const Operator> math_operators();
std::span<const Operator> activation_operators();
std::span<const Operator> logic_operators();
std::span<const Operator> reduce_operators();
std::span<const Operator> shape_operators();
std::span<const Operator> index_operators();
std::span<const Operator> window_operators();
std::span<const Operator> resize_operators();
std::span<const Operator> norm_operators();
std::span<const Operator> loss_operators();
std::span<const Operator> recurrent_operators();
std::span<const Operator> quantize_operators();
std::span<const Operator> control_operators();
std::span<const Operator> random_operators();
std::span<const Operator> signal_operators();
/// @}

/// All operators, in order of their names.
const std::vector<const Operator*>& all_operators();
/// Null if it is not known.
const Operator* find_operator(std::string_view type);

}  // namespace chainrule::onnx
