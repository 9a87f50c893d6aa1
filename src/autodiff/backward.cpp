// The backward pass: one walk over the graph in reverse topological order that makes more graph.
#include <algorithm>
#include <array>
#include <vector>

#include "autodiff/backward.h"
#include "chainrule/grad.h"
#include "chainrule/ops.h"
#include "core/inline_array.h"
#include "core/reused.h"
#include "graph/walk.h"
#include "ops/op.h"

namespace chainrule {
namespace {

// More inputs than this cost an allocation; only concatenate and its like have more.
constexpr std::size_t kFewInputs = 4;

/// Undoes broadcasting: the sum over what was repeated. No operation does this for itself.
Tensor sum_to(const Tensor& x, const Shape& shape) {
  const int lead = x.ndim() - shape.ndim();
  std::array<int, Shape::kMaxNdim> axes;
  int count = 0;
  for (int axis = 0; axis < x.ndim(); ++axis) {
    if (axis < lead || shape[axis - lead] != x.shape()[axis]) axes[static_cast<std::size_t>(count++)] = axis;
  }
  const Axes repeated(std::span<const int>(axes).first(static_cast<std::size_t>(count)));
  return reshape(sum(x, repeated, count != lead), shape);
}

/// What a backward pass knows of the nodes, by their numbers. Kept for the next pass.
struct Workspace {
  struct State {
    Tensor cotangent;
    bool is_variable = false;
    bool depends = false;  // on a variable
  };
  NodeOrder graph;
  NodeIndex stops;  // variables whose inputs are not of interest
  std::vector<State> states;
  std::vector<std::int32_t> variables;  // their numbers; NodeIndex::kNone: not in the graph

  void clear() {
    graph.clear();
    stops.clear();
    states.clear();
    variables.clear();
  }
};

class Backward {
 public:
  Backward(std::span<const Tensor> outputs, std::span<const Tensor> variables, const GradOptions& options,
           Location where)
      : outputs_(outputs), variables_(variables), options_(options), where_(OriginScope::current(where)) {
    for (std::size_t i = 0; i < variables.size(); ++i) {
      if (!has_gradient(variables[i].dtype())) {
        throw DTypeError(34, cat("[grad] variable ", i, " is ", name_of(variables[i].dtype()),
                                 "; only floating tensors have gradients.", where_.to_string()));
      }
      if (options_.stop_at_variables) w_->stops.insert(variables[i].node(), static_cast<std::int32_t>(i));
    }
    static_assert(sizeof(Tensor) == sizeof(Node*));  // a handle is the address of its node
    graph().find({reinterpret_cast<Node* const*>(outputs.data()), outputs.size()},
                 [this](const Node* node) { return goes_on(node); });
    w_->states.resize(graph().size());
    for (const Tensor& variable : variables) {
      const std::int32_t number = graph().number(variable.node());
      w_->variables.push_back(number);
      if (number != NodeIndex::kNone) state(number).is_variable = state(number).depends = true;
    }
    for (const std::int32_t number : graph().numbers()) {
      const std::span<const std::int32_t> inputs = graph().inputs(number);
      const auto depends = [this](std::int32_t input) { return state(input).depends; };
      if (std::any_of(inputs.begin(), inputs.end(), depends)) state(number).depends = true;
    }
  }

  /// @param cotangents  one for each output.
  void run(std::span<const Tensor> cotangents, std::vector<Tensor>& gradients,
           Unused unused = Unused::zeros) {
    const std::span<const std::int32_t> numbers = graph().numbers();
    for (std::size_t i = 0; i < outputs_.size(); ++i) {
      add_to(state(graph().number(outputs_[i].node())).cotangent, Tensor(cotangents[i]));
    }
    for (std::size_t i = numbers.size(); i-- > 0;) {
      const Workspace::State& now = state(numbers[i]);
      if (!now.cotangent.is_empty() && now.depends && !graph().inputs(numbers[i]).empty()) step(numbers[i]);
    }
    gradients.reserve(gradients.size() + variables_.size());
    for (std::size_t i = 0; i < variables_.size(); ++i) gradients.push_back(gradient_of(i, unused));
  }

 private:
  NodeOrder& graph() const { return w_->graph; }
  Workspace::State& state(std::int32_t number) const { return w_->states[number]; }

  bool goes_on(const Node* node) const {
    if (node->constant) return false;
    return !options_.stop_at_variables || w_->stops.find(node) == NodeIndex::kNone;
  }

