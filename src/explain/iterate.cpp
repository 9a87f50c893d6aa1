// Steps that drive an expression to a value, or downhill.
#include <cmath>

#include "chainrule/grad.h"
#include "core/text.h"
#include "explain/expression.h"
#include "explain/number.h"
#include "explain/table.h"

namespace chainrule::explain {
namespace {

/// An expression as a function of some of its variables; the others stay where they are.
class Slope {
 public:
  Slope(std::string_view text, const Values& at, const std::vector<std::string>& vary)
      : expression_(text), values_(values_for(expression_, at)) {
    for (const std::string& name : vary) places_.push_back(variable_place(expression_, name));
    if (vary.empty()) {
      for (std::size_t i = 0; i < values_.size(); ++i) places_.push_back(i);
    }
    if (places_.empty())
      throw ValueError(95, "[explain] the expression has no variable that could be varied.");
  }

  const std::vector<std::size_t>& places() const { return places_; }
  std::string name(std::size_t i) const { return expression_.variables()[places_[i]]; }
  double& variable(std::size_t i) { return values_[places_[i]]; }
  std::string result() const { return expression_.result_name().empty() ? "f" : expression_.result_name(); }

  /// Value and first derivatives, and the second derivative by the first variable if it is asked for.
  Iteration here(double* second = nullptr) const {
    std::vector<Tensor> leaves, varied;
    for (double value : values_) leaves.push_back(scalar(value, f64));
    for (std::size_t place : places_) varied.push_back(leaves[place]);
    const Tensor value = expression_.build(leaves)[static_cast<std::size_t>(expression_.result())];
    const std::vector<Tensor> slopes = grad(value, varied, {.allow_unused = true});
    Iteration row;
    row.value = value.item();
    for (std::size_t i = 0; i < places_.size(); ++i) {
      row.variable.push_back(values_[places_[i]]);
      row.slope.push_back(slopes[i].item());
    }
    if (second) *second = grad(slopes[0], std::span(varied.data(), 1), {.allow_unused = true})[0].item();
    return row;
  }

  /// Where the last row stands, for messages: "x = 2, y = 3".
  std::string where(const Iteration& row) const {
    std::string text;
    for (std::size_t i = 0; i < places_.size(); ++i) {
      text += cat(i == 0 ? "" : ", ", name(i), " = ", shown(row.variable[i]));
    }
    return text;
  }

  Iterations empty() const {
    Iterations made;
    made.result = result();
    for (std::size_t i = 0; i < places_.size(); ++i) made.vary.push_back(name(i));
    return made;
  }

  void require_finite(const Iteration& row, std::size_t step) const {
    bool finite = std::isfinite(row.value);
    for (double slope : row.slope) finite = finite && std::isfinite(slope);
    if (finite) return;
    throw ValueError(99, cat("[explain] at step ", step, ", ", where(row), ", the value is ",
                             shown(row.value), " and the slope ", shown(row.slope[0]),
                             ": from there is no next step. Start elsewhere, or take smaller steps."));
  }

 private:
  Expression expression_;
  std::vector<double> values_;
  std::vector<std::size_t> places_;
};

ValueError flat(const std::string& what, const std::string& where, const std::string& fix) {
  return ValueError(
      99, cat("[explain] the ", what, " is 0 at ", where, ", so no step can be worked out from it. ", fix));
}

}  // namespace

Iterations solve(std::string_view expression, const Values& at, const SolveOptions& options) {
  Slope slope(expression, at, options.vary.empty() ? std::vector<std::string>{} : std::vector{options.vary});
  if (slope.places().size() != 1) {
    throw ValueError(95, "[explain] solve varies one variable: name it, as in --vary x.");
  }
  Iterations made = slope.empty();
  for (int step = 0;; ++step) {
    Iteration row = slope.here();
    if (options.keep_slope && step > 0) row.slope = made.rows[0].slope;
    slope.require_finite(row, static_cast<std::size_t>(step));
    made.rows.push_back(row);
    made.converged = std::abs(options.target - row.value) <= options.tol;
    if (made.converged || step == options.max_steps) return made;
    if (row.slope[0] == 0) throw flat("slope", slope.where(row), "Start elsewhere.");
    slope.variable(0) += (options.target - row.value) / row.slope[0];
  }
}

Iterations minimize(std::string_view expression, const Values& at, const MinimizeOptions& options) {
  Slope slope(expression, at, options.vary);
  const bool newton = options.method == Method::newton;
  if (newton && slope.places().size() != 1) {
    throw ValueError(95, "[explain] Newton's method here varies one variable: name it, as in --vary x.");
  }
  Iterations made = slope.empty();
  for (int step = 0;; ++step) {
    double second = 0;
    const Iteration row = slope.here(newton ? &second : nullptr);
    slope.require_finite(row, static_cast<std::size_t>(step));
    made.rows.push_back(row);
    if (step == options.steps) return made;
    if (newton && second == 0) throw flat("second derivative", slope.where(row), "Start elsewhere.");
    for (std::size_t i = 0; i < row.slope.size(); ++i) {
      slope.variable(i) -= newton ? row.slope[i] / second : options.lr * row.slope[i];
    }
  }
}

std::string to_text(const Iterations& iterations) {
  constexpr int kDigits = 12;
  std::vector<std::string> head{">step"};
  for (const std::string& name : iterations.vary) head.push_back(">" + name);
  head.push_back(">" + iterations.result);
  for (const std::string& name : iterations.vary) head.push_back(cat(">d", iterations.result, "/d", name));
  Table table(head);
  for (std::size_t step = 0; step < iterations.rows.size(); ++step) {
    const Iteration& row = iterations.rows[step];
    std::vector<std::string> cells{cat(step)};
    for (double value : row.variable) cells.push_back(shown(value, kDigits));
    cells.push_back(shown(row.value, kDigits));
    for (double value : row.slope) cells.push_back(shown(value, kDigits));
    table.add(std::move(cells));
  }
  return table.to_string();
}

}  // namespace chainrule::explain
