// From a graph to the steps of a C function.
#include "c_export/lower.h"

#include <algorithm>
#include <set>

#include "c_export/elementwise.h"
#include "c_export/emit.h"
#include "core/text.h"

namespace chainrule::c_export {

Lowering::Lowering(Constants& constants, std::vector<Argument> inputs, std::vector<Argument> outputs)
    : writer_(constants), inputs_(std::move(inputs)), outputs_(std::move(outputs)) {
  find_places();
  find_constants();
  find_groups();
  find_missing();
}

void Lowering::find_places() {
  std::vector<Node*> ends;
  for (const Argument& output : outputs_) ends.push_back(output.tensor.node());
  order_.find(ends, [this](const Node* node) {
    return std::none_of(inputs_.begin(), inputs_.end(),
                        [&](const Argument& in) { return in.tensor.node() == node; });
  });
  places_.resize(order_.size());
  for (const Argument& input : inputs_) {
    const std::int32_t number = order_.number(input.tensor.node());
    const int array = writer_.add_argument(input.name, input.tensor.dtype(), input.tensor.numel());
    if (number == NodeIndex::kNone) continue;  // it makes no difference to the outputs
    place(number).depends = place(number).is_input = true;
    place(number).has_view = true;
    place(number).view = writer_.whole(array, input.tensor.shape());
  }
  for (const std::int32_t number : order_.numbers()) {
    for (const std::int32_t input : order_.inputs(number)) {
      if (place(input).depends) place(number).depends = true;
    }
  }
  for (const std::int32_t number : order_.numbers()) {
    if (!place(number).depends) continue;
    for (const std::int32_t input : order_.inputs(number)) ++place(input).users;
  }
  for (const Argument& output : outputs_) ++place(order_.number(output.tensor.node())).users;
}

void Lowering::find_constants() {
  std::vector<Tensor> constants;
  for (const std::int32_t number : order_.numbers()) {
    if (!place(number).depends && place(number).users > 0) constants.push_back(order_.tensor(number));
  }
  evaluate(constants);
}

std::vector<Tensor> Lowering::constant_leaves() const {
  std::vector<Tensor> constants;
  for (const std::int32_t number : order_.numbers()) {
    if (!place(number).depends && place(number).users > 0) constants.push_back(order_.tensor(number));
  }
  return constants;
}

std::vector<std::pair<Tensor, int>> Lowering::weights() const {
  std::vector<std::pair<Tensor, int>> found;
  std::set<const Node*> elsewhere;
  for (const std::int32_t number : order_.numbers()) {
    if (!place(number).depends || place(number).is_input) continue;
    const auto inputs = order_.inputs(number);
    const std::string_view op = node(number).op->info.name;
    const std::size_t side = op == "take" ? 0 : 1;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      const Tensor& input = order_.tensor(inputs[i]);
      if (place(inputs[i]).depends) continue;
      const int axis = weight_axis(node(number), input);
      const auto is_same = [&](const auto& one) { return one.first.node() == input.node(); };
      const bool is_new = std::none_of(found.begin(), found.end(), is_same);
      if (i != side || axis < 0) {
        elsewhere.insert(input.node());
      } else if (is_new) {
        found.emplace_back(input, axis);
      }
    }
  }
  std::erase_if(found, [&](const auto& one) { return elsewhere.contains(one.first.node()); });
  return found;
}

// A node of single elements is computed in the loop of the one that uses it, if no other step does.
void Lowering::find_groups() {
  const auto numbers = order_.numbers();
  std::vector<std::vector<int>> users(order_.size());
  for (const std::int32_t number : numbers) {
    if (!place(number).depends || place(number).is_input) continue;
    for (const std::int32_t input : order_.inputs(number))
      users[static_cast<std::size_t>(input)].push_back(number);
  }
  for (std::size_t i = numbers.size(); i-- > 0;) {
    const std::int32_t number = numbers[i];
    if (!place(number).depends || place(number).is_input || !is_single(node(number))) continue;
    const auto& of = users[static_cast<std::size_t>(number)];
    int group = static_cast<std::size_t>(place(number).users) == of.size() && !of.empty() ? place(of[0]).group
                                                                                          : number;
    for (const int user : of) {
      if (place(user).group != group || group < 0 || node(user).shape != node(number).shape) group = number;
    }
    place(number).group = group < 0 ? number : group;
  }
}

