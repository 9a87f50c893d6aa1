// check-errors: E094 E095 E096
#include "explain/expression.h"

#include <algorithm>
#include <cmath>

#include "chainrule/ops.h"
#include "core/nearest.h"
#include "core/text.h"
#include "explain/functions.h"
#include "explain/source.h"
#include "graph/node.h"

namespace chainrule::explain {
namespace {

/// "b", "a and b", "a, b and c".
std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    text.append(i == 0 ? "" : i + 1 == names.size() ? " and " : ", ").append(names[i]);
  }
  return text;
}

/// Every variable without value in one message: the mark is under the first.
ExpressionError no_value(const Expression& expression, const std::vector<std::string>& missing,
                         std::vector<std::string> unused) {
  std::string how;
  for (const std::string& name : missing) how.append(how.empty() ? "" : ",").append(name).append("=...");
  // Perhaps a misspelt binding.
  for (const Term& term : expression.terms()) {
    if (term.kind != Node::Kind::variable && !term.name.empty()) unused.push_back(term.name);
  }
  const auto first = std::find_if(
      expression.terms().begin(), expression.terms().end(),
      [&](const Term& term) { return term.kind == Node::Kind::variable && term.name == missing[0]; });
  return mistake(94,
                 cat(missing.size() == 1 ? "no value for " : "no values for ", listed(missing), ": give ",
                     missing.size() == 1 ? "it with" : "them with", " --at ", how, ".",
                     did_you_mean(nearest(missing[0], unused))),
                 expression.text(), first->position, missing[0].size());
}

}  // namespace

std::vector<std::string> Expression::variables() const {
  std::vector<std::string> names;
  for (const Term& term : terms_) {
    if (term.kind == Node::Kind::variable) names.push_back(term.name);
  }
  return names;
}

Tensor Expression::apply(const Term& term, std::span<const Tensor> x) const {
  const OriginScope scope(Location{"", 0});  // no line of this file is the user's
  if (term.function) return (*term.function)(x);
  if (term.op == "neg") return -x[0];
  switch (term.op[0]) {
    case '+':
      return x[0] + x[1];
    case '-':
      return x[0] - x[1];
    case '*':
      return x[0] * x[1];
    case '/':
      return x[0] / x[1];
    default:
      return pow(x[0], x[1]);
  }
}

std::vector<Tensor> Expression::build(std::span<const Tensor> leaves) const {
  std::vector<Tensor> nodes;
  std::size_t variable = 0;
  for (const Term& term : terms_) {
    if (term.kind == Node::Kind::variable) {
      nodes.push_back(leaves[variable++]);
    } else if (term.kind == Node::Kind::number) {
      nodes.push_back(scalar(term.number, f64));
    } else {
      std::vector<Tensor> inputs;
      for (int input : term.inputs) inputs.push_back(nodes[static_cast<std::size_t>(input)]);
      nodes.push_back(apply(term, inputs));
    }
  }
  return nodes;
}

std::vector<double> values_for(const Expression& expression, const Values& at) {
  const std::vector<std::string> names = expression.variables();
  std::vector<std::string> missing, unused;
  std::vector<double> values;
  for (const std::string& name : names) {
    const auto given =
        std::find_if(at.begin(), at.end(), [&](const auto& each) { return each.first == name; });
    if (given == at.end()) {
      missing.push_back(name);
    } else {
      values.push_back(given->second);
    }
  }
  for (const auto& [name, value] : at) {
    if (std::find(names.begin(), names.end(), name) == names.end()) unused.push_back(name);
    if (!std::isfinite(value))
      throw ValueError(95, cat("[explain] the value of ", name, " is not a finite number."));
  }
  if (!missing.empty()) throw no_value(expression, missing, unused);
  if (!unused.empty()) static_cast<void>(variable_place(expression, unused[0]));
  return values;
}

std::size_t variable_place(const Expression& expression, const std::string& name) {
  const std::vector<std::string> names = expression.variables();
  const auto found = std::find(names.begin(), names.end(), name);
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  throw ValueError(
      95, cat("[explain] the expression has no variable '", name, "'.",
              names.empty() ? std::string(" It has none at all.")
                            : cat(" It has ", listed(names), ".", did_you_mean(nearest(name, names)))));
}

Values read_values(std::string_view text) {
  Values values;
  std::size_t start = 0;
  int depth = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && text[i] == '(') ++depth;
    if (i < text.size() && text[i] == ')') --depth;
    if (i < text.size() && (text[i] != ',' || depth > 0)) continue;
    const Expression one(text.substr(start, i - start));
    if (one.result_name().empty()) {
      throw mistake(95, "values are given as NAME=VALUE, as in w=3,b=4.", text, start, i - start);
    }
    if (!one.variables().empty()) {
      throw mistake(95, cat("the value of ", one.result_name(), " is not a number."), text, start, i - start);
    }
    for (const auto& [name, value] : values) {
      if (name == one.result_name())
        throw mistake(96, cat("'", name, "' has two values."), text, start, i - start);
    }
    values.emplace_back(one.result_name(), one.build({})[static_cast<std::size_t>(one.result())].item());
    start = i + 1;
  }
  return values;
}

}  // namespace chainrule::explain
