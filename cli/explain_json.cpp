#include "explain_json.h"

#include <nlohmann/json.hpp>

#include "json_text.h"

namespace chainrule::cli {
namespace {

using Json = nlohmann::ordered_json;

Json number(double value) { return value; }

/// {name: field} for each derivative.
Json by_name(const std::vector<explain::Derivative>& derivatives, double explain::Derivative::*field) {
  Json object = Json::object();
  for (const explain::Derivative& each : derivatives) object[each.name] = number(each.*field);
  return object;
}

Json hessian(const explain::Trace& trace, double explain::Derivative::*field) {
  Json object = Json::object();
  for (std::size_t i = 0; i < trace.hessian.size(); ++i) {
    object[trace.gradient[i].name] = by_name(trace.hessian[i], field);
  }
  return object;
}

Json check(const explain::Trace& trace) {
  using explain::Derivative;
  Json object = {{"gradient", by_name(trace.gradient, &Derivative::numeric)},
                 {"relative_error", by_name(trace.gradient, &Derivative::relative_error)}};
  if (!trace.hessian.empty()) {
    object["hessian"] = hessian(trace, &Derivative::numeric);
    object["hessian_relative_error"] = hessian(trace, &Derivative::relative_error);
  }
  return object;
}

Json node(const explain::Node& node, std::size_t place) {
  constexpr const char* kKinds[] = {"variable", "number", "operation"};
  Json object = {{"id", place + 1}, {"kind", kKinds[static_cast<int>(node.kind)]}};
  if (!node.op.empty()) object["op"] = node.op;
  if (!node.name.empty()) object["name"] = node.name;
  object["formula"] = node.formula;
  object["value"] = number(node.value);
  object["gradient"] = node.has_gradient ? number(node.gradient) : Json();
  Json inputs = Json::array();
  for (const explain::Input& input : node.inputs) {
    Json arrow = {{"node", input.node + 1}};
    if (input.has_gradient) {
      arrow["local_derivative"] = number(input.local);
      arrow["product"] = number(input.product);
    }
    inputs.push_back(std::move(arrow));
  }
  object["inputs"] = std::move(inputs);
  Json users = Json::array();
  for (int user : node.users) users.push_back(user + 1);
  object["used_by"] = std::move(users);
  return object;
}

std::string text_of(const Json& document) { return json_text(document); }

}  // namespace

std::string to_json(const explain::Trace& trace) {
  Json document = {{"expression", trace.expression}, {"at", Json::object()}, {"result", trace.result}};
  for (const auto& [name, value] : trace.at) document["at"][name] = number(value);
  document["value"] = number(trace.value());
  document["gradient"] = by_name(trace.gradient, &explain::Derivative::value);
  if (!trace.hessian.empty()) document["hessian"] = hessian(trace, &explain::Derivative::value);
  if (trace.checked) document["check"] = check(trace);
  Json nodes = Json::array();
  for (std::size_t i = 0; i < trace.nodes.size(); ++i) nodes.push_back(node(trace.nodes[i], i));
  document["nodes"] = std::move(nodes);
  Json backward = Json::array();
  for (int place : trace.backward) backward.push_back(place + 1);
  document["backward_order"] = std::move(backward);
  document["notes"] = trace.notes;
  return text_of(document);
}

std::string to_json(const explain::Iterations& iterations, bool solved) {
  Json rows = Json::array();
  for (std::size_t step = 0; step < iterations.rows.size(); ++step) {
    const explain::Iteration& row = iterations.rows[step];
    Json object = {
        {"step", step}, {"at", Json::object()}, {"value", number(row.value)}, {"slope", Json::object()}};
    for (std::size_t i = 0; i < iterations.vary.size(); ++i) {
      object["at"][iterations.vary[i]] = number(row.variable[i]);
      object["slope"][iterations.vary[i]] = number(row.slope[i]);
    }
    rows.push_back(std::move(object));
  }
  Json document = {{"result", iterations.result}, {"steps", iterations.rows.size() - 1}};
  if (solved) document["converged"] = iterations.converged;
  document["iterations"] = std::move(rows);
  return text_of(document);
}

}  // namespace chainrule::cli
