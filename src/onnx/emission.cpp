// A traced graph written as the operations of an ONNX file.
#include "onnx/emission.h"

#include <algorithm>
#include <map>

#include "chainrule/error.h"
#include "chainrule/ops.h"
#include "core/text.h"

namespace chainrule::onnx {
namespace {

using Kind = TracedNode::Kind;

/// The shape that both broadcast to.
Extents broadcast(const Extents& a, const Extents& b) {
  const Extents& longer = a.size() < b.size() ? b : a;
  const Extents& shorter = a.size() < b.size() ? a : b;
  Extents shape = longer;
  for (std::size_t i = 1; i <= shorter.size(); ++i) {
    Extent& size = shape[shape.size() - i];
    if (size == Extent{0, 1}) size = shorter[shorter.size() - i];
  }
  return shape;
}

class Emission {
 public:
  Emission(const TracedGraph& graph, const Names& names, Model& model)
      : graph_(graph), names_(names), model_(model), writer_(model), terms_(graph.nodes.size()) {}

  void run() {
    find_needed();
    for (const std::vector<std::string>* all : {&names_.inputs, &names_.outputs, &names_.parameters}) {
      for (const std::string& name : *all) writer_.unique(name);
    }
    take_inputs();
    take_parameters();
    take_constants();
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
      if (needed_[i] && terms_[i].name.empty()) write(i);
    }
    name_outputs();
  }

 private:
  const TracedNode& node(std::int32_t i) const { return graph_.nodes[static_cast<std::size_t>(i)]; }

  /// Whether it is one value for all batches.
  bool is_constant(const TracedNode& node) const {
    return !node.varies && node.kind != Kind::input && node.kind != Kind::parameter;
  }

  /// Without a broadcast that the operator does itself.
  std::vector<std::int32_t> inputs_of(const TracedNode& node) const {
    if (node.row == nullptr || !(node.row->info.elementwise || node.row->info.name == "where"))
      return node.inputs;
    std::vector<std::int32_t> raw = node.inputs;
    Extents shape;
    for (std::int32_t& input : raw) {
      const TracedNode& from = this->node(input);
      if (from.row != nullptr && from.row->info.name == "broadcast_to") input = from.inputs[0];
      shape = broadcast(shape, this->node(input).shape);
    }
    return shape == node.shape ? raw : node.inputs;
  }

  void find_needed() {
    needed_.assign(graph_.nodes.size(), false);
    for (const std::int32_t output : graph_.outputs) needed_[static_cast<std::size_t>(output)] = true;
    std::map<std::string, int> missing;
    for (std::size_t i = graph_.nodes.size(); i-- > 0;) {
      const TracedNode& node = graph_.nodes[i];
      if (!needed_[i] || node.kind != Kind::operation || is_constant(node)) continue;
      const Form* form = find_form(node.row->info.name);
      if (form == nullptr || !form->exists()) {
        missing[cat(node.row->info.name, node.layer.empty() ? "" : " in layer " + node.layer, ": ",
                    form == nullptr ? std::string_view("an operation of the program's own") : form->note)]++;
      }
      const std::vector<std::int32_t> inputs = inputs_of(node);
      for (std::size_t k = form == nullptr ? 0 : form->unread; k < inputs.size(); ++k)
        needed_[static_cast<std::size_t>(inputs[k])] = true;
    }
    if (missing.empty()) return;
    std::string lines;
    for (const auto& [line, count] : missing) lines += "\n  " + line;
    throw ValueError(520, cat("[export_onnx] operations that have no form in ONNX:", lines,
                              "\nLeave them out, or compute them before (docs/onnx.md lists all forms)."));
  }

