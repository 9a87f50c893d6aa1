// Loops over single elements, and views.
#include <algorithm>

#include "c_export/elementwise.h"
#include "c_export/emit.h"
#include "core/text.h"

namespace chainrule::c_export {
namespace {

/// A value inside a loop: a name or a number, or an expression that needs parentheses within another.
struct Value {
  std::string text;
  bool is_atom = true;
};

std::size_t count_of(std::string_view text, std::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++count;
  return count;
}

std::string fill(std::string_view formula, const std::vector<Value>& values) {
  std::string text;
  for (std::size_t i = 0; i < formula.size(); ++i) {
    if (formula[i] != '{') {
      text += formula[i];
      continue;
    }
    const Value& value = values[static_cast<std::size_t>(formula[i + 1] - '0')];
    const bool is_argument = i > 0 && formula[i - 1] == '(' && formula[i + 3] == ')';
    const bool is_whole = formula.size() == 3;
    text += value.is_atom || is_argument || is_whole ? value.text : cat("(", value.text, ")");
    i += 2;
  }
  return text;
}

std::string formula_text(const Node& node) {
  const std::string_view name = node.op->info.name;
  if (!is_floating(node.dtype) && name == "maximum") return "{0} > {1} ? {0} : {1}";
  if (!is_floating(node.dtype) && name == "minimum") return "{0} < {1} ? {0} : {1}";
  if (name != "cast") return std::string(formula_of(*node.op)->text);
  const Node& from = *node.inputs()[0];
  if (node.dtype == boolean) return "{0} != 0";
  return is_floating(from.dtype) && is_floating(node.dtype) ? "{0}" : cat("(", c_type(node.dtype), "){0}");
}

/// A number that stands in the text itself.
bool is_number(const Tensor& constant) { return constant.numel() == 1; }
Value number_in_text(const Tensor& constant) {
  const std::string text = numbers_of(constant)[0];
  return {text, text[0] != '-'};
}

}  // namespace

bool is_single(const Node& node) {
  const std::string_view name = node.op->info.name;
  return name == "cast" || formula_of(*node.op) != nullptr;
}

bool is_view(const OpRow& row) {
  constexpr std::string_view kNames[] = {"reshape", "broadcast_to", "permute", "slice"};
  return std::find(std::begin(kNames), std::end(kNames), row.info.name) != std::end(kNames);
}

void Lowering::emit_group(int root) {
  std::vector<int> members;
  for (const std::int32_t number : order_.numbers()) {
    if (place(number).group == root) members.push_back(number);
  }
  // What comes from outside, each once, and how often the group reads each array.
  std::vector<int> outside;
  std::vector<int> reads(pending_.size(), 0);
  for (const int member : members) {
    for (const std::int32_t input : order_.inputs(member)) {
      if (place(input).group == root && input != root) continue;
      const bool is_text = !place(input).depends && is_number(order_.tensor(input));
      if (!is_text && std::find(outside.begin(), outside.end(), input) == outside.end())
        outside.push_back(input);
      if (is_text) continue;
      const auto array = static_cast<std::size_t>(view(input).array);
      if (array < reads.size()) ++reads[array];
    }
  }
  std::vector<View> from;
  for (const int one : outside) from.push_back(view(one));

  View to;
  const std::vector<std::int64_t> sizes = sizes_of(node(root).shape);
  for (const View& one : from) {  // in place of an input that nobody reads afterwards
    const auto array = static_cast<std::size_t>(one.array);
    const bool is_last = array < pending_.size() && pending_[array] == reads[array];
    const bool fits = writer_.array(one.array).kind == Array::Kind::work && one.dtype == node(root).dtype &&
                      one.is_contiguous() && one.elements() == node(root).shape.numel() &&
                      one.elements() == writer_.array(one.array).elements;
    const auto is_alike = [&](const View& other) {
      return other.array != one.array || (other.sizes == one.sizes && other.strides == one.strides);
    };
    if (place(root).target >= 0 || !is_last || !fits || !std::all_of(from.begin(), from.end(), is_alike))
      continue;
    if (one.sizes != sizes) continue;
    to = {one.array, one.dtype, sizes, row_major(sizes), 0};
    break;
  }
  writer_.begin(comment_of(root));
  if (to.array >= 0) {
    set_view(root, to);
  } else {
    to = make_result(root);
  }
  writer_.loop(to, from, [&](const std::vector<std::string>& names, std::vector<std::string>& lines) {
    std::vector<Value> values(order_.size());
    std::string result;
    for (const int member : members) {
      const std::string formula = formula_text(node(member));
      std::vector<Value> operands;
      const auto inputs = order_.inputs(member);
      for (std::size_t i = 0; i < inputs.size(); ++i) {
        const std::int32_t input = inputs[i];
        Value value = values[static_cast<std::size_t>(input)];
        const auto at = std::find(outside.begin(), outside.end(), input);
        if (at != outside.end()) {
          value = {names[static_cast<std::size_t>(at - outside.begin())]};
        } else if (value.text.empty()) {
          value = number_in_text(order_.tensor(input));
        }
        const bool is_repeated = count_of(formula, cat("{", i, "}")) > 1;
        if (is_repeated && (!value.is_atom || value.text.find('[') != value.text.npos)) {
          const std::string name = cat("r", lines.size());
          lines.push_back(cat("const ", c_type(node(input).dtype), " ", name, " = ", value.text, ";"));
          value = {name};
          if (at == outside.end()) values[static_cast<std::size_t>(input)] = value;
        }
        operands.push_back(value);
      }
      if (const Formula* known = formula_of(*node(member).op); known && !known->function.empty()) {
        writer_.use(known->function);
      }
      std::string text = fill(formula, operands);
      if (member == root) {
        result = text;
      } else if (place(member).users > 1 || text.size() > 60) {
        const std::string name = cat("r", lines.size());
        lines.push_back(cat("const ", c_type(node(member).dtype), " ", name, " = ", text, ";"));
        values[static_cast<std::size_t>(member)] = {name};
      } else {
        const bool is_call = text.back() == ')' && formula.back() == ')' && formula.find('(') != 0;
        values[static_cast<std::size_t>(member)] = {text, is_call};
      }
    }
    return result;
  });
  for (const int member : members) release(member);
}

void Lowering::emit_view(int number) {
  const Node& made = node(number);
  const View from = view(order_.inputs(number)[0]);
  const std::vector<std::int64_t> sizes = sizes_of(made.shape);
  View to{from.array, made.dtype, sizes, {}, from.offset};
  const std::string_view name = made.op->info.name;
  Attributes attributes(made);
  if (name == "reshape") {
    writer_.begin(comment_of(number));
    const View whole = writer_.contiguous(from);
    writer_.begin("");
    to = {whole.array, made.dtype, sizes, row_major(sizes), whole.offset};
  } else if (name == "broadcast_to") {
    to.strides.assign(sizes.size(), 0);
    const std::size_t missing = sizes.size() - from.sizes.size();
    for (std::size_t i = 0; i < from.sizes.size(); ++i) {
      if (from.sizes[i] != 1) to.strides[missing + i] = from.strides[i];
    }
  } else if (name == "permute") {
    for (const int axis : attributes.bytes(static_cast<int>(sizes.size()))) {
      to.strides.push_back(from.strides[static_cast<std::size_t>(axis)]);
    }
  } else {
    const auto axis = static_cast<std::size_t>(attributes.next());
    const std::int64_t start = attributes.next(), step = attributes.next();
    to.strides = from.strides;
    to.offset += start * from.strides[axis];
    to.strides[axis] *= step;
  }
  set_view(number, to);
}

}  // namespace chainrule::c_export