  /// Hands the cotangent of a node on to its inputs.
  void step(std::int32_t number) {
    Node& node = *graph().node(number);
    const OriginScope scope(node.origin);  // what this makes belongs to the line of the forward pass
    const std::span<const Tensor> inputs = node.input_tensors();
    const std::span<const std::int32_t> numbers = graph().inputs(number);
    bool any = false;
    InlineArray<bool, kFewInputs> needed(inputs.size(), [&](std::size_t j) {
      const bool is_needed = state(numbers[j]).depends && has_gradient(node.inputs()[j]->dtype);
      any = any || is_needed;
      return is_needed;
    });
    if (!any || !node.op->vjp) return;  // constant between its jumps: adds nothing
    Workspace::State& now = state(number);
    const Tensor cotangent = now.is_variable ? now.cotangent : std::move(now.cotangent);
    Gradients gradients =
        node.op->vjp(node.attributes(), {inputs, graph().tensor(number), cotangent, needed.span()});
    for (std::size_t j = 0; j < inputs.size(); ++j) {
      if (!needed[j]) continue;
      const Node& input = *node.inputs()[j];
      Tensor part = gradients.has(j) ? std::move(gradients[j]) : Tensor();
      if (part.is_empty() || part.node()->dtype != computed_as(input.dtype)) refuse(node, j, part);
      if (part.node()->shape != input.shape) {  // it was broadcast
        if (!was_broadcast(input.shape, part.node()->shape, node.shape)) refuse(node, j, part);
        part = sum_to(part, input.shape);
      }
      add_to(state(numbers[j]).cotangent, std::move(part));
    }
  }

  /// Whether a gradient has the input's sizes, or those of the result where the input has none or 1.
  static bool was_broadcast(const Shape& input, const Shape& gradient, const Shape& result) {
    if (gradient.ndim() < input.ndim()) return false;
    for (int i = 1; i <= gradient.ndim(); ++i) {
      const std::int64_t size = gradient.back(i);
      if (i <= input.ndim() && input.back(i) == size) continue;
      const bool repeats = i > input.ndim() || input.back(i) == 1;
      if (!repeats || i > result.ndim() || result.back(i) != size) return false;
    }
    return true;
  }

  /// What a vjp gave for an input does not fit it.
  /// @throws ValueError E660
  [[noreturn, gnu::cold, gnu::noinline]] static void refuse(const Node& node, std::size_t input,
                                                            const Tensor& part) {
    const Node& x = *node.inputs()[input];
    const std::string given = part.is_empty() ? "nothing as the gradient"
                                              : cat("a gradient of shape ", part.shape(), " ", part.dtype());
    throw ValueError(660, cat("[", node.op->info.name, "] the operation gave ", given, " for input ", input,
                              " of shape ", x.shape, " ", name_of(computed_as(x.dtype)),
                              ". Both must be alike, but for the result's sizes, ", node.shape,
                              ", where the input was broadcast.", node.origin.to_string()));
  }

  static void add_to(Tensor& sum, Tensor&& part) { sum = sum.is_empty() ? std::move(part) : sum + part; }

  Tensor gradient_of(std::size_t i, Unused unused) const {
    const Node* node = variables_[i].node();
    const std::int32_t number = w_->variables[i];
    const bool is_found = number != NodeIndex::kNone;
    if (is_found && !state(number).cotangent.is_empty()) return state(number).cotangent;
    if (options_.allow_unused && unused == Unused::empty) return {};
    if (options_.allow_unused) return zeros(node->shape, computed_as(node->dtype));
    if (!is_found) {
      throw ValueError(31,
                       cat("[grad] the output does not depend on variable ", i, " of shape ", node->shape,
                           ". Was it replaced after the output was computed, or the way to it cut by detach, "
                           "stop_gradient or NoGrad? Pass {.allow_unused = true} for zeros.",
                           where_.to_string()));
    }
    throw no_derivative(blocking(number));
  }

  static bool lets_through(const Node& node) {
    return has_gradient(node.dtype) && (node.is_leaf() || node.op->vjp);
  }

