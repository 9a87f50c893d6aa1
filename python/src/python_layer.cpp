#include "python_layer.h"

#include <algorithm>
#include <optional>
#include <set>

#include "reading.h"

namespace chainrule::python {
namespace {

/// Nets that are in use; one may stand there several times.
std::vector<const nn::Layer*>& nets_in_use() {
  static auto* const nets = new std::vector<const nn::Layer*>;
  return *nets;
}

/// Layers, and all that are inside them, each once.
std::vector<nn::Layer*> all_in(std::vector<const nn::Layer*> todo) {
  std::set<const nn::Layer*> seen;
  std::vector<nn::Layer*> found;
  while (!todo.empty()) {
    auto* each = const_cast<nn::Layer*>(todo.back());
    todo.pop_back();
    if (!seen.insert(each).second) continue;
    found.push_back(each);
    nn::Members members;
    each->visit_members(members);
    for (const nn::Members::Member& member : members.all()) {
      if (member.layer != nullptr) todo.push_back(member.layer);
    }
  }
  return found;
}

/// What an attribute holds: a member, or lists, tuples and dicts of them, also inside of each other.
void add_members(nn::Members& m, const std::string& name, const py::handle& value, bool is_inside = false) {
  if (py::isinstance<nn::Parameter>(value)) return m(name, *py::cast<nn::Parameter*>(value));
  if (py::isinstance<nn::State>(value)) return m(name, *py::cast<nn::State*>(value));
  if (py::isinstance<nn::Layer>(value)) return m(name, *py::cast<nn::Layer*>(value));
  if (py::isinstance<py::dict>(value)) {
    const py::list items(value.attr("items")());
    for (const py::handle& item : items) {
      const auto [key, each] = py::cast<std::pair<py::object, py::object>>(item);
      add_members(m, name + "_" + py::cast<std::string>(py::str(key)), each, true);
    }
  } else if (py::isinstance<py::list>(value) || py::isinstance<py::tuple>(value)) {
    int number = 0;
    for (const py::handle& each : py::tuple(py::reinterpret_borrow<py::object>(value)))
      add_members(m, name + (is_inside ? "_" : "") + std::to_string(++number), each, true);
  }
}

}  // namespace

InUse::InUse(const nn::Layer& net) : net_(&net) { nets_in_use().push_back(&net); }
InUse::~InUse() {
  std::vector<const nn::Layer*>& nets = nets_in_use();
  nets.erase(std::find(nets.begin(), nets.end(), net_));
}

void InUse::check_not(const nn::Layer& layer) {
  const std::vector<nn::Layer*> used = all_in(nets_in_use());
  if (std::find(used.begin(), used.end(), &layer) == used.end()) return;
  PyErr_SetString(PyExc_RuntimeError,
                  "a net cannot be changed while it computes or trains: append layers before or after");
  throw py::error_already_set();
}

nn::Pass*& current_pass() {
  static thread_local nn::Pass* pass = nullptr;
  return pass;
}

py::object from_ports(const nn::Ports& ports) {
  if (ports.size() == 1) return py::cast(ports[0]);
  py::tuple tuple(ports.size());
  for (std::size_t i = 0; i < ports.size(); ++i) tuple[i] = py::cast(ports[i]);
  return tuple;
}

PythonLayer::~PythonLayer() {
  if (!is_holding_ || Py_IsInitialized() == 0) return;
  const WithPython here;
  Py_DECREF(side_);
}

PyObject* PythonLayer::side() const {
  if (side_ == nullptr) {
    const nn::Layer* self = this;
    side_ = py::detail::get_object_handle(self, py::detail::get_type_info(typeid(nn::Layer))).ptr();
  }
  return side_;
}

void PythonLayer::hold() {
  if (is_holding_) return;
  is_holding_ = true;
  Py_INCREF(side());
}

void PythonLayer::let_go() {
  if (!is_holding_) return;
  is_holding_ = false;
  Py_DECREF(side_);
}

bool PythonLayer::is_only_of_python() const {
  auto* instance = reinterpret_cast<py::detail::instance*>(side());
  return instance->get_value_and_holder().holder<Shared<nn::Layer>>().is_unique();
}

PythonLayer* python_layer_of(PyObject* self) {
  auto* instance = reinterpret_cast<py::detail::instance*>(self);
  py::detail::value_and_holder held = instance->get_value_and_holder();
  if (!held.holder_constructed()) return nullptr;
  auto* layer = dynamic_cast<PythonLayer*>(held.value_ptr<nn::Layer>());
  return layer;
}

/// Layers of Python classes in a net, it itself among them.
py::list python_layers(nn::Layer& net) {
  py::list found;
  for (nn::Layer* each : all_in({&net})) {
    if (auto* layer = dynamic_cast<PythonLayer*>(each))
      found.append(py::reinterpret_borrow<py::object>(layer->side()));
  }
  return found;
}

std::string otherwise_in_training(nn::Layer& net) {
  if (const std::vector<nn::NamedState> states = net.states(); !states.empty()) return states.front().name;
  for (nn::Layer* each : all_in({&net})) {
    if (const auto* layer = dynamic_cast<PythonLayer*>(each)) {
      const py::object type = py::type::of(py::handle(layer->side()));
      if (ask(of_package("nn", "_asks_for_training"), type).cast<bool>()) return layer->describe();
      continue;
    }
    Fields fields;
    each->visit_fields(fields);
    for (const Field& field : fields.all()) {
      const bool drops = field.name == "dropout" || (field.name == "p" && each->info().name == "dropout");
      if (drops && field.kind == Field::Kind::number && *static_cast<const double*>(field.target) > 0)
        return each->describe();
    }
  }
  return {};
}

void hold_python_side(Configurable& configurable) {
  if (auto* layer = dynamic_cast<PythonLayer*>(&configurable)) layer->hold();
}

const LayerClass& PythonLayer::class_of() const {
  static auto* const known = new std::map<PyTypeObject*, std::unique_ptr<LayerClass>>;
  const WithPython here;
  PyTypeObject* type = Py_TYPE(side());
  std::unique_ptr<LayerClass>& found = (*known)[type];
  if (found == nullptr) {
    with_python([&] {
      Py_INCREF(type);  // its address is the key
      const py::handle python_type(reinterpret_cast<PyObject*>(type));
      const py::tuple told = ask(of_package("nn", "_describe_class"), python_type);
      auto made = std::make_unique<LayerClass>();
      made->name = to_text(py::object(told[0]).ptr(), "kind_name");
      made->doc = to_text(py::object(told[1]).ptr(), "doc");
      made->inputs = to_text(py::object(told[2]).ptr(), "inputs");
      made->outputs = to_text(py::object(told[3]).ptr(), "outputs");
      made->info = {made->name, made->doc};
      found = std::move(made);
    });
  }
  return *found;
}

void PythonLayer::visit_fields(Fields& f) {
  with_python([&] {
    const py::list names = ask(of_package("nn", "_settings_of"), py::handle(side()));
    for (const py::handle& each : names) {
      const auto [name, value] = py::cast<std::pair<std::string, Setting>>(each);
      const auto place = settings_.insert_or_assign(name, value).first;
      std::visit([&](auto& held) { f(place->first, held); }, place->second);
    }
  });
}

Configurable* PythonLayer::make_default() const {
  const WithPython here;
  try {
    const py::object made = ask(reinterpret_cast<PyObject*>(Py_TYPE(side())));
    auto* layer = dynamic_cast<PythonLayer*>(py::cast<nn::Layer*>(made));
    // Fields are compared one by one: they must be the same ones.
    const py::handle names(of_package("nn", "_names_of_settings"));
    if (layer == nullptr || !ask(names, py::handle(side())).equal(ask(names, made))) return nullptr;
    layer->hold();
    return layer;
  } catch (py::error_already_set&) {  // its class wants arguments: it has no default
    return nullptr;
  }
}

nn::Layer* PythonLayer::copy() const {
  return with_python([&]() -> nn::Layer* {
    const py::object made = ask(of_package("nn", "_copy_of"), py::handle(side()));
    auto* layer = dynamic_cast<PythonLayer*>(py::cast<nn::Layer*>(made));
    layer->Layer::operator=(*this);
    layer->hold();
    return layer;
  });
}

void PythonLayer::visit_members(nn::Members& m) {
  with_python([&] {
    // Copies of the dict and of lists: others may change them meanwhile.
    const py::list items(py::handle(side()).attr("__dict__").attr("items")());
    for (const py::handle& item : items) {
      const auto [key, value] = py::cast<std::pair<py::object, py::object>>(item);
      const std::string name = py::cast<std::string>(key);
      add_members(m, name, value);
    }
  });
}

void PythonLayer::initialize(nn::Init& init) {
  with_python([&] {
    if (!py::hasattr(py::handle(side()), "init")) return;
    const py::object given = py::cast(PythonInit{&init});
    const std::unique_ptr<PythonInit, void (*)(PythonInit*)> until_here(
        py::cast<PythonInit*>(given), [](PythonInit* ended) { ended->init = nullptr; });
    ask(py::handle(side()).attr("init"), given);
  });
}

nn::Ports PythonLayer::evaluate(const nn::Inputs& inputs, nn::Pass& pass) const {
  return with_python([&] {
    const InPass here(&pass);
    std::vector<Tensor> computed;  // by layers before this one: gradients go to those
    for (const Tensor& each : inputs.all()) {
      if (pass.is_training() && !each.is_empty() && !each.node()->is_leaf()) computed.push_back(each);
    }
    std::optional<Differentiated> differentiated;
    if (pass.is_training()) differentiated.emplace(std::move(computed), *this);
    py::tuple given(inputs.size());
    for (std::size_t i = 0; i < inputs.size(); ++i) given[i] = py::cast(inputs[i]);
    const py::object result = ask(py::handle(side()).attr("compute"), given);
    nn::Ports ports;
    if (py::isinstance<py::tuple>(result) || py::isinstance<py::list>(result)) {
      for (const py::handle& each : result) ports.push_back(to_tensor(each.ptr()));
    } else {
      ports.push_back(to_tensor(result.ptr()));
    }
    return ports;
  });
}

}  // namespace chainrule::python