  Value value_of(const std::string& name, DType dtype, const Extents& shape) const {
    Value value{.name = name, .type = code_of(dtype), .has_shape = true};
    for (const Extent& e : shape) {
      Size size;
      if (e.is_fixed()) {
        size.number = e.plus;
      } else {
        size.name = cat(e.times == 1 ? "" : cat(e.times, "*"), names_.batch,
                        e.plus == 0 ? "" : cat(e.plus > 0 ? "+" : "", e.plus));
      }
      value.sizes.push_back(std::move(size));
    }
    return value;
  }

  void put(std::size_t i, std::string name) {
    terms_[i] = {std::move(name), graph_.nodes[i].dtype, graph_.nodes[i].shape};
  }

  void take_inputs() {
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
      const TracedNode& node = graph_.nodes[i];
      if (node.kind == Kind::input) put(i, names_.inputs[static_cast<std::size_t>(node.number)]);
    }
    for (std::size_t k = 0; k < graph_.inputs.size(); ++k) {
      const TracedGraph::Port& input = graph_.inputs[k];
      if (!input.given) continue;
      model_.graph.inputs.push_back(value_of(names_.inputs[k], input.dtype, input.shape));
      for (std::size_t axis = 0; axis < input.shape.size(); ++axis) {
        if (input.shape[axis] == Extent{1, 0})
          writer_.set_batch_source(names_.inputs[k], static_cast<int>(axis));
      }
    }
  }

