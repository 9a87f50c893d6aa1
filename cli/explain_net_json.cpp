// The explanation of a net as one JSON document.
#include <nlohmann/json.hpp>

#include "explain_json.h"
#include "json_text.h"

namespace chainrule::cli {
namespace {

using Json = nlohmann::ordered_json;

Json shape_of(const Tensor& tensor) {
  return tensor.is_empty() ? Json()
                           : Json(std::vector<std::int64_t>(tensor.shape().begin(), tensor.shape().end()));
}

Json summary(const Tensor& tensor, const explain::Summary& s) {
  if (tensor.is_empty()) return {};
  return {{"mean", s.mean}, {"deviation", s.deviation}, {"smallest", s.smallest},     {"largest", s.largest},
          {"norm", s.norm}, {"zeros", s.zeros},         {"not_finite", s.not_finite}, {"count", s.count}};
}

Json layer(const explain::LayerTrace& of) {
  Json made{{"path", of.path},
            {"what", of.what},
            {"run", of.run},
            {"input_shape", shape_of(of.input)},
            {"output_shape", shape_of(of.output)},
            {"output", summary(of.output, of.output_summary)},
            {"gradient", summary(of.gradient, of.gradient_summary)}};
  if (of.is_activation) {
    made["units"] = {{"count", of.units}, {"dead", of.dead}, {"saturated", of.saturated}};
  }
  made["parameters"] = Json::array();
  for (const explain::ParameterTrace& p : of.parameters) {
    made["parameters"].push_back({{"path", p.path},
                                  {"shape", shape_of(p.value)},
                                  {"value", summary(p.value, p.value_summary)},
                                  {"gradient", summary(p.gradient, p.gradient_summary)}});
  }
  return made;
}

Json weight(const explain::WeightTrace& of) {
  constexpr const char* kKinds[] = {"products", "samples", "none"};
  Json made{{"parameter", of.parameter},
            {"index", of.index},
            {"value", of.value},
            {"gradient", of.gradient},
            {"kind", kKinds[static_cast<int>(of.kind)]},
            {"sum", of.sum},
            {"terms", Json::array()}};
  for (const explain::GradientTerm& term : of.terms) {
    Json one{{"row", term.row}};
    if (of.kind == explain::WeightTrace::Kind::products) {
      one["x"] = term.input;
      one["dy"] = term.gradient;
    }
    one["product"] = term.product;
    made["terms"].push_back(std::move(one));
  }
  return made;
}

Json update(const explain::UpdateTrace& of, const std::string& states) {
  Json made{{"rule", of.rule},         {"step", of.step},       {"lr", of.lr},
            {"updates", of.is_update}, {"states_from", states}, {"states", Json::object()},
            {"before", of.before},     {"after", of.after},     {"formulas", Json::array()}};
  for (const auto& [name, number] : of.states) made["states"][name] = number;
  for (const explain::Formula& f : of.formulas) {
    made["formulas"].push_back(
        {{"name", f.name}, {"formula", f.text}, {"numbers", f.numbers}, {"value", f.value}});
  }
  return made;
}

}  // namespace

std::string to_json(const NetExplanation& made) {
  Json all{{"model", made.model},
           {"title", made.title},
           {"rows", made.rows},
           {"loss", made.net.loss},
           {"layers", Json::array()}};
  for (const explain::LayerTrace& each : made.net.layers) all["layers"].push_back(layer(each));
  if (made.weight) all["weight"] = weight(*made.weight);
  if (made.weight) all["update"] = made.update ? update(*made.update, made.states) : Json();
  return json_text(all);
}

}  // namespace chainrule::cli
