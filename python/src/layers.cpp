// Layers, their parameters, and files of nets.
#include <algorithm>

#include "chainrule/explain/graph.h"
#include "chainrule/grad.h"
#include "chainrule/nn/container.h"
#include "chainrule/nn/functional.h"
#include "chainrule/nn/model.h"
#include "chainrule/nn/pytorch.h"
#include "chainrule/optim.h"
#include "convert.h"
#include "nn/ties.h"
#include "python_layer.h"

namespace chainrule::python {
namespace {

using Many = std::vector<Tensor>;

/// What f gives; it builds graph of layers, or changes them, which one thread does at a time.
template <class F>
auto alone(F f) {
  const Computing here;
  return f();
}

nn::Inputs to_inputs(const py::args& arguments) {
  Many tensors;
  for (const py::handle& each : arguments)
    tensors.push_back(each.is_none() ? Tensor() : to_tensor(each.ptr()));
  return {std::span<const Tensor>(tensors), caller()};
}

/// In a pass that runs, a part of it; else inference.
py::object call(const nn::Layer& layer, const py::args& arguments) {
  const nn::Inputs inputs = to_inputs(arguments);
  const OriginScope here(inputs.where());
  const InUse in_use(layer);
  return from_ports(alone([&] {
    return current_pass() != nullptr ? layer.run(inputs, *current_pass()) : layer.predict_all(inputs);
  }));
}

/// The same with other values of parameters and states, by path.
py::object call_with(const nn::Layer& layer, const py::dict& values, const py::args& arguments) {
  const nn::Inputs inputs = to_inputs(arguments);
  const OriginScope here(inputs.where());
  const NamedTensors named = to_named(values, f32);
  const InUse in_use(layer);
  return from_ports(alone([&] {
    const nn::WithValues others(layer, named);
    return current_pass() != nullptr ? layer.run(inputs, *current_pass()) : layer.predict_all(inputs);
  }));
}

/// Inference. Of arrays of NumPy: computed, beside other threads' predictions, and given back as an array.
py::object predict(const nn::Layer& layer, const py::args& arguments) {
  const nn::Inputs inputs = to_inputs(arguments);
  const OriginScope here(inputs.where());
  const InUse in_use(layer);
  const auto is_of_tensor = [](const py::handle& each) { return is_tensor(each.ptr()); };
  const bool is_graph = std::any_of(arguments.begin(), arguments.end(), is_of_tensor);
  const nn::Ports ports = alone([&] {
    const std::unique_ptr<NoGrad> constant(is_graph ? nullptr : new NoGrad);  // an array has no gradient
    return layer.predict_all(inputs);
  });
  if (is_graph) return from_ports(ports);
  {
    const Reading beside_others;
    evaluate(ports.all());
  }
  const py::handle as_array(of_package("_convert", "array_of"));
  if (ports.size() == 1) return as_array(py::cast(ports[0]));
  py::list arrays;
  for (const Tensor& each : ports.all()) arrays.append(as_array(py::cast(each)));
  return py::tuple(arrays);
}

template <class Variable>
void add_variable(py::module_& m, const char* name, const char* doc) {
  py::class_<Variable> type(m, name, doc);
  type.def(py::init<>())
      .def(py::init([](const py::object& given) {
             if (given.is_none()) return Variable();
             const Tensor value = to_tensor(given.ptr());
             return Variable(is_floating(value.dtype()) ? value : cast(value, f32));
           }),
           Names("value"))
      .def_property(
          "value", [](const Variable& v) { return v.value(); },
          [](Variable& v, const py::object& given) {
            const Tensor value = v ? to_tensor_as(given.ptr(), v.value().dtype()) : to_tensor(given.ptr());
            const Computing alone;
            v.set_value(value);
          },
          "The tensor. Another one of its shape can be set.")
      .def_property_readonly("__chainrule_tensor__", [](const Variable& v) { return v.value(); })
      .def_property_readonly("has_value", [](const Variable& v) { return static_cast<bool>(v); })
      .def(
          "is_same", [](const Variable& a, const Variable& b) { return a == b; }, Names("other"),
          "Whether both are handles on one tensor.")
      .def(
          "share", [](const Variable& v) { return Variable(v); }, "Another handle on the same tensor.");
}

py::dict parameters(const nn::Layer& layer) {
  py::dict found;
  for (const nn::NamedParameter& each : layer.parameters())
    found[py::str(each.name)] = py::cast(each.parameter);
  return found;
}

py::dict states(const nn::Layer& layer) {
  py::dict found;
  for (const nn::NamedState& each : layer.states()) found[py::str(each.name)] = py::cast(each.state);
  return found;
}

nn::LayerList& list_of(nn::Layer& layer) {
  if (auto* list = dynamic_cast<nn::LayerList*>(&layer)) return *list;
  PyErr_Format(PyExc_TypeError, "a layer '%s' has no layers in a row", std::string(layer.kind()).c_str());
  throw py::error_already_set();
}

Shared<nn::Layer> layer_at(nn::Layer& layer, std::int64_t i) {
  nn::LayerList& list = list_of(layer);
  const auto size = static_cast<std::int64_t>(list.size());
  if (i < -size || i >= size) throw py::index_error("there are " + std::to_string(size) + " layers");
  return list.layers[static_cast<std::size_t>(i < 0 ? i + size : i)];
}

/// A layer of a row, or with a slice some of them, which the new row has in common with the old one.
py::object layers_at(nn::Layer& layer, const py::object& index) {
  if (!py::isinstance<py::slice>(index)) return py::cast(layer_at(layer, to_integer(index.ptr(), "index")));
  const nn::LayerList& list = list_of(layer);
  py::ssize_t at = 0, stop = 0, step = 0, count = 0;
  checked(index.cast<py::slice>().compute(static_cast<py::ssize_t>(list.size()), &at, &stop, &step, &count)
              ? 0
              : -1);
  const Shared<nn::Layer> made(new nn::Sequential());
  for (; count > 0; --count, at += step) list_of(*made).append(list.layers[static_cast<std::size_t>(at)]);
  return py::cast(made);
}

nn::InitOptions init_options(std::uint64_t seed, const py::object& dtype) {
  nn::InitOptions options;
  options.seed = seed;
  if (!dtype.is_none()) {
    options.dtype = to_dtype(dtype.ptr());
    options.follow = false;
  }
  return options;
}

// Python's collector of garbage is told of the reference from a C++ layer to its Python side, where only that
// side holds the layer. The dict of an object of a Python class is visited by that class itself: twice would
// be wrong.
int visit_layer(PyObject* self, visitproc visit, void* arg) {
  if (Py_TYPE(self)->tp_traverse == visit_layer) {
    if (PyObject** dict = _PyObject_GetDictPtr(self)) Py_VISIT(*dict);
  }
  Py_VISIT(Py_TYPE(self));
  const PythonLayer* layer = python_layer_of(self);
  if (layer != nullptr && layer->is_holding() && layer->is_only_of_python()) Py_VISIT(layer->side());
  return 0;
}
int clear_layer(PyObject* self) {
  if (PyObject** dict = _PyObject_GetDictPtr(self)) Py_CLEAR(*dict);
  if (PythonLayer* layer = python_layer_of(self)) layer->let_go();
  return 0;
}

void add_layer_class(py::module_& m) {
  const py::custom_type_setup setup([](PyHeapTypeObject* heap) {
    heap->ht_type.tp_flags |= Py_TPFLAGS_HAVE_GC;
    heap->ht_type.tp_traverse = visit_layer;
    heap->ht_type.tp_clear = clear_layer;
  });
  py::class_<nn::Layer, Configurable, Shared<nn::Layer>, PythonLayer> type(
      m, "Layer", setup, py::dynamic_attr(),
      "A function with parameters. A layer of one's own is a class with `compute`.");
  type.def(py::init([] { return Shared<nn::Layer>(new PythonLayer); }))
      .def("__call__", call)
      .def("predict", predict)
      .def(
          "forward",
          [](nn::Layer& layer, const py::args& a) {
            const nn::Inputs inputs = to_inputs(a);
            const OriginScope here(inputs.where());
            const InUse in_use(layer);
            return from_ports(alone([&] { return layer.forward_all(inputs); }));
          },
          "The output, in training; what went in is kept for backward.")
      .def(
          "backward",
          [](nn::Layer& layer, const py::object& dout) {
            const Location where = caller();
            const Tensor given = dout.is_none() ? Tensor() : to_tensor(dout.ptr());
            const InUse in_use(layer);
            return from_ports(alone([&] { return layer.backward(given, where); }));
          },
          py::arg("dout") = py::none(), "The gradient of the inputs; each parameter's is left in its `grad`.")
      .def(
          "build",
          [](nn::Layer& layer, const py::args& a, const py::object& seed, const py::object& dtype) {
            const nn::Inputs inputs = to_inputs(a);
            const OriginScope here(inputs.where());
            const InUse in_use(layer);
            const nn::InitOptions options = init_options(to_seed(seed.ptr(), "seed"), dtype);
            alone([&] { layer.build(inputs, options); });
          },
          py::arg("seed") = 1, py::arg("dtype") = py::none(),
          "Makes the parameters now, for inputs like these.")
      .def_property_readonly("is_built", &nn::Layer::is_built)
      .def("parameters", parameters, "Its parameters and those of its layers, by path: a dict.")
      .def("states", states, "What training changes without a gradient, by path: a dict.")
      .def(
          "parameter", [](const nn::Layer& l, const std::string& path) { return l.parameter(path); },
          Names("path"))
      .def(
          "tensors", [](const nn::Layer& l) { return to_dict(tensors_of(l)); },
          "Values of parameters and states, by path.")
      .def(
          "load_tensors",
          [](nn::Layer& l, const py::dict& tensors) {
            const NamedTensors named = to_named(tensors, f64);
            alone([&] { load(named, l); });
          },
          Names("tensors"), "Gives the parameters and states values, by path.")
      .def(
          "state_dict", [](const nn::Layer& l) { return to_dict(alone([&] { return state_dict(l); })); },
          "All parameters and states under PyTorch's names and in its layouts: tensors by name.")
      .def(
          "load_state_dict",
          [](nn::Layer& l, const py::dict& tensors) {
            const NamedTensors named = to_named(tensors);
            alone([&] { load(named, l, names::pytorch); });
          },
          Names("tensors"), "Gives the parameters and states the values of a state_dict of PyTorch's.")
      .def(
          "clone", [](const nn::Layer& l) { return l.clone(); }, "A copy with parameters of its own.")
      .def("describe", &nn::Layer::describe)
      .def("__repr__", &nn::Layer::describe)
      .def(
          "summary",
          [](const nn::Layer& l, const py::args& a) {
            const nn::Inputs inputs = to_inputs(a);
            const InUse in_use(l);
            return alone([&] { return l.summary(inputs); });
          },
          "A line a layer: path, what it is, shape of its output, its own parameters, FLOP.")
      .def(
          "svg",
          [](const nn::Layer& l, const py::args& a) {
            const nn::Inputs inputs = to_inputs(a);
            const InUse in_use(l);
            return alone([&] { return explain::graph_svg(l, inputs); });
          },
          "The net as a picture, for inputs like these.")
      .def_property("name", &nn::Layer::name,
                    [](nn::Layer& l, const std::string& name) { alone([&] { l.set_name(name); }); })
      .def(
          "append",
          [](nn::Layer& l, const Shared<nn::Layer>& layer) {
            nn::LayerList& list = list_of(l);
            InUse::check_not(l);
            hold_python_side(*layer);
            list.append(layer);
          },
          py::arg("layer").none(false), "Appends a layer to a row.")
      .def("__len__", [](nn::Layer& l) { return list_of(l).size(); })
      .def("__getitem__", layers_at, Names("index"))
      .def("__bool__", [](const nn::Layer&) { return true; })
      .def("_configuration", [](const nn::Layer& l) { return config::to_json(config::write(l), 0); });
}

}  // namespace

void add_layers(py::module_& m) {
  add_variable<nn::Parameter>(m, "Parameter", "A tensor that is trained.");
  add_variable<nn::State>(m, "State", "A tensor that training changes without a gradient.");
  const py::object property = py::module_::import("builtins").attr("property");
  m.attr("Parameter").attr("grad") = property(
      py::cpp_function([](const nn::Parameter& p) { return p.grad(); }, py::is_method(m.attr("Parameter"))));
  py::class_<PythonInit>(m, "Init", "What a layer's `init` gets when it sees its first inputs.")
      .def(
          "shape",
          [](const PythonInit& i, std::size_t input) {
            return py::reinterpret_steal<py::object>(from_shape((*i).shape(input)));
          },
          py::arg("input") = 0)
      .def_property_readonly(
          "dtype",
          [](const PythonInit& i) { return py::reinterpret_steal<py::object>(from_dtype((*i).dtype())); })
      .def(
          "__call__",
          [](const PythonInit& given, const std::string& name, nn::Parameter& parameter,
             const py::object& shape, const py::object& how, std::int64_t fan_in, std::int64_t fan_out) {
            nn::Init& init = *given;
            if (is_number(how.ptr())) {
              init(name, parameter, to_shape(shape.ptr()), to_number(how.ptr()).real());
            } else {
              init(name, parameter, to_shape(shape.ptr()), nn::AnyInitializer(to_kind<nn::Initializer>(how)),
                   {fan_in, fan_out});
            }
          },
          py::arg("name"), py::arg("parameter"), py::arg("shape"), py::arg("initializer") = 0.0,
          py::arg("fan_in") = 1, py::arg("fan_out") = 1)
      .def(
          "state",
          [](const PythonInit& init, const std::string& name, nn::State& state, const py::object& shape,
             double value) { (*init)(name, state, to_shape(shape.ptr()), value); },
          Names("name, state, shape, value"));
  add_layer_class(m);
  m.def("_python_layers", python_layers, Names("net"));
  m.def("_call_with", call_with);
  m.def("_is_training", [] { return current_pass() != nullptr && current_pass()->is_training(); });
  m.def("_random_key", [] {
    if (current_pass() == nullptr) throw py::value_error("random_key is for layers while they compute");
    const RandomKey key = current_pass()->key();
    return py::make_tuple(key.seed, key.stream, key.step);
  });
  m.def(
      "_set_state",
      [](const nn::State& state, const py::object& value) {
        if (current_pass() == nullptr) throw py::value_error("set_state is for layers while they compute");
        const DType fraction = state && state.value().dtype() == f64 ? f64 : f32;
        current_pass()->set(state, to_tensor(value.ptr(), fraction));
      },
      Names("state, value"));
  m.def(
      "_copy", [](const nn::Layer& layer) { return Shared<nn::Layer>(layer.copy()); }, Names("layer"));
  m.def(
      "_ties", [](const nn::Layer& net) { return from_value(ties_of(net)); }, Names("net"));
  m.def(
      "_tie", [](nn::Layer& net, const py::dict& ties) { tie(net, to_value(ties)); }, Names("net, ties"));
  m.def(
      "_layer_of",
      [](const std::string& configuration) {
        return config::make<nn::Layer>(config::parse_json(configuration, "a pickled net"));
      },
      Names("configuration"));
  m.def(
      "_save",
      [](const std::string& path, const nn::Layer& net, const std::vector<std::string>& classes,
         const py::dict& notes, const Shared<nn::Layer>& before, const Shared<nn::Layer>& after,
         const py::object& weights) {
        ModelOptions options;
        options.before = before;
        options.after = after;
        if (!weights.is_none()) options.weights = to_dtype(weights.ptr());
        options.classes = classes;
        for (const auto& [key, value] : notes)
          options.notes.emplace_back(py::cast<std::string>(py::str(key)),
                                     py::cast<std::string>(py::str(value)));
        const Computing alone;
        save(path, net, options);
      },
      Names("path, net, classes, notes, before, after, weights"));
  m.def(
      "_load_into",
      [](const std::string& path, nn::Layer& net) {
        const Computing alone;
        load(path, net);
      },
      Names("path, net"));
  m.def(
      "_load",
      [](const std::string& path) {
        Model model = load_model(path);
        py::dict notes;
        for (const auto& [key, value] : model.options.notes) notes[py::str(key)] = value;
        return py::make_tuple(model.net, model.options.classes, notes, model.options.before,
                              model.options.after);
      },
      Names("path"));
}

}  // namespace chainrule::python
