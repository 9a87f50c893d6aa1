// A weight's gradient and update as aligned text for a terminal.
#include <algorithm>

#include "chainrule/explain/net.h"
#include "core/text.h"
#include "explain/number.h"
#include "explain/table.h"
#include "explain/weight.h"

namespace chainrule::explain {
namespace {

constexpr std::size_t kShown = 10;  // terms
constexpr int kDigits = 6;

std::string name_of(const WeightTrace& trace) {
  return trace.index.empty() ? trace.parameter : cat(trace.parameter, "[", index_text(trace.index), "]");
}

std::string terms_of(const WeightTrace& trace) {
  const bool products = trace.kind == WeightTrace::Kind::products;
  Table table(products ? std::vector<std::string>{">row", ">x", ">dy", ">x * dy"}
                       : std::vector<std::string>{">row", ">share of the gradient"});
  const std::size_t count = std::min(trace.terms.size(), kShown);
  double rest = 0;
  for (std::size_t i = 0; i < trace.terms.size(); ++i) {
    const GradientTerm& term = trace.terms[i];
    if (i >= count) {
      rest += term.product;
      continue;
    }
    std::vector<std::string> row{std::to_string(term.row)};
    if (products) row.insert(row.end(), {shown(term.input, kDigits), shown(term.gradient, kDigits)});
    row.push_back(shown(term.product, kDigits));
    table.add(std::move(row));
  }
  const auto total = [&](const std::string& name, double number) {
    std::vector<std::string> row{name};
    if (products) row.insert(row.end(), {"", ""});
    row.push_back(shown(number, kDigits));
    table.add(std::move(row));
  };
  if (trace.terms.size() > count) total(cat(trace.terms.size() - count, " more"), rest);
  total("sum", trace.sum);
  return table.to_string();
}

}  // namespace

std::string to_text(const WeightTrace& trace) {
  std::string text = cat(name_of(trace), " = ", shown(trace.value), "\n\n");
  if (trace.kind == WeightTrace::Kind::none) {
    return text + cat("Its gradient is ", shown(trace.gradient, kDigits),
                      ". The loss is no sum over the rows here, so neither is the\n"
                      "gradient: does a layer mix them, as batch norm does in training?\n");
  }
  if (trace.kind == WeightTrace::Kind::products) {
    text += cat("Its gradient is the sum of x * dy over ", trace.terms.size(),
                trace.terms.size() == 1 ? " row" : " rows", ", with\n  x   ", trace.input, "\n  dy  ",
                trace.output, "\n\n");
  } else {
    text += cat("Its gradient is the sum of what each of ", trace.terms.size(),
                trace.terms.size() == 1 ? " row" : " rows", " gives:\n\n");
  }
  return text + terms_of(trace) + cat("\nThe backward pass gives ", shown(trace.gradient, kDigits), ".\n");
}

std::string to_text(const UpdateTrace& trace) {
  std::string text = cat("Step ", trace.step, " of ", trace.rule, ", lr ", shown(trace.lr), ":\n\n");
  Table before({"before", ">number"});
  before.add({"value", shown(trace.before)});
  for (const auto& [name, number] : trace.states) before.add({name, shown(number)});
  text += before.to_string() + "\n";
  for (const Formula& formula : trace.formulas) {
    const std::string pad(formula.name.size() + 2, ' ');
    text += cat("  ", formula.name, " = ", formula.text, "\n  ", pad, " = ", formula.numbers, "\n  ", pad,
                " = ", shown(formula.value), "\n");
  }
  if (!trace.is_update) {
    text += "\nThis step changes no weight: gradients of several steps are added up first.\n";
  } else {
    text += cat("\nThe weight changes by ", shown(trace.after - trace.before, kDigits), ".\n");
  }
  return text;
}

}  // namespace chainrule::explain
