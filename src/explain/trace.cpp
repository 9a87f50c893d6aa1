// Evaluates and differentiates an expression with the library's operations and grad, and notes every number.
#include <algorithm>
#include <cmath>
#include <memory>

#include "chainrule/explain.h"
#include "chainrule/grad.h"
#include "core/text.h"
#include "explain/expression.h"
#include "explain/formula.h"
#include "explain/notes.h"

namespace chainrule::explain {
namespace {

constexpr double kStep = 6e-6;  // about the cube root of f64's rounding, where a central difference is best

class Tracer {
 public:
  Tracer(std::string_view text, const Values& at, const TraceOptions& options)
      : expression_(text), options_(options), values_(values_for(expression_, at)) {
    const std::vector<std::string> names = expression_.variables();
    for (std::size_t i = 0; i < names.size(); ++i) {
      trace_.at.emplace_back(names[i], values_[i]);
      leaves_.push_back(scalar(values_[i], f64));
    }
    for (const std::string& name : options.wrt.empty() ? names : options.wrt) {
      const std::size_t place = variable_place(expression_, name);
      if (std::find(wrt_.begin(), wrt_.end(), place) == wrt_.end()) wrt_.push_back(place);
    }
    tensors_ = expression_.build(leaves_);
    evaluate(tensors_);
    trace_.expression = expression_.text();
    trace_.result = result_name();
    trace_.checked = options.check;
  }

  Trace run() {
    forward();
    backward();
    for (std::size_t variable : wrt_) {
      const auto node = std::find_if(trace_.nodes.begin(), trace_.nodes.end(), [&](const Node& each) {
        return each.kind == Node::Kind::variable && each.name == trace_.at[variable].first;
      });
      trace_.gradient.push_back({node->name, node->gradient});
    }
    if (options_.hessian) hessian();
    if (options_.check) check();
    add_notes(trace_);
    return std::move(trace_);
  }

 private:
  static std::size_t at(int place) { return static_cast<std::size_t>(place); }
  const Tensor& result() const { return tensors_[at(expression_.result())]; }

  /// The last binding's name; else f, if that is free.
  std::string result_name() const {
    if (!expression_.result_name().empty()) return expression_.result_name();
    const Term& last = expression_.terms()[at(expression_.result())];
    if (!last.name.empty()) return last.name;
    for (const Term& term : expression_.terms()) {
      if (term.name == "f") return "result";
    }
    return "f";
  }

  void forward() {
    std::vector<int> strength;
    const std::vector<Term>& terms = expression_.terms();
    for (std::size_t i = 0; i < terms.size(); ++i) {
      Node& node = trace_.nodes.emplace_back();
      node.kind = terms[i].kind;
      node.op = terms[i].op;
      node.name = terms[i].name;
      node.formula = node.kind == Node::Kind::number ? terms[i].number_text : terms[i].name;
      node.value = tensors_[i].item();
      for (int input : terms[i].inputs) {
        node.inputs.push_back({input});
        trace_.nodes[at(input)].users.push_back(static_cast<int>(i));
      }
      node.formula = formula_of(trace_.nodes, strength);
    }
    for (std::size_t variable : wrt_) {
      for (Node& node : trace_.nodes) {
        if (node.kind == Node::Kind::variable && node.name == trace_.at[variable].first)
          node.has_gradient = true;
      }
    }
    for (Node& node : trace_.nodes) {
      for (Input& input : node.inputs) {
        input.has_gradient = trace_.nodes[at(input.node)].has_gradient;
        node.has_gradient = node.has_gradient || input.has_gradient;
      }
    }
  }

  void backward() {
    std::vector<Tensor> wanted;
    for (std::size_t i = trace_.nodes.size(); i-- > 0;) {
      if (!trace_.nodes[i].has_gradient) continue;
      trace_.backward.push_back(static_cast<int>(i));
      wanted.push_back(tensors_[i]);
    }
    if (wanted.empty()) return;
    const std::vector<Tensor> gradients = grad(result(), wanted, {.allow_unused = true});
    evaluate(gradients);
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      Node& node = trace_.nodes[at(trace_.backward[i])];
      node.gradient = gradients[i].item();
      if (node.kind == Node::Kind::operation) local_derivatives(at(trace_.backward[i]));
    }
  }

