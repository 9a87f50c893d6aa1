#include "explain/formula.h"

#include "core/text.h"
#include "explain/number.h"

namespace chainrule::explain {
namespace {

constexpr std::size_t kLongestLabel = 24;
constexpr std::size_t kLongestSymbol = 8;

// How tightly an operation holds its operands; a looser one inside needs parentheses.
constexpr int kSum = 1, kProduct = 2, kMinus = 3, kPower = 4, kWord = 5;

int strength_of(const std::string& op) {
  if (op == "+" || op == "-") return kSum;
  if (op == "*" || op == "/") return kProduct;
  if (op == "neg") return kMinus;
  return op == "^" ? kPower : kWord;
}

/// How tightly the operand at a place must hold. a - (b - c) keeps its parentheses, and so does (a^b)^c.
int needed_strength(const std::string& op, std::size_t place) {
  const int own = strength_of(op);
  if (own == kWord) return kSum;
  if (own == kMinus) return kPower;
  if (own == kPower) return place == 0 ? kWord : kPower;
  return own + static_cast<int>(place);
}

}  // namespace

std::string written(const std::string& op, std::span<const std::string> operands) {
  if (op == "neg") return cat("-", operands[0]);
  if (op == "^") return cat(operands[0], "^", operands[1]);
  if (strength_of(op) != kWord) return cat(operands[0], " ", op, " ", operands[1]);
  std::string text = op + "(";
  for (std::size_t i = 0; i < operands.size(); ++i) text.append(i > 0 ? ", " : "").append(operands[i]);
  return text + ")";
}

std::string formula_of(const std::vector<Node>& nodes, std::vector<int>& strength) {
  const Node& node = nodes.back();
  if (node.kind != Node::Kind::operation) {
    strength.push_back(node.name.empty() && node.formula[0] == '-' ? kMinus : kWord);
    return node.formula;
  }
  std::vector<std::string> operands;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    const auto input = static_cast<std::size_t>(node.inputs[i].node);
    const std::string& label = nodes[input].label();
    if (nodes[input].name.empty() && label.size() > kLongestLabel) {
      operands.push_back(cat("[", input + 1, "]"));
    } else if (strength[input] < needed_strength(node.op, i)) {
      operands.push_back(cat("(", label, ")"));
    } else {
      operands.push_back(label);
    }
  }
  strength.push_back(node.name.empty() ? strength_of(node.op) : kWord);
  return written(node.op, operands);
}

std::string with_values(const Trace& trace, const Node& node, int digits) {
  const bool is_word = strength_of(node.op) == kWord;
  std::vector<std::string> operands;
  for (const Input& input : node.inputs) {
    const double value = trace.nodes[static_cast<std::size_t>(input.node)].value;
    operands.push_back(is_word ? shown(value, digits) : operand(value, digits));
  }
  return written(node.op, operands);
}

std::string symbol(const Trace& trace, int node) {
  const bool is_result = static_cast<std::size_t>(node) + 1 == trace.nodes.size();
  const std::string& name = is_result ? trace.result : trace.nodes[static_cast<std::size_t>(node)].name;
  return name.empty() || name.size() > kLongestSymbol ? cat("[", node + 1, "]") : name;
}

std::string derivative(const Trace& trace, int of, int by) {
  return cat("d", symbol(trace, of), "/d", symbol(trace, by));
}

}  // namespace chainrule::explain
