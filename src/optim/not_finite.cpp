#include "optim/not_finite.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/text.h"
#include "graph/walk.h"
#include "ops/op.h"

namespace chainrule::optim {
namespace {

/// Whether a number is there of which `is_it` holds.
template <class F>
bool any_of(const Node& node, F is_it) {
  if (!is_floating(node.dtype)) return false;
  return with_floating(node.dtype, [&]<class T>(std::type_identity<T>) {
    const T* x = node.array().as<T>();
    return std::any_of(x, x + node.shape.numel(), is_it);
  });
}

}  // namespace

Culprit first_not_finite(const Tensor& output, const std::vector<nn::NamedParameter>& parameters) {
  NodeOrder graph;
  Node* root = output.node();
  graph.find({&root, 1}, [](const Node*) { return true; });
  std::vector<Tensor> all;
  for (const std::int32_t number : graph.numbers()) all.push_back(graph.tensor(number));
  evaluate(all);
  for (const Tensor& tensor : all) {
    const Node& node = *tensor.node();
    if (!any_of(node, [](auto x) { return !std::isfinite(x); })) continue;
    if (node.is_leaf()) {
      for (const nn::NamedParameter& p : parameters) {
        if (p.parameter.value().node() != &node) continue;
        const bool is_nan = any_of(node, [](auto x) { return std::isnan(x); });
        return {Culprit::Kind::parameter, cat("parameter ", p.name), p.name, is_nan};
      }
      return {Culprit::Kind::data, cat("a tensor of shape ", node.shape, " that was given")};
    }
    const std::string place =
        node.origin.to_string();  // " In layer ..., called from ....", " Called from ....", or ""
    const std::size_t end = place.find_last_not_of('.');
    std::string where = end == std::string::npos ? "" : place.substr(0, end + 1);
    if (where.size() > 1) where[1] = static_cast<char>(std::tolower(where[1]));
    return {Culprit::Kind::operation,
            cat(node.op->info.name, where.starts_with(" called") ? "," : "", where)};
  }
  return {Culprit::Kind::operation, "an operation that gave finite numbers when it was run again"};
}

}  // namespace chainrule::optim
