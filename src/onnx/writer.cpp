// Operations of a file, one after the other.
#include <algorithm>
#include <sstream>

#include "chainrule/error.h"
#include "chainrule/ops.h"
#include "core/text.h"
#include "io/elements.h"
#include "onnx/form.h"

namespace chainrule::onnx {

Attribute integer(std::string name, std::int64_t value) {
  return {.name = std::move(name), .kind = Attribute::Kind::integer, .integers = {value}};
}
Attribute integers(std::string name, std::vector<std::int64_t> values) {
  return {.name = std::move(name), .kind = Attribute::Kind::integers, .integers = std::move(values)};
}
Attribute text(std::string name, std::string value) {
  return {.name = std::move(name), .kind = Attribute::Kind::text, .texts = {std::move(value)}};
}

Attribute texts(std::string name, std::vector<std::string> values) {
  return {.name = std::move(name), .kind = Attribute::Kind::texts, .texts = std::move(values)};
}

std::string Writer::unique(const std::string& wish) {
  const int count = ++taken_[wish];
  return count == 1 ? wish : unique(cat(wish, "_", count));
}

std::vector<std::string> Writer::add_several(std::string_view type, std::vector<std::string> inputs,
                                             std::size_t outputs, Attributes attributes) {
  std::string path = layer_;
  std::replace(path.begin(), path.end(), '.', '/');
  const std::string name = unique(path.empty() ? std::string(type) : cat(path, "/", type));
  std::vector<std::string> results;
  for (std::size_t i = 0; i < outputs; ++i) results.push_back(i == 0 ? name : unique(cat(name, ".", i)));
  model_.graph.operations.push_back(
      {std::string(type), "", name, std::move(inputs), results, std::move(attributes)});
  return results;
}

std::string Writer::add(std::string_view type, std::vector<std::string> inputs, Attributes attributes) {
  return add_several(type, std::move(inputs), 1, std::move(attributes))[0];
}

std::string Writer::constant(const Tensor& tensor) {
  constexpr std::int64_t kSmall = 64;
  const auto make = [&] {
    return add("Constant", {}, {{.name = "value", .kind = Attribute::Kind::tensor, .tensor = tensor}});
  };
  if (tensor.numel() > kSmall) return make();
  const std::string key = cat(name_of(tensor.dtype()), tensor.shape(), io::bytes_of(tensor));
  std::string& name = constants_[key];
  if (name.empty()) name = make();
  return name;
}

std::string Writer::number(double value, DType dtype) { return constant(scalar(value, dtype)); }

std::string Writer::integers(const std::vector<std::int64_t>& values) {
  return constant(from_data(values, Shape{static_cast<std::int64_t>(values.size())}));
}

std::string Writer::batch() {
  if (batch_.empty()) {
    batch_ =
        add("Gather", {add("Shape", {batch_source_}), integers({batch_axis_})}, {onnx::integer("axis", 0)});
  }
  return batch_;
}

std::string Writer::sizes(const Extents& extents) {
  std::vector<std::string> parts;
  std::vector<std::int64_t> fixed;
  const auto flush = [&] {
    if (!fixed.empty()) parts.push_back(integers(fixed));
    fixed.clear();
  };
  for (const Extent& extent : extents) {
    if (extent.is_fixed()) {
      fixed.push_back(extent.plus);
      continue;
    }
    flush();
    std::string part = batch();
    if (extent.times != 1) part = add("Mul", {part, integers({extent.times})});
    if (extent.plus != 0) part = add("Add", {part, integers({extent.plus})});
    parts.push_back(part);
  }
  flush();
  if (parts.empty()) return integers({});
  return parts.size() == 1 ? parts[0] : add("Concat", parts, {onnx::integer("axis", 0)});
}

std::string Writer::cast(const std::string& x, DType dtype) {
  return add("Cast", {x}, {onnx::integer("to", code_of(dtype))});
}

std::string Writer::reshape(const std::string& x, const Extents& to) {
  const auto moving = std::count_if(to.begin(), to.end(), [](const Extent& e) { return !e.is_fixed(); });
  const bool has_zero = std::any_of(to.begin(), to.end(), [](const Extent& e) { return e == Extent{0, 0}; });
  if (moving > 1 || has_zero) return add("Reshape", {x, sizes(to)}, {onnx::integer("allowzero", 1)});
  std::vector<std::int64_t> numbers;
  for (const Extent& e : to) numbers.push_back(e.is_fixed() ? e.plus : -1);
  return add("Reshape", {x, integers(numbers)});
}

std::string Writer::output_beside(const std::string& first, std::size_t i) const {
  const auto& all = model_.graph.operations;
  const auto made = std::find_if(all.rbegin(), all.rend(), [&](const Operation& operation) {
    return !operation.outputs.empty() && operation.outputs[0] == first;
  });
  return made->outputs.at(i);
}

const Setting& FormCall::setting(std::string_view name) const {
  for (const Setting& setting : node_.settings) {
    if (setting.name == name) return setting;
  }
  throw ValueError(520, cat("[export_onnx] ", node_.row->info.name, " has no setting ", name, "."));
}

std::vector<std::int64_t> FormCall::fixed(const Extents& extents) const {
  std::vector<std::int64_t> numbers;
  for (const Extent& extent : extents) {
    if (!extent.is_fixed()) {
      throw ValueError(
          522, cat("[save_onnx] ", node_.row->info.name, " of shape ", node_.value.shape(),
                   " depends on the size of the batch where ONNX needs a fixed number. Write it with the "
                   "batch left as one axis, or save with .batch = \"\" for one size."));
    }
    numbers.push_back(extent.plus);
  }
  return numbers;
}

std::int64_t FormCall::integer(std::string_view name) const { return fixed({extent(name)})[0]; }
std::vector<std::int64_t> FormCall::integers(std::string_view name) const {
  return fixed(setting(name).numbers);
}

std::vector<std::int64_t> FormCall::spatial(std::string_view name) const {
  const std::vector<std::int64_t> all = integers(name);
  return {all.end() - static_cast<std::ptrdiff_t>(inputs_[0].shape.size() - 2), all.end()};
}

std::vector<std::string> FormCall::names() const {
  std::vector<std::string> all;
  for (const Term& input : inputs_) all.push_back(input.name);
  return all;
}

std::vector<std::int64_t> axes_of(std::int64_t set) {
  std::vector<std::int64_t> axes;
  for (std::int64_t axis = 0; set >> axis != 0; ++axis) {
    if ((set >> axis & 1) != 0) axes.push_back(axis);
  }
  return axes;
}

std::vector<const Form*> all_forms() {
  std::vector<const Form*> all;
  for (const auto family : {number_forms, shape_forms, window_forms, other_forms}) {
    for (const Form& form : family()) all.push_back(&form);
  }
  return all;
}

const Form* find_form(std::string_view op) {
  static const std::unordered_map<std::string_view, const Form*> kForms = [] {
    std::unordered_map<std::string_view, const Form*> forms;
    for (const Form* form : all_forms()) forms.emplace(form->op, form);
    for (const Form& form : mark_forms()) forms.emplace(form.op, &form);
    return forms;
  }();
  const auto found = kForms.find(op);
  return found == kForms.end() ? nullptr : found->second;
}

}  // namespace chainrule::onnx
