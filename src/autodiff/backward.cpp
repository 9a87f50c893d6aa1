// The backward pass: one walk over the graph in reverse topological order that makes more graph.
#include <array>
#include <vector>

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
Tensor sum_to(Tensor x, const Shape& shape) {
  if (x.shape() == shape) return x;
  const int lead = x.ndim() - shape.ndim();
  std::array<int, Shape::kMaxNdim> axes;
  int count = 0;
  for (int axis = 0; axis < x.ndim(); ++axis) {
    if (axis < lead || shape[axis - lead] != x.shape()[axis]) axes[static_cast<std::size_t>(count++)] = axis;
  }
  const Axes repeated(std::span<const int>(axes).first(static_cast<std::size_t>(count)));
  return reshape(sum(x, repeated, count != lead), shape);
}

/// What a backward pass knows of the nodes, by their places in the order. Kept for the next pass.
struct Workspace {
  NodeOrder order;
  NodeIndex variables;  // their numbers
  std::vector<char> is_variable, depends;
  std::vector<Tensor> cotangents;

  void clear() {
    order.clear();
    variables.clear();
    is_variable.clear();
    depends.clear();
    cotangents.clear();
  }
};

class Backward {
 public:
  Backward(const Tensor& output, std::span<const Tensor> variables, const GradOptions& options,
           Location where)
      : variables_(variables), options_(options), where_(OriginScope::current(where)) {
    for (std::size_t i = 0; i < variables.size(); ++i) {
      if (!is_floating(variables[i].dtype())) {
        throw DTypeError(34, cat("[grad] variable ", i, " is ", name_of(variables[i].dtype()),
                                 "; only f32 and f64 tensors have gradients.", where_.to_string()));
      }
      if (options_.stop_at_variables) w_->variables.insert(variables[i].node(), static_cast<std::int32_t>(i));
    }
    Node* root = output.node();
    order().find({&root, 1}, [this](const Node* node) { return goes_on(node); });
    w_->is_variable.resize(nodes().size());
    for (const Tensor& variable : variables) {
      if (order().contains(variable.node())) w_->is_variable[order().place(variable.node())] = true;
    }
    w_->depends = w_->is_variable;
    for (std::size_t i = 0; i < nodes().size(); ++i) {
      if (!goes_on(nodes()[i])) continue;
      for (const std::int32_t input : order().inputs(i)) w_->depends[i] |= w_->depends[input];
    }
  }

  std::vector<Tensor> run(const Tensor& cotangent) {
    w_->cotangents.resize(nodes().size());
    w_->cotangents.back() = cotangent;
    for (std::size_t i = nodes().size(); i-- > 0;) {
      if (w_->cotangents[i] && w_->depends[i] && goes_on(nodes()[i]) && !nodes()[i]->is_leaf()) step(i);
    }
    std::vector<Tensor> gradients;
    gradients.reserve(variables_.size());
    for (std::size_t i = 0; i < variables_.size(); ++i) gradients.push_back(gradient_of(i));
    return gradients;
  }

 private:
  NodeOrder& order() const { return w_->order; }
  const std::vector<Node*>& nodes() const { return order().nodes(); }

  bool goes_on(const Node* node) const {
    if (node->constant) return false;
    return !options_.stop_at_variables || w_->variables.find(node) == NodeIndex::kNone;
  }

  /// Hands the cotangent of the node at a place on to its inputs.
  void step(std::size_t place) {
    Node& node = *nodes()[place];
    const OriginScope scope(node.origin);  // what this makes belongs to the line of the forward pass
    const std::span<const Tensor> inputs = node.input_tensors();
    const std::span<const std::int32_t> places = order().inputs(place);
    bool any = false;
    InlineArray<bool, kFewInputs> needed(inputs.size(), [&](std::size_t j) {
      const bool is_needed = w_->depends[places[j]] && is_floating(node.inputs()[j]->dtype);
      any = any || is_needed;
      return is_needed;
    });
    if (!any) return;
    if (!node.op->vjp) throw no_derivative(node);
    const Tensor output = Tensor::of(&node);
    Tensor& cotangent = w_->cotangents[place];
    Gradients gradients = node.op->vjp(node.attributes(), {inputs, output, cotangent, needed.span()});
    if (!w_->is_variable[place]) cotangent = Tensor();
    for (std::size_t j = 0; j < inputs.size(); ++j) {
      if (!needed[j]) continue;
      Tensor& sum = w_->cotangents[places[j]];
      Tensor part = sum_to(std::move(gradients[j]), node.inputs()[j]->shape);
      sum = sum ? sum + part : std::move(part);
    }
  }