  /// The derivatives of one operation alone, on inputs of its own: so x * x has one for each of its arrows.
  void local_derivatives(std::size_t place) {
    Node& node = trace_.nodes[place];
    std::vector<Tensor> inputs, wanted;
    for (const Input& input : node.inputs) {
      inputs.push_back(scalar(trace_.nodes[at(input.node)].value, f64));
      if (input.has_gradient) wanted.push_back(inputs.back());
    }
    const Tensor output = expression_.apply(expression_.terms()[place], inputs);
    const GradOptions unused{.allow_unused = true};
    const std::vector<Tensor> local = vjp(output, wanted, scalar(1, f64), unused);
    const std::vector<Tensor> products = vjp(output, wanted, scalar(node.gradient, f64), unused);
    std::size_t next = 0;
    for (Input& input : node.inputs) {
      if (!input.has_gradient) continue;
      input.local = local[next].item();
      input.product = products[next++].item();
    }
  }

  /// The gradient's elements as tensors, at the given leaves.
  std::vector<Tensor> gradient_at(const std::vector<Tensor>& leaves) const {
    std::vector<Tensor> variables;
    for (std::size_t variable : wrt_) variables.push_back(leaves[variable]);
    return grad(expression_.build(leaves)[at(expression_.result())], variables, {.allow_unused = true});
  }

  void hessian() {
    std::vector<Tensor> variables;
    for (std::size_t variable : wrt_) variables.push_back(leaves_[variable]);
    if (variables.empty()) return;
    for (const Tensor& slope : gradient_at(leaves_)) {
      std::vector<Derivative>& row = trace_.hessian.emplace_back();
      const std::vector<Tensor> second = grad(slope, variables, {.allow_unused = true});
      for (std::size_t j = 0; j < second.size(); ++j) {
        row.push_back({trace_.at[wrt_[j]].first, second[j].item()});
      }
    }
  }

  /// The central difference of f by a variable; f takes all leaves.
  template <class F>
  double difference(std::size_t variable, F f) const {
    const double x = values_[variable];
    const auto along = [&](const Tensor& moved) {
      std::vector<Tensor> leaves = leaves_;
      leaves[variable] = moved;
      return f(leaves);
    };
    return numerical_gradient(along, scalar(x, f64), kStep * std::max(1.0, std::abs(x))).item();
  }

  static void compare(Derivative& derivative, double numeric, double size) {
    derivative.numeric = numeric;
    if (derivative.value == numeric) return;
    const double scale =
        std::max({std::abs(derivative.value), std::abs(numeric), (1 + std::abs(size)) / 1000});
    derivative.relative_error = std::abs(derivative.value - numeric) / scale;
  }

  void check() {
    for (std::size_t i = 0; i < wrt_.size(); ++i) {
      const auto value = [&](const std::vector<Tensor>& leaves) {
        return expression_.build(leaves)[at(expression_.result())];
      };
      compare(trace_.gradient[i], difference(wrt_[i], value), result().item());
    }
    for (std::size_t i = 0; i < trace_.hessian.size(); ++i) {
      for (std::size_t j = 0; j < wrt_.size(); ++j) {
        const auto slope = [&](const std::vector<Tensor>& leaves) { return gradient_at(leaves)[i]; };
        compare(trace_.hessian[i][j], difference(wrt_[j], slope), trace_.gradient[i].value);
      }
    }
  }

  Expression expression_;
  TraceOptions options_;
  std::vector<double> values_;
  std::vector<Tensor> leaves_;    // the variables
  std::vector<std::size_t> wrt_;  // places among them
  std::vector<Tensor> tensors_;   // of the terms
  Trace trace_;
};

}  // namespace

Trace trace(std::string_view expression, const Values& at, const TraceOptions& options) {
  return Tracer(expression, at, options).run();
}

}  // namespace chainrule::explain