  void take_parameters() {
    std::map<std::int32_t, std::size_t> in_order;
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
      if (needed_[i] && graph_.nodes[i].kind == Kind::parameter) in_order[graph_.nodes[i].number] = i;
    }
    for (const auto& [number, i] : in_order) {
      const std::string& name = names_.parameters[static_cast<std::size_t>(number)];
      put(i, name);
      model_.graph.initializers.add(name, graph_.nodes[i].value);
    }
  }

  void take_constants() {
    Tensors values;
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
      const TracedNode& node = graph_.nodes[i];
      if (needed_[i] && is_constant(node)) values.push_back(node.value);
    }
    evaluate(values);
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
      const TracedNode& node = graph_.nodes[i];
      if (!needed_[i] || !terms_[i].name.empty()) continue;
      writer_.set_layer(node.layer);
      if (is_constant(node)) {
        put(i, writer_.constant(node.value));
      } else if (node.follows != TracedNode::Follows::nothing) {
        const std::string x = writer_.cast(writer_.reshape(writer_.sizes({node.followed}), {}), node.dtype);
        const bool is_reciprocal = node.follows == TracedNode::Follows::reciprocal;
        put(i, writer_.reshape(is_reciprocal ? writer_.add("Reciprocal", {x}) : x, node.shape));
      } else if (node.kind == Kind::constant) {
        put(i, writer_.add("Expand", {writer_.constant(node.value), writer_.sizes(node.shape)}));
      }
    }
  }

  const TracedNode* of_row(std::int32_t i, std::string_view row) const {
    const TracedNode& found = node(i);
    return found.row != nullptr && found.row->info.name == row ? &found : nullptr;
  }

  bool is_number(std::int32_t i, double value) const {
    const TracedNode& found = node(i);
    return is_constant(found) && found.value.numel() == 1 && found.value.item() == value;
  }

  /// where(x <= 0, 0 or slope x, x): an operator of its own.
  bool write_relu(std::size_t i) {
    const TracedNode& here = graph_.nodes[i];
    if (here.row->info.name != "where" || !is_floating(here.dtype)) return false;
    const std::vector<std::int32_t> in = inputs_of(here);
    const TracedNode* condition = of_row(in[0], "less_equal");
    if (condition == nullptr || node(in[2]).shape != here.shape) return false;
    const std::vector<std::int32_t> compared = inputs_of(*condition);
    if (compared[0] != in[2] || !is_number(compared[1], 0)) return false;
    const std::string& x = terms_[static_cast<std::size_t>(in[2])].name;
    if (is_number(in[1], 0)) return put(i, writer_.add("Relu", {x})), true;
    const TracedNode* below = of_row(in[1], "mul");
    if (below == nullptr) return false;
    const std::vector<std::int32_t> factors = inputs_of(*below);
    if (factors[1] != in[2] && factors[0] != in[2]) return false;
    const TracedNode& slope = node(factors[0] == in[2] ? factors[1] : factors[0]);
    if (!is_constant(slope) || slope.value.numel() != 1) return false;
    Attribute alpha{.name = "alpha", .kind = Attribute::Kind::number, .numbers = {slope.value.item()}};
    return put(i, writer_.add("LeakyRelu", {x}, {alpha})), true;
  }

  void write(std::size_t i) {
    const TracedNode& node = graph_.nodes[i];
    writer_.set_layer(node.layer);
    if (write_relu(i)) return;
    std::vector<Term> inputs;
    for (const std::int32_t input : inputs_of(node))
      inputs.push_back(terms_[static_cast<std::size_t>(input)]);
    FormCall call(node, std::move(inputs), writer_);
    const Form& form = *find_form(node.row->info.name);
    put(i, form.write != nullptr ? form.write(call) : writer_.add(form.is, call.names()));
  }

  /// Gives the outputs their names: what makes one is renamed, if nothing else claims it.
  void name_outputs() {
    for (std::size_t k = 0; k < graph_.outputs.size(); ++k) {
      const auto at = static_cast<std::size_t>(graph_.outputs[k]);
      const TracedNode& node = graph_.nodes[at];
      writer_.set_layer("");
      writer_.add("Identity", {terms_[at].name});
      model_.graph.operations.back().outputs[0] = names_.outputs[k];
      model_.graph.outputs.push_back(value_of(names_.outputs[k], node.dtype, node.shape));
    }
    join_identities();
    remove_unused();
  }

  /// An output that is another value under a new name: that value has it from the start, unless it is an
  /// input or an output already.
  void join_identities() {
    auto& operations = model_.graph.operations;
    for (std::size_t k = 0; k < names_.outputs.size(); ++k) {
      const std::string& wanted = names_.outputs[k];
      const auto identity = std::find_if(operations.begin(), operations.end(), [&](const Operation& o) {
        return !o.outputs.empty() && o.outputs[0] == wanted;
      });
      const std::string old = identity->inputs[0];
      const bool is_output =
          std::find(names_.outputs.begin(), names_.outputs.end(), old) != names_.outputs.end();
      const auto maker = std::find_if(operations.begin(), operations.end(), [&](const Operation& o) {
        return std::find(o.outputs.begin(), o.outputs.end(), old) != o.outputs.end();
      });
      if (is_output || maker == operations.end() || maker->type == "Constant") continue;
      operations.erase(identity);
      for (Operation& operation : operations) {
        std::replace(operation.inputs.begin(), operation.inputs.end(), old, wanted);
        std::replace(operation.outputs.begin(), operation.outputs.end(), old, wanted);
      }
    }
  }

  /// What a shorter form left behind.
  void remove_unused() {
    std::unordered_map<std::string, int> uses;
    for (const std::string& output : names_.outputs) uses[output]++;
    auto& operations = model_.graph.operations;
    std::vector<Operation> kept;
    for (auto operation = operations.rbegin(); operation != operations.rend(); ++operation) {
      const bool is_used = std::any_of(operation->outputs.begin(), operation->outputs.end(),
                                       [&](const auto& name) { return uses.contains(name); });
      if (!is_used) continue;
      for (const std::string& input : operation->inputs) uses[input]++;
      kept.push_back(std::move(*operation));
    }
    std::reverse(kept.begin(), kept.end());
    operations = std::move(kept);
  }

  const TracedGraph& graph_;
  const Names& names_;
  Model& model_;
  Writer writer_;
  std::vector<Term> terms_;
  std::vector<bool> needed_;
};

}  // namespace

void emit(const TracedGraph& graph, const Names& names, Model& model) { Emission(graph, names, model).run(); }

}  // namespace chainrule::onnx