void Lowering::find_missing() {
  std::set<std::string> found;
  for (const std::int32_t number : order_.numbers()) {
    if (!place(number).depends || place(number).is_input) continue;
    const Node& made = node(number);
    std::string why;
    if (!is_single(made) && !is_view(*made.op) && emitter_of(*made.op) == nullptr) why = made.op->info.name;
    if (made.dtype == f64) why = cat(made.op->info.name, " of f64");
    if (why.empty()) why = misfit_of(made);
    if (why.empty()) continue;
    found.insert(made.origin.layer == nullptr ? why : cat(why, " in layer ", *made.origin.layer));
  }
  for (const std::string& one : found) missing_ += cat("\n  ", one);
}

// What goes to an output unchanged, but for its shape, is computed where it belongs.
void Lowering::find_targets() {
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    const auto same = std::find_if(inputs_.begin(), inputs_.end(),
                                   [&](const Argument& input) { return input.name == outputs_[i].name; });
    const Tensor& tensor = outputs_[i].tensor;
    arguments_.push_back(same != inputs_.end()
                             ? static_cast<int>(same - inputs_.begin())
                             : writer_.add_argument(outputs_[i].name, tensor.dtype(), tensor.numel()));
    std::int32_t number = order_.number(tensor.node());
    while (place(number).depends && !place(number).is_input && node(number).op->info.view) {
      number = order_.inputs(number)[0];
    }
    Place& from = place(number);
    if (from.depends && !from.is_input && !is_view(*node(number).op) && from.target < 0) {
      from.target = static_cast<int>(i);
    }
  }
}

const View& Lowering::view(int number) {
  Place& of = place(number);
  if (!of.has_view) {
    const Tensor& constant = order_.tensor(number);
    of.view = writer_.whole(writer_.add_constant(constant), constant.shape());
    of.has_view = true;
  }
  return of.view;
}

void Lowering::set_view(int number, View made) {
  pending_.resize(std::max(pending_.size(), static_cast<std::size_t>(made.array) + 1), 0);
  pending_[static_cast<std::size_t>(made.array)] += place(number).users;
  place(number).view = std::move(made);
  place(number).has_view = true;
}

View Lowering::make_result(int number) {
  const int target = place(number).target;
  const int array = target >= 0 ? arguments_[static_cast<std::size_t>(target)]
                                : writer_.add_work(node(number).dtype, node(number).shape.numel());
  set_view(number, writer_.whole(array, node(number).shape));
  return place(number).view;
}

void Lowering::release(int number) {
  for (const std::int32_t input : order_.inputs(number)) {
    if (!place(input).has_view) continue;  // computed in the same loop
    const auto array = static_cast<std::size_t>(place(input).view.array);
    if (array < pending_.size()) --pending_[array];
  }
}

std::string Lowering::comment_of(int number) const {
  const Origin& origin = node(number).origin;
  const std::string op(node(number).op->info.name);
  return origin.layer == nullptr ? op : cat(*origin.layer, ": ", op);
}

void Lowering::emit(int number) {
  if (is_single(node(number))) {
    if (place(number).group == number) emit_group(number);
  } else if (is_view(*node(number).op)) {
    emit_view(number);
    release(number);
  } else if (node(number).shape.numel() == 0) {
    make_result(number);
    release(number);
  } else {
    writer_.begin(comment_of(number));
    emitter_of (*node(number).op)(*this, number);
    release(number);
  }
}

void Lowering::run() {
  find_targets();
  std::vector<int> last;  // what is written over an input
  const auto writes_over = [this](int number) {
    const int target = place(number).target;
    return target >= 0 && arguments_[static_cast<std::size_t>(target)] < static_cast<int>(inputs_.size());
  };
  for (const std::int32_t number : order_.numbers()) {
    if (!place(number).depends || place(number).is_input) continue;
    if (writes_over(number)) {
      last.push_back(number);
    } else {
      emit(number);
    }
  }
  for (const int number : last) emit(number);
  emit_outputs();
}

void Lowering::emit_outputs() {
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    const std::int32_t number = order_.number(outputs_[i].tensor.node());
    const View& from = view(number);
    if (from.array == arguments_[i]) continue;
    writer_.begin(cat("output ", outputs_[i].name));
    writer_.copy(writer_.whole(arguments_[i], outputs_[i].tensor.shape()), from);
  }
}

}  // namespace chainrule::c_export
