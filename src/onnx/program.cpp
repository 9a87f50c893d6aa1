// A model made ready to be run: names resolved, functions put in, constants computed.
#include "onnx/program.h"

#include <algorithm>

#include "chainrule/error.h"
#include "chainrule/nn/ports.h"
#include "core/text.h"

namespace chainrule::onnx {
namespace {

constexpr int kDeepest = 64;  // functions and graphs inside one another
constexpr std::size_t kMostSteps =
    1 << 20;  // of small functions that call one another, very many can be made
constexpr std::int64_t kOldest = 1, kNewest = 17;
constexpr std::string_view kOwn = "chainrule";  // the producer of files that we write

std::string port_name(std::string name) {
  std::replace_if(
      name.begin(), name.end(), [](char c) { return c == ',' || c == '?' || c == ' '; }, '_');
  return name;
}

std::string joined(const std::vector<std::string>& names) {
  std::string all;
  for (const std::string& name : names) all += (all.empty() ? "" : ", ") + name;
  return all;
}

void check_opset(std::int64_t opset, const std::string& name) {
  if (opset >= kOldest && opset <= kNewest) return;
  throw FileError(505, cat("[load_onnx] ", name, " is of opset ", opset, "; need ", kOldest, " to ", kNewest,
                           ". Convert it, as with onnx.version_converter, or export it again."));
}

/// The tensor of a Constant node; null if it is another.
const Tensor* constant_of(const Operation& operation) {
  if (operation.type != "Constant" || !operation.domain.empty() || operation.outputs.size() != 1)
    return nullptr;
  for (const Attribute& attribute : operation.attributes) {
    if (attribute.name == "value" && attribute.kind == Attribute::Kind::tensor) return &attribute.tensor;
  }
  return nullptr;
}

/// An operation of a function, with what the call says in place of what refers to it.
Operation with_attributes_of(const Operation& inside, const Operation& call) {
  Operation operation = inside;
  operation.attributes.clear();
  for (const Attribute& attribute : inside.attributes) {
    if (attribute.reference.empty()) operation.attributes.push_back(attribute);
    for (const Attribute& given : call.attributes) {
      if (attribute.reference.empty() || given.name != attribute.reference) continue;
      operation.attributes.push_back(given);
      operation.attributes.back().name = attribute.name;
    }
  }
  return operation;
}

}  // namespace

Program::Program(Model model, std::string name) : model_(std::move(model)), name_(std::move(name)) {
  const auto& all = model_.graph.operations;
  const bool has_known =
      std::any_of(all.begin(), all.end(), [](const Operation& each) { return each.domain.empty(); });
  if (model_.opset != 0 || has_known) check_opset(model_.opset, name_);  // 0: it names other domains alone
  Scope scope;
  resolve(model_.graph, scope, main_, 0);
  if (!unknown_.empty()) {
    std::sort(unknown_.begin(), unknown_.end());
    throw ValueError(506, cat(
                              "[load_onnx] ", name_, " has operators that are not known:\n  ",
                              [&] {
                                std::string lines;
                                for (const std::string& line : unknown_)
                                  lines += (lines.empty() ? "" : "\n  ") + line;
                                return lines;
                              }(),
                              "\ndocs/onnx.md lists those that are. Need a model made of these."));
  }
  take_ports();
  share_out();
  fold();
}

std::int32_t Program::define(const std::string& name, Scope& scope) {
  if (name.empty()) return kNone;
  if (!scope.places.emplace(name, count_).second) {
    throw FileError(503, cat("[load_onnx] ", name_, ": the name \"", name,
                             "\" is given to two values of a graph. Names must be unique."));
  }
  return count_++;
}

std::int32_t Program::find(const std::string& name, const Scope& scope, const Operation& user) const {
  if (name.empty()) return kNone;
  for (const Scope* s = &scope; s != nullptr; s = s->around) {
    const auto found = s->places.find(name);
    if (found != s->places.end()) return found->second;
  }
  throw FileError(503, cat("[load_onnx] ", name_, ": ", user.type, " node ", user.name, " needs \"", name,
                           "\", which nothing before it gives. Nodes must come after what they use."));
}

void Program::resolve(const Graph& graph, Scope& scope, Block& block, int depth) {
  for (const auto& [name, tensor] : graph.initializers) {
    constants_.push_back({name, define(name, scope), tensor});
  }
  for (const Value& input : graph.inputs) {
    if (graph.initializers.contains(input.name)) continue;  // an initializer that older versions list here
    block.inputs.push_back(define(input.name, scope));
  }
  for (const Operation& operation : graph.operations) resolve(operation, model_.opset, scope, block, depth);
  const Operation end{"output", "", graph.name, {}, {}, {}};
  for (const Value& output : graph.outputs) block.outputs.push_back(find(output.name, scope, end));
}

void Program::check_inputs(const Step& step) const {
  const Operator& row = *step.row;
  const auto given = static_cast<int>(step.inputs.size());
  if (given >= row.least_inputs && (row.most_inputs < 0 || given <= row.most_inputs)) return;
  throw FileError(503, cat("[load_onnx] ", name_, ": ", step.operation->type, " node ", step.operation->name,
                           " has ", given, " inputs; need ", row.least_inputs, " to ",
                           row.most_inputs < 0 ? "any number" : std::to_string(row.most_inputs), "."));
}

void Program::resolve(const Operation& operation, std::int64_t opset, Scope& scope, Block& block, int depth) {
  if (depth > kDeepest) {
    throw FileError(503, cat("[load_onnx] ", name_, ": functions or graphs inside one another, more than ",
                             kDeepest, ". A function must not call itself."));
  }
  if (++steps_ > kMostSteps) {
    throw FileError(
        503, cat("[load_onnx] ", name_, " has more than ", kMostSteps, " nodes. Need a smaller model."));
  }
  for (const Function& function : model_.functions) {
    if (function.name == operation.type && function.domain == operation.domain)
      return call(function, operation, scope, block, depth);
  }
  if (const Tensor* value = constant_of(operation)) {
    constants_.push_back({operation.outputs[0], define(operation.outputs[0], scope), *value, false});
    return;
  }
  const bool is_old = opset < 7 && std::any_of(operation.attributes.begin(), operation.attributes.end(),
                                               [](const Attribute& a) { return a.name == "broadcast"; });
  const Operator* row = operation.domain.empty() && !is_old ? find_operator(operation.type) : nullptr;
  if (row == nullptr) {
    unknown_.push_back(cat(operation.domain, operation.domain.empty() ? "" : ".", operation.type,
                           is_old ? " with broadcast" : "", " (node ",
                           operation.name.empty() ? "of " + joined(operation.outputs) : operation.name, ")"));
  }
  Step step{&operation, row, opset, {}, {}};
  for (const std::string& input : operation.inputs) step.inputs.push_back(find(input, scope, operation));
  for (const Attribute& attribute : operation.attributes) {
    if (!attribute.graph) continue;
    Scope inner{&scope};
    step.bodies.emplace_back(attribute.name, std::make_unique<Block>());
    resolve(*attribute.graph, inner, *step.bodies.back().second, depth + 1);
  }
  for (const std::string& output : operation.outputs) step.outputs.push_back(define(output, scope));
  if (row != nullptr) check_inputs(step);
  block.steps.push_back(std::move(step));
}

void Program::call(const Function& function, const Operation& operation, Scope& scope, Block& block,
                   int depth) {
  Scope inner;
  for (std::size_t i = 0; i < function.inputs.size(); ++i) {
    const bool is_given = i < operation.inputs.size();
    inner.places.emplace(function.inputs[i], is_given ? find(operation.inputs[i], scope, operation) : kNone);
  }
  const std::int64_t opset = function.version > 0 ? function.version : model_.opset;
  check_opset(opset, name_);
  for (const Operation& each : function.operations) {
    rewritten_.push_back(with_attributes_of(each, operation));
    resolve(rewritten_.back(), opset, inner, block, depth + 1);
  }
  for (std::size_t i = 0; i < function.outputs.size() && i < operation.outputs.size(); ++i) {
    if (operation.outputs[i].empty()) continue;
    const std::int32_t place = find(function.outputs[i], inner, operation);
    if (!scope.places.emplace(operation.outputs[i], place).second) {
      throw FileError(503, cat("[load_onnx] ", name_, ": the name \"", operation.outputs[i],
                               "\" is given to two values of a graph. Names must be unique."));
    }
  }
}

void Program::take_ports() {
  for (const Value& input : model_.graph.inputs) {
    if (!model_.graph.initializers.contains(input.name)) inputs_.push_back(&input);
  }
  const auto check = [&](std::size_t count, std::string_view what) {
    if (count <= nn::Ports::kMax) return;
    throw FileError(
        503, cat("[load_onnx] ", name_, " has ", count, " ", what, "; need at most ", nn::Ports::kMax, "."));
  };
  check(inputs_.size(), "inputs");
  check(model_.graph.outputs.size(), "outputs");
  const auto add = [&](std::string& all, const Value& value) {
    if (!value.is_tensor || (value.type != 0 && find_element_type(value.type) == nullptr)) {
      throw FileError(501,
                      cat("[load_onnx] ", name_, ": \"", value.name,
                          "\" is no tensor of numbers. Need floating numbers, whole numbers or booleans."));
    }
    all += (all.empty() ? "" : ", ") + port_name(value.name);
  };
  for (const Value* input : inputs_) add(input_names_, *input);
  for (const Value& output : model_.graph.outputs) add(output_names_, output);
}

namespace {

void note_uses(const Program::Block& block, std::vector<unsigned>& of_place) {
  for (const Program::Step& step : block.steps) {
    for (std::size_t i = 0; i < step.inputs.size(); ++i) {
      if (step.inputs[i] == Program::kNone) continue;
      const unsigned bit = i < 32 ? 1u << i : 0;
      unsigned& use = of_place[static_cast<std::size_t>(step.inputs[i])];
      use |= (step.row->statistics & bit) != 0 ? 2u : (step.row->settings & bit) != 0 ? 0u : 1u;
    }
    for (const auto& [name, body] : step.bodies) note_uses(*body, of_place);
  }
}

}  // namespace

/// Which of the held tensors are trained. Of files of other programs a list of numbers in a Constant node is:
/// some keep all their weights there.
void Program::share_out() {
  std::vector<unsigned> uses(static_cast<std::size_t>(count_));
  note_uses(main_, uses);
  std::string states;
  const bool is_own = model_.producer == kOwn;
  for (const auto& [key, text] : model_.metadata) {
    if (key == "chainrule.states") states = "\n" + text + "\n";
  }
  std::vector<Held> constants;
  for (Held& held : constants_) {
    const unsigned use = uses[static_cast<std::size_t>(held.place)];
    const bool may_train =
        is_floating(held.tensor.dtype()) && (held.is_initializer || (!is_own && held.tensor.numel() > 1));
    const bool is_state = is_own ? states.find("\n" + held.name + "\n") != std::string::npos : use == 2;
    (is_state                      ? statistics_
     : may_train && (use & 1) != 0 ? parameters_
                                   : constants)
        .push_back(std::move(held));
  }
  constants_ = std::move(constants);
}

/// Computes once what depends on constants alone.
void Program::fold() {
  constexpr std::int64_t kMost = 1 << 22;  // elements
  nn::Pass pass = nn::Pass::inference();
  Run run = start(pass);
  std::vector<Tensor>& values = run.values;
  std::vector<Step> kept;
  for (Step& step : main_.steps) {
    const bool is_known = std::all_of(step.inputs.begin(), step.inputs.end(), [&](std::int32_t place) {
      return place == kNone || !values[static_cast<std::size_t>(place)].is_empty();
    });
    Tensors made;
    if (is_known && !step.row->is_random && step.bodies.empty()) {
      try {
        made = run_step(step, *this, run);
        for (Tensor& tensor : made) {
          if (!tensor.is_empty() && tensor.numel() > kMost) made.clear();
        }
        evaluate(made);
      } catch (const Error&) {
        made.clear();  // said when it is run
      }
    }
    if (made.empty()) {
      kept.push_back(std::move(step));
      continue;
    }
    for (std::size_t i = 0; i < step.outputs.size() && i < made.size(); ++i) {
      if (step.outputs[i] == kNone || made[i].is_empty()) continue;
      values[static_cast<std::size_t>(step.outputs[i])] = detach(made[i]);
      constants_.push_back({step.operation->outputs[i], step.outputs[i], detach(made[i])});
    }
  }
  main_.steps = std::move(kept);
}

}  // namespace chainrule::onnx
