#pragma once

#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chainrule/error.h"

/// Where each number of a forward and a backward pass comes from: the computational graph of an expression,
/// as the books draw it.
namespace chainrule::explain {

/// A mistake in an expression. what() shows the line with a mark under the place.
class ExpressionError : public ValueError {
 public:
  ExpressionError(int code, const std::string& message, std::size_t position)
      : ValueError(code, message), position_(position) {}

  /// Bytes before the place in the text.
  std::size_t position() const { return position_; }

 private:
  std::size_t position_;
};

/// Values by name, in the order in which they were given.
using Values = std::vector<std::pair<std::string, double>>;

/// Reads "w=3, b=-4, x=pi/2". Each value is an expression without variables.
/// @throws ExpressionError  as trace does, and for a name that stands twice (E096).
Values read_values(std::string_view text);

/// What a node takes from another: an arrow of the picture.
struct Input {
  int node = 0;               ///< where it comes from
  bool has_gradient = false;  ///< whether a gradient goes back along it
  double local = 0;           ///< the derivative of the node's result by this input alone
  double product = 0;         ///< gradient of the node times `local`: what goes back
};

/// A value of the expression: given, a number, or an operation on nodes before it.
struct Node {
  enum class Kind { variable, number, operation };
  Kind kind = Kind::operation;
  std::string op;       ///< "+", "neg", "exp", ...; empty for variables and numbers
  std::string name;     ///< of the variable or the let-binding, or empty
  std::string formula;  ///< such as "w * 2", in terms of named nodes; "[5]" is the node with number 5
  std::vector<Input> inputs;
  std::vector<int> users;  ///< nodes that take this one, one entry an arrow
  double value = 0;
  bool has_gradient = false;  ///< depends on a variable of the gradient
  double gradient = 0;        ///< the derivative of the result by this node

  /// How texts call it: its name, or its formula.
  const std::string& label() const { return name.empty() ? formula : name; }
};

/// A derivative by a variable.
struct Derivative {
  std::string name;
  double value = 0;
  double numeric = 0;         ///< central difference; only with TraceOptions::check
  double relative_error = 0;  ///< |value - numeric| / max(|value|, |numeric|, (1 + |result|) / 1000)
};

struct TraceOptions {
  std::vector<std::string> wrt = {};  ///< variables of the gradient; empty for all
  bool hessian = false;
  bool check = false;  ///< compare with central differences as well
};

/// The forward and the backward pass of an expression at a point.
struct Trace {
  std::string expression;
  Values at;
  std::string result;         ///< the name of the value: that of the last binding, or "f"
  std::vector<Node> nodes;    ///< inputs before their users; the last is the result
  std::vector<int> backward;  ///< nodes with a gradient in the order in which they hand it on
  std::vector<Derivative> gradient;
  std::vector<std::vector<Derivative>> hessian;  ///< rows and columns in the order of `gradient`
  bool checked = false;                          ///< whether central differences are there
  std::vector<std::string> notes;                ///< what made a number infinite or undefined

  /// NaN where nothing was evaluated.
  double value() const { return nodes.empty() ? std::nan("") : nodes.back().value; }
};

/// Largest relative error with which a derivative and its central difference agree.
inline constexpr double kCheckTolerance = 1e-6;

/// Evaluates and differentiates an expression in f64.
///
/// Numbers, variables, + - * / ^ (right-associative, before unary minus), parentheses, functions of numbers
/// (function_names), the constants pi and e, and bindings: "t = w * 2 + b; t * t". All values and derivatives
/// come from the library's operations and its grad.
/// @throws ExpressionError  for what cannot be read (E090, E091), unknown functions and wrong numbers of
/// arguments
///     (E092, E093), variables without value (E094), names that are taken or not used (E096, E097), and
///     expressions beyond the limits (E098).
/// @throws ValueError  for values or variables of the gradient that the expression does not have (E095).
Trace trace(std::string_view expression, const Values& at, const TraceOptions& options = {});

/// The functions that expressions know, in alphabetical order.
std::vector<std::string> function_names();

/// @name The trace as an aligned table, as a graph for Graphviz, as a picture, and as a page that steps
/// through both passes. All are UTF-8 and need nothing from the network.
/// @throws ValueError  if the graph is too large for a picture (E098).
/// @{
std::string to_text(const Trace& trace);
std::string to_dot(const Trace& trace);
std::string to_svg(const Trace& trace);
std::string to_html(const Trace& trace);
/// @}

/// One row of an iteration.
struct Iteration {
  double value = 0;              ///< of the expression
  std::vector<double> variable;  ///< what is varied, before the step
  std::vector<double> slope;     ///< the derivatives that the step from there uses
};

struct Iterations {
  std::string result;             ///< the name of the value
  std::vector<std::string> vary;  ///< the names of the variables
  std::vector<Iteration> rows;    ///< from the start to the end
  bool converged = false;         ///< solve: within tol of the target
};

struct SolveOptions {
  double target = 0;
  std::string vary = {};    ///< the variable; may be empty if there is only one
  bool keep_slope = false;  ///< use the slope at the start for every step
  double tol = 1e-5;
  int max_steps = 100;
};

/// Drives an expression to a value by one variable: each step goes by (target - value) / slope.
/// @throws ValueError  if a slope is 0 or not finite (E099). For the rest see trace.
Iterations solve(std::string_view expression, const Values& at, const SolveOptions& options);

enum class Method { gradient, newton };

struct MinimizeOptions {
  std::vector<std::string> vary = {};  ///< empty for all variables
  Method method = Method::gradient;
  double lr = 0.1;
  int steps = 20;
};

/// Goes downhill: each step subtracts lr times the gradient, or, with Newton's method (one variable), the
/// first derivative divided by the second. Newton's method goes to a maximum as gladly as to a minimum.
/// @throws ValueError  if a derivative is not finite or Newton's is 0 (E099). For the rest see trace.
Iterations minimize(std::string_view expression, const Values& at, const MinimizeOptions& options);

/// The iteration as an aligned table, a row a step.
std::string to_text(const Iterations& iterations);

}  // namespace chainrule::explain