  Tensor gradient_of(std::size_t i) const {
    const Node* node = variables_[i].node();
    const bool is_found = order().contains(node);
    if (is_found) {
      const Tensor& cotangent = w_->cotangents[order().place(node)];
      if (cotangent) return cotangent;
    }
    if (options_.allow_unused) return zeros(node->shape, node->dtype);
    if (!is_found) {
      throw ValueError(31,
                       cat("[grad] the output does not depend on variable ", i, " of shape ", node->shape,
                           ". Was it replaced after the output was computed, or the way to it cut by detach, "
                           "stop_gradient or NoGrad? Pass {.allow_unused = true} for zeros.",
                           where_.to_string()));
    }
    throw no_derivative(*blocking(node));
  }

  /// The first operation after the variable that lets no gradient through.
  const Node* blocking(const Node* variable) const {
    std::vector<bool> reached(nodes().size());
    for (std::size_t i = 0; i < nodes().size(); ++i) {
      const Node* node = nodes()[i];
      reached[i] = node == variable;
      for (const Node* input : node->inputs()) {
        if (order().contains(input)) reached[i] = reached[i] || reached[order().place(input)];
      }
      if (reached[i] && (!is_floating(node->dtype) || (node->op && !node->op->vjp))) return node;
    }
    return nodes().back();
  }

  static NotDifferentiable no_derivative(const Node& node) {
    std::string_view reason = node.op->not_differentiable;
    if (reason.empty()) reason = "its result is not a floating number";
    return NotDifferentiable(
        32, cat("[", node.op->info.name, "] has no derivative: ", reason, ".", node.origin.to_string()));
  }

  std::span<const Tensor> variables_;
  GradOptions options_;
  Origin where_;
  Reused<Workspace> w_;
};

}  // namespace

std::vector<Tensor> vjp(const Tensor& output, std::span<const Tensor> variables, const Tensor& cotangent,
                        GradOptions options, Location where) {
  if (!is_floating(output.dtype())) {
    throw DTypeError(
        34, cat("[grad] the output is ", name_of(output.dtype()),
                "; only f32 and f64 tensors have gradients.", OriginScope::current(where).to_string()));
  }
  if (cotangent.shape() != output.shape() || cotangent.dtype() != output.dtype()) {
    throw ShapeError(33, cat("[grad] cotangent ", cotangent.shape(), " ", name_of(cotangent.dtype()),
                             " does not fit output ", output.shape(), " ", name_of(output.dtype()),
                             "; both must be equal.", OriginScope::current(where).to_string()));
  }
  return Backward(output, variables, options, where).run(cotangent);
}

Tensor vjp(const Tensor& output, const Tensor& variable, const Tensor& cotangent, GradOptions options,
           Location where) {
  return vjp(output, std::span(&variable, 1), cotangent, options, where)[0];
}

std::vector<Tensor> grad(const Tensor& output, std::span<const Tensor> variables, GradOptions options,
                         Location where) {
  if (output.numel() != 1) {
    throw ShapeError(30, cat("[grad] the output has shape ", output.shape(),
                             "; a gradient needs a scalar. Use sum or mean first, or vjp with a cotangent.",
                             OriginScope::current(where).to_string()));
  }
  const Tensor one = literal(1, output.dtype());
  return vjp(output, variables, output.ndim() == 0 ? one : ones(output.shape(), output.dtype()), options,
             where);
}

std::vector<Tensor> grad(const Tensor& output, std::initializer_list<Tensor> variables, GradOptions options,
                         Location where) {
  return grad(output, std::span(variables.begin(), variables.size()), options, where);
}

Tensor grad(const Tensor& output, const Tensor& variable, GradOptions options, Location where) {
  return grad(output, std::span(&variable, 1), options, where)[0];
}

}  // namespace chainrule