  /// The operation that keeps the gradient from a variable: the first that lets none through, is reached by
  /// differentiable operations alone, and does not merely choose for such a one, as a condition does.
  const Node& blocking(std::int32_t variable) const {
    const std::span<const std::int32_t> numbers = graph().numbers();
    std::vector<bool> reached(graph().size()), blocked(graph().size());
    for (const std::int32_t number : numbers) {
      const auto is_reached = [&](std::int32_t input) { return reached[input]; };
      const std::span<const std::int32_t> inputs = graph().inputs(number);
      const bool follows = std::any_of(inputs.begin(), inputs.end(), is_reached);
      const bool through = number == variable || lets_through(*graph().node(number));
      reached[number] = number == variable || (follows && through);
      blocked[number] = follows && !through;
    }
    // Backwards from the output, through what is not reached. The last one found is the first of the graph.
    const Node* found = graph().node(numbers.back());
    std::vector<bool> matters(graph().size());
    matters[numbers.back()] = true;
    for (std::size_t i = numbers.size(); i-- > 0;) {
      const std::int32_t number = numbers[i];
      if (!matters[number]) continue;
      if (blocked[number]) found = graph().node(number);
      for (const std::int32_t input : graph().inputs(number)) {
        if (!reached[input]) matters[input] = true;
      }
    }
    return *found;
  }

  static NotDifferentiable no_derivative(const Node& node) {
    std::string_view reason = node.op->not_differentiable;
    if (reason.empty()) reason = "its result is not a floating number";
    return NotDifferentiable(
        32, cat("[", node.op->info.name, "] has no derivative: ", reason, ".", node.origin.to_string()));
  }

  std::span<const Tensor> outputs_, variables_;
  GradOptions options_;
  Origin where_;
  Reused<Workspace> w_;
};

void check_floating(const Tensor& output, Location where) {
  if (has_gradient(output.dtype())) return;
  throw DTypeError(
      34, cat("[grad] the output is ", name_of(output.dtype()), "; only floating tensors have gradients.",
              OriginScope::current(where).to_string()));
}

void check_cotangent(const Tensor& output, const Tensor& cotangent, Location where) {
  check_floating(output, where);
  if (cotangent.shape() == output.shape() && cotangent.dtype() == computed_as(output.dtype())) return;
  throw ShapeError(33, cat("[grad] cotangent ", cotangent.shape(), " ", name_of(cotangent.dtype()),
                           " does not fit output ", output.shape(), " ", name_of(computed_as(output.dtype())),
                           "; both must be equal.", OriginScope::current(where).to_string()));
}

}  // namespace

std::vector<Tensor> vjp_of_all(std::span<const Tensor> outputs, std::span<const Tensor> variables,
                               std::span<const Tensor> cotangents, GradOptions options, Location where) {
  for (std::size_t i = 0; i < outputs.size(); ++i) check_cotangent(outputs[i], cotangents[i], where);
  std::vector<Tensor> gradients;
  Backward(outputs, variables, options, where).run(cotangents, gradients);
  return gradients;
}

std::vector<Tensor> vjp(const Tensor& output, std::span<const Tensor> variables, const Tensor& cotangent,
                        GradOptions options, Location where) {
  return vjp_of_all({&output, 1}, variables, {&cotangent, 1}, options, where);
}

Tensor vjp(const Tensor& output, const Tensor& variable, const Tensor& cotangent, GradOptions options,
           Location where) {
  return vjp(output, std::span(&variable, 1), cotangent, options, where)[0];
}

void append_gradients(const Tensor& output, std::span<const Tensor> variables, std::vector<Tensor>& gradients,
                      GradOptions options, Location where, Unused unused) {
  if (output.numel() != 1) {
    throw ShapeError(30, cat("[grad] the output has shape ", output.shape(),
                             "; a gradient needs a scalar. Use sum or mean first, or vjp with a cotangent.",
                             OriginScope::current(where).to_string()));
  }
  check_floating(output, where);
  const DType dtype = computed_as(output.dtype());
  const Tensor one = output.ndim() == 0 ? literal(1, dtype) : ones(output.shape(), dtype);
  Backward({&output, 1}, variables, options, where).run({&one, 1}, gradients, unused);
}

std::vector<Tensor> grad(const Tensor& output, std::span<const Tensor> variables, GradOptions options,
                         Location where) {
  std::vector<Tensor> gradients;
  append_gradients(output, variables, gradients, options, where);
  return gradients;
}

std::vector<Tensor> grad(const Tensor& output, std::initializer_list<Tensor> variables, GradOptions options,
                         Location where) {
  return grad(output, std::span(variables.begin(), variables.size()), options, where);
}

Tensor grad(const Tensor& output, const Tensor& variable, GradOptions options, Location where) {
  return grad(output, std::span(&variable, 1), options, where)[0];
}

}  // namespace chainrule
