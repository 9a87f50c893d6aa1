#pragma once

#include "binding.h"
#include "chainrule/config.h"
#include "chainrule/shared.h"

PYBIND11_DECLARE_HOLDER_TYPE(T, chainrule::Shared<T>, true)

// Whatever has a name and settings (layers, rules, schedules, losses, ...), from the registries.
namespace chainrule::python {

config::Value to_value(const py::handle& object);
py::object from_value(const config::Value& value);

/// As what Python knows it: a layer as a Layer, all others as a Configured.
py::object from_configurable(const Shared<Configurable>& made);

/// The settings of something, by name.
py::dict settings_of(const config::Settings& of);

/// Gives something settings by name. Objects that Python holds (layers, schedules) become part of it as they
/// are.
void set_settings(const config::Settings& of, const py::dict& settings);

/// One of a kind, from an object of it, or a short text: "momentum(0.95)".
template <class Base>
Shared<Base> to_kind(const py::handle& object) {
  if (py::isinstance<py::str>(object))
    return config::make<Base>(config::parse_text(to_text(object.ptr(), "name")));
  if (!py::isinstance<Configurable>(object)) {
    const std::string kind(registry<Base>().kind());
    throw_type(kind.c_str(), "a name or an object", object.ptr());
  }
  Configurable* configurable = py::cast<Configurable*>(object);
  if (Base* found = dynamic_cast<Base*>(configurable)) return Shared<Base>(found);
  PyErr_Format(PyExc_TypeError, "%s is no %s", std::string(configurable->info().name).c_str(),
               std::string(registry<Base>().kind()).c_str());
  throw py::error_already_set();
}

/// The C++ side of a Python layer holds its Python side from now on: it is part of something.
void hold_python_side(Configurable& configurable);

}  // namespace chainrule::python
