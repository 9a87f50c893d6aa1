// A net's passes as aligned tables for a terminal.
#include "chainrule/explain/net.h"
#include "core/text.h"
#include "explain/number.h"
#include "explain/table.h"

namespace chainrule::explain {
namespace {

constexpr int kDigits = 4;

std::string share(std::int64_t some, std::int64_t all) { return cat(some, "/", all); }

/// "3/50 dead", and the like of saturated ones.
std::string units_of(const LayerTrace& layer) {
  std::string text;
  if (layer.dead > 0) text = cat(share(layer.dead, layer.units), " dead");
  if (layer.saturated > 0)
    text += cat(text.empty() ? "" : ", ", share(layer.saturated, layer.units), " saturated");
  if (layer.output_summary.not_finite > 0)
    text += cat(text.empty() ? "" : ", ", layer.output_summary.not_finite, " not finite");
  return text;
}

std::string name_of(const LayerTrace& layer) {
  return layer.run == 1 ? layer.path : cat(layer.path, " #", layer.run);
}

std::string passes(const NetTrace& trace) {
  Table table({"layer", "output", ">mean", ">deviation", ">|dL/doutput|", "units"});
  if (!trace.input.is_empty()) {
    const Summary input = summary_of(trace.input);
    table.add({"(input)", trace.input.shape().to_string(), shown(input.mean, kDigits),
               shown(input.deviation, kDigits)});
  }
  for (const LayerTrace& layer : trace.layers) {
    table.add({name_of(layer), layer.output.shape().to_string(), shown(layer.output_summary.mean, kDigits),
               shown(layer.output_summary.deviation, kDigits),
               layer.gradient.is_empty() ? "-" : shown(layer.gradient_summary.norm, kDigits),
               units_of(layer)});
  }
  return table.to_string();
}

std::string parameters(const NetTrace& trace) {
  Table table({"parameter", "shape", ">|value|", ">|gradient|", ">ratio"});
  for (const LayerTrace& layer : trace.layers) {
    for (const ParameterTrace& p : layer.parameters) {
      const double value = p.value_summary.norm, gradient = p.gradient_summary.norm;
      table.add({p.path, p.value.shape().to_string(), shown(value, kDigits), shown(gradient, kDigits),
                 value > 0 ? shown(gradient / value, kDigits) : "-"});
    }
  }
  return table.to_string();
}

bool any_of_units(const NetTrace& trace) {
  for (const LayerTrace& layer : trace.layers) {
    if (layer.dead > 0 || layer.saturated > 0) return true;
  }
  return false;
}

}  // namespace

std::string to_text(const NetTrace& trace) {
  std::string text = cat("Forward, and the gradient of the loss that comes back, loss ", shown(trace.loss, 6),
                         ":\n\n", passes(trace));
  if (any_of_units(trace)) {
    text +=
        "\nA unit is dead where its slope is 0 in all rows: nothing is learnt through it\n"
        "from them. It is saturated where the slope is below 0.02.\n";
  }
  const std::string table = parameters(trace);
  if (table.find('\n') + 1 < table.size()) text += cat("\nParameters:\n\n", table);
  return text;
}

}  // namespace chainrule::explain
