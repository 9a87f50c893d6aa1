#include "diff_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "explain/table.h"
#include "json_text.h"

namespace chainrule::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostRows = 20;

std::string name_of(const StepDifference& each) {
  return each.step < 0 ? each.tensor.name : fmt::format("step{}/{}", each.step, each.tensor.name);
}

/// With nine digits, or as many as it takes to tell it from another.
std::string number(double value, double other) {
  const std::string text = fmt::format("{:.9g}", value);
  return text != fmt::format("{:.9g}", other) ? text : fmt::format("{}", value);
}

std::string shortened(const std::string& text) {
  return text.size() <= 40 ? text : text.substr(0, 37) + "...";
}

std::string settings_text(const Differing& found) {
  if (found.settings.empty()) return "settings  the same\n";
  std::string text =
      fmt::format("settings  {} differ{}\n", found.settings.size(), found.settings.size() == 1 ? "s" : "");
  explain::Table table({"key", "A", "B"});
  for (const auto& [key, a, b] : found.settings) {
    table.add({key, a.empty() ? "-" : shortened(a), b.empty() ? "-" : shortened(b)});
  }
  return text + table.to_string();
}

std::string history_text(const Differing& found) {
  std::string text;
  if (found.history) {
    const HistoryDifference& first = *found.history;
    text = fmt::format("history   first differs in the report of step {}: {} is {:.9g} in A, {:.9g} in B\n",
                       first.step, first.name, first.a, first.b);
  } else {
    text = fmt::format("history   {} report{} the same\n", found.reports, found.reports == 1 ? "" : "s");
  }
  if (found.reports_a != found.reports_b) {
    text += fmt::format("          A has {} reports, B {}\n", found.reports_a, found.reports_b);
  }
  return text;
}

std::string tensors_text(const Differing& found) {
  std::int64_t differing = 0, numbers = 0, equal = 0;
  explain::Table table({"tensor", ">differ", ">of", ">largest", ">relative", ""});
  std::size_t rows = 0;
  for (const StepDifference& each : found.tensors) {
    const explain::TensorDifference& t = each.tensor;
    numbers += t.count;
    equal += t.equal_bits;
    if (!t.differs()) continue;
    ++differing;
    if (++rows > kMostRows) continue;
    if (!t.problem.empty()) {
      table.add({name_of(each), "", "", "", "", t.problem});
    } else {
      table.add({name_of(each), std::to_string(t.beyond), std::to_string(t.count),
                 fmt::format("{:.3g}", t.largest), fmt::format("{:.3g}", t.largest_relative)});
    }
  }
  if (found.tensors.empty()) return "tensors   none\n";
  std::string text = fmt::format("tensors   {} against {}: ", found.tensors_of_a, found.tensors_of_b);
  text += differing == 0 ? "the same\n"
                         : fmt::format("{} of {} differ{}\n", differing, found.tensors.size(),
                                       differing == 1 ? "s" : "");
  text += fmt::format("          {} of {} numbers are the same to the last bit\n", equal, numbers);
  if (const StepDifference* first = found.first()) {
    const explain::TensorDifference& t = first->tensor;
    text += fmt::format("\nThe first that differs is {}{}.\n\n", name_of(*first),
                        t.problem.empty() ? fmt::format(": element {} is {} in A, {} in B", t.element,
                                                        number(t.a, t.b), number(t.b, t.a))
                                          : ": " + t.problem);
    text += table.to_string();
    if (rows > kMostRows) text += fmt::format("  and {} more\n", rows - kMostRows);
  }
  return text;
}

}  // namespace

const StepDifference* Differing::first() const {
  const auto found = std::find_if(tensors.begin(), tensors.end(),
                                  [](const StepDifference& each) { return each.tensor.differs(); });
  return found == tensors.end() ? nullptr : &*found;
}

bool Differing::differs() const {
  return !settings.empty() || history.has_value() || reports_a != reports_b || first() != nullptr;
}

std::string to_text(const Differing& found) {
  std::string text = fmt::format("A is {}, B is {}{}\n\n", found.a, found.b,
                                 found.tolerance > 0 ? fmt::format("; tolerance {}", found.tolerance) : "");
  if (found.are_runs) text += settings_text(found) + history_text(found);
  text += tensors_text(found);
  return text + (found.differs() ? "" : "\nA and B are the same.\n");
}

std::string to_json(const Differing& found) {
  Json settings = Json::array(), tensors = Json::array();
  for (const auto& [key, a, b] : found.settings) settings.push_back({{"key", key}, {"a", a}, {"b", b}});
  std::int64_t equal = 0, numbers = 0;
  for (const StepDifference& each : found.tensors) {
    const explain::TensorDifference& t = each.tensor;
    equal += t.equal_bits, numbers += t.count;
    if (!t.differs()) continue;
    Json one{{"step", each.step < 0 ? Json() : Json(each.step)}, {"name", t.name}};
    if (!t.problem.empty()) {
      one["problem"] = t.problem;
    } else {
      one.update({{"count", t.count},
                  {"differ", t.beyond},
                  {"equal_bits", t.equal_bits},
                  {"largest", t.largest},
                  {"largest_relative", t.largest_relative},
                  {"element", t.element},
                  {"a", t.a},
                  {"b", t.b}});
    }
    tensors.push_back(std::move(one));
  }
  Json all{{"a", found.a}, {"b", found.b}, {"same", !found.differs()}, {"tolerance", found.tolerance}};
  if (found.are_runs) {
    all["settings"] = std::move(settings);
    all["history"] = {
        {"compared", found.reports}, {"reports_a", found.reports_a}, {"reports_b", found.reports_b}};
    all["history"]["first"] = found.history ? Json{{"step", found.history->step},
                                                   {"name", found.history->name},
                                                   {"a", found.history->a},
                                                   {"b", found.history->b}}
                                            : Json();
  }
  all["compared"] = found.tensors.size();
  all["numbers"] = numbers;
  all["equal_bits"] = equal;
  all["differing"] = std::move(tensors);
  return json_text(all);
}

}  // namespace chainrule::cli
