// check-errors: E563
#include "reading.h"

#include <unordered_set>
#include <utility>

#include "caller.h"
#include "chainrule/error.h"
#include "core/text.h"
#include "graph/node.h"

namespace chainrule::python {
namespace {

struct Scope {
  std::vector<Tensor> variables;
  const nn::Layer* net = nullptr;  // whose parameters count, too: asked for when a number is read
};

thread_local std::vector<Scope> scopes;

using Nodes = std::unordered_set<const Node*>;  // is only asked who is in it

Nodes variables_of(const std::vector<Scope>& all) {
  Nodes nodes;
  for (const Scope& scope : all) {
    for (const Tensor& each : scope.variables) nodes.insert(each.node());
    if (scope.net == nullptr) continue;
    for (const nn::NamedParameter& each : scope.net->parameters()) {
      if (each.parameter) nodes.insert(each.parameter.value().node());
    }
  }
  return nodes;
}

/// Whether a gradient goes from the node to one of the variables.
bool depends_on(const Node* node, const Nodes& variables) {
  Nodes seen;
  std::vector<const Node*> todo{node};
  while (!todo.empty()) {
    const Node* each = todo.back();
    todo.pop_back();
    if (!has_gradient(each->dtype) || !seen.insert(each).second) continue;
    if (variables.contains(each)) return true;
    if (each->constant) continue;
    for (const Node* input : each->inputs()) todo.push_back(input);
  }
  return false;
}

}  // namespace

void enter_differentiated(std::vector<Tensor> variables) {
  scopes.push_back({std::move(variables), nullptr});
}
void leave_differentiated() { scopes.pop_back(); }

Differentiated::Differentiated(std::vector<Tensor> variables) { enter_differentiated(std::move(variables)); }
Differentiated::Differentiated(std::vector<Tensor> variables, const nn::Layer& net) {
  scopes.push_back({std::move(variables), &net});
}
Differentiated::~Differentiated() { leave_differentiated(); }

void check_reading(const Tensor& x, const char* what) {
  if (scopes.empty() || !has_gradient(x.dtype()) || Making::here().constants) return;
  if (!depends_on(x.node(), variables_of(scopes))) return;
  throw NotDifferentiable(
      563, cat("[", what,
               "] a plain number has no gradient, and this tensor depends on what is differentiated. Use "
               "functions "
               "of chainrule in place of math's and NumPy's; or stop_gradient(x), if no gradient is meant.",
               OriginScope::current(caller()).to_string()));
}

}  // namespace chainrule::python
