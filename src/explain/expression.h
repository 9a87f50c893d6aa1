#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "chainrule/explain.h"
#include "chainrule/tensor.h"

namespace chainrule::explain {

struct Function;

/// One value of an expression: a variable, a number, or a function of terms before it.
struct Term {
  Node::Kind kind = Node::Kind::operation;
  std::string op;                      // "+", "-", "*", "/", "^", "neg", or a function's name
  std::string name;                    // a variable's, or that of its first binding
  double number = 0;                   // of a number
  std::string number_text;             // as written: "pi", "0.10"
  const Function* function = nullptr;  // of an operation that is called by name
  std::vector<int> inputs;
  std::size_t position = 0;  // of its operator or name in the text
};

/// An expression that was read: terms in the order of evaluation, inputs before users.
class Expression {
 public:
  /// @throws ExpressionError  see trace in chainrule/explain.h.
  explicit Expression(std::string_view text);

  const std::string& text() const { return text_; }
  const std::vector<Term>& terms() const { return terms_; }
  /// The place of the result among the terms.
  int result() const { return result_; }
  /// The name that the last statement gives to the result, or empty.
  const std::string& result_name() const { return result_name_; }
  /// The variables' names in the order of appearance.
  std::vector<std::string> variables() const;

  /// A term's node on the given inputs, made by the library's operations.
  Tensor apply(const Term& term, std::span<const Tensor> inputs) const;
  /// The nodes of all terms, in their order; variables are taken from `leaves`, in the order of variables().
  std::vector<Tensor> build(std::span<const Tensor> leaves) const;

 private:
  friend class Parser;

  std::string text_;
  std::vector<Term> terms_;
  int result_ = 0;
  std::string result_name_;
};

/// Values in the order of the expression's variables.
/// @throws ExpressionError  for a variable without value (E094).
/// @throws ValueError  for values that are not of the expression (E095).
std::vector<double> values_for(const Expression& expression, const Values& at);

/// A variable's place among the expression's.
/// @throws ValueError  if there is no such variable (E095).
std::size_t variable_place(const Expression& expression, const std::string& name);

}  // namespace chainrule::explain
