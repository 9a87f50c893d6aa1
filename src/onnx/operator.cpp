// Calls of operators: what they are given, and the table of them.
#include "onnx/operator.h"

#include <algorithm>

#include "core/text.h"

namespace chainrule::onnx {

std::string Call::where() const {
  const bool has_output = !operation_.outputs.empty();
  const std::string name =
      !operation_.name.empty() ? operation_.name : "of " + (has_output ? operation_.outputs[0] : "nothing");
  return cat("[load_onnx] ", place_, "node ", name, " (", operation_.type, ")");
}

ValueError Call::error(std::string_view what) const { return ValueError(508, cat(where(), ": ", what)); }

const Tensor& Call::operator[](std::size_t i) const {
  if (!has(i)) throw error(cat("input ", i, " is not given; it is needed."));
  return inputs_[i];
}

std::vector<std::int64_t> Call::integers_at(std::size_t i) const {
  return (*this)[i].to_vector<std::int64_t>();
}

std::int64_t Call::integer_at(std::size_t i) const {
  check_one(i);
  return integers_at(i)[0];
}

double Call::number_at(std::size_t i) const {
  check_one(i);
  return (*this)[i].to_vector<double>()[0];
}

void Call::check_one(std::size_t i) const {
  if ((*this)[i].numel() != 1)
    throw error(cat("input ", i, " has the shape ", (*this)[i].shape(), "; need one number."));
}

const Attribute* Call::find(std::string_view name) const {
  for (const Attribute& attribute : operation_.attributes) {
    if (attribute.name == name) return &attribute;
  }
  return nullptr;
}

const Attribute* Call::find(std::string_view name, Attribute::Kind kind) const {
  const Attribute* found = find(name);
  if (found != nullptr && found->kind != kind)
    throw error(cat("attribute ", name, " is of another kind than the format says."));
  return found;
}

std::int64_t Call::integer(std::string_view name) const {
  if (find(name) == nullptr) throw error(cat("attribute ", name, " is missing; it is needed."));
  return integer(name, 0);
}

std::int64_t Call::integer(std::string_view name, std::int64_t other) const {
  const Attribute* found = find(name, Attribute::Kind::integer);
  return found != nullptr ? found->integers[0] : other;
}

double Call::number(std::string_view name, double other) const {
  const Attribute* found = find(name, Attribute::Kind::number);
  return found != nullptr ? found->numbers[0] : other;
}

std::string Call::text(std::string_view name, std::string_view other) const {
  const Attribute* found = find(name, Attribute::Kind::text);
  return found != nullptr ? found->texts[0] : std::string(other);
}

std::vector<std::int64_t> Call::integers(std::string_view name, std::vector<std::int64_t> other) const {
  const Attribute* found = find(name, Attribute::Kind::integers);
  return found != nullptr ? found->integers : other;
}

std::vector<double> Call::numbers(std::string_view name, std::vector<double> other) const {
  const Attribute* found = find(name, Attribute::Kind::numbers);
  return found != nullptr ? found->numbers : other;
}

std::vector<std::string> Call::texts(std::string_view name, std::vector<std::string> other) const {
  const Attribute* found = find(name, Attribute::Kind::texts);
  return found != nullptr ? found->texts : other;
}

std::vector<std::int64_t> Call::integers(std::string_view name, std::size_t input,
                                         std::vector<std::int64_t> other) const {
  return has(input) ? integers_at(input) : integers(name, std::move(other));
}

int Call::axis_of(std::int64_t axis, int ndim) const {
  if (axis < -ndim || axis >= ndim) throw error(cat("axis ", axis, " of an input with ", ndim, " axes."));
  return static_cast<int>(axis < 0 ? axis + ndim : axis);
}

int Call::axis(std::string_view name, std::int64_t other, int ndim) const {
  return axis_of(integer(name, other), ndim);
}

const std::vector<const Operator*>& all_operators() {
  static const std::vector<const Operator*> kAll = [] {
    std::vector<const Operator*> all;
    for (const auto family :
         {math_operators, activation_operators, logic_operators, reduce_operators, shape_operators,
          index_operators, window_operators, resize_operators, norm_operators, loss_operators,
          recurrent_operators, quantize_operators, control_operators, random_operators, signal_operators}) {
      for (const Operator& row : family()) all.push_back(&row);
    }
    std::sort(all.begin(), all.end(), [](const auto* a, const auto* b) { return a->name < b->name; });
    return all;
  }();
  return kAll;
}

const Operator* find_operator(std::string_view type) {
  const auto& all = all_operators();
  const auto at =
      std::lower_bound(all.begin(), all.end(), type,
                       [](const Operator* row, std::string_view name) { return row->name < name; });
  return at != all.end() && (*at)->name == type ? *at : nullptr;
}

}  // namespace chainrule::onnx
