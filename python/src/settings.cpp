#include "settings.h"

#include "chainrule/data/scaler.h"
#include "chainrule/data/transform.h"
#include "chainrule/nn/initializer.h"
#include "chainrule/nn/layer.h"
#include "chainrule/optim/rule.h"
#include "chainrule/optim/schedule.h"
#include "chainrule/plot/plot.h"
#include "chainrule/train/loss.h"
#include "chainrule/train/metric.h"
#include "method.h"

namespace chainrule::python {
namespace {

Registry& registry_of(const std::string& kind) {
  static Registry* const all[] = {&registry<nn::Layer>(),       &registry<optim::Rule>(),
                                  &registry<optim::Schedule>(), &registry<nn::Initializer>(),
                                  &registry<loss::Loss>(),      &registry<metric::Metric>(),
                                  &registry<data::Transform>(), &registry<data::Scaler>(),
                                  &registry<plot::Plot>(),      &registry<Method>()};
  for (Registry* each : all) {
    if (each->kind() == kind) return *each;
  }
  throw py::key_error(kind);
}

bool is_configurable(const py::handle& object) { return py::isinstance<Configurable>(object); }

bool is_list_of_configurables(const py::handle& object) {
  if (!py::isinstance<py::list>(object) && !py::isinstance<py::tuple>(object)) return false;
  const auto list = py::reinterpret_borrow<py::sequence>(object);
  return py::len(list) > 0 && is_configurable(list[0]);
}

template <class Base>
bool is_one(const Configurable& made, const Registry& kind) {
  return &kind == &registry<Base>() && dynamic_cast<const Base*>(&made) != nullptr;
}
bool is_of(const Configurable& made, const Registry& kind) {
  return is_one<nn::Layer>(made, kind) || is_one<optim::Rule>(made, kind) ||
         is_one<optim::Schedule>(made, kind) || is_one<nn::Initializer>(made, kind) ||
         is_one<loss::Loss>(made, kind) || is_one<metric::Metric>(made, kind) ||
         is_one<data::Transform>(made, kind) || is_one<data::Scaler>(made, kind) ||
         is_one<Method>(made, kind);
}

const Field* find(const Fields& fields, const std::string& name) {
  for (const Field& each : fields.all()) {
    if (each.name == name) return &each;
  }
  return nullptr;
}

/// Puts objects into a setting that holds one, or some.
void put(const config::Settings& of, const Field* field, const std::string& name, const py::handle& object) {
  if (field == nullptr || field->put == nullptr) {
    PyErr_Format(PyExc_TypeError, "%s has no setting '%s' that is a layer or another object", of.name.c_str(),
                 name.c_str());
    throw py::error_already_set();
  }
  field->clear(field->target);
  py::list list;
  if (is_configurable(object)) {
    list.append(object);
  } else {
    list = py::list(py::reinterpret_borrow<py::object>(object));
  }
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (!is_configurable(list[i])) {
      PyErr_Format(PyExc_TypeError, "'%s' of %s takes a %s, not %s", name.c_str(), of.name.c_str(),
                   std::string(field->registry->kind()).c_str(),
                   plain_name(Py_TYPE(py::object(list[i]).ptr())));
      throw py::error_already_set();
    }
    Configurable* each = py::cast<Configurable*>(list[i]);
    if (!is_of(*each, *field->registry)) {
      PyErr_Format(PyExc_TypeError, "'%s' of %s takes a %s, not %s", name.c_str(), of.name.c_str(),
                   std::string(field->registry->kind()).c_str(), std::string(each->info().name).c_str());
      throw py::error_already_set();
    }
    hold_python_side(*each);
    field->put(field->target, i, each);
  }
}

py::list describe_rows(const std::string& kind) {
  py::list rows;
  for (const Registry::Row& row : registry_of(kind).rows()) {
    const Shared<Configurable> made(row.make());
    Fields fields;
    made->visit_fields(fields);
    const config::Value defaults = config::write(config::Settings(*made));
    py::list settings;
    for (const Field& field : fields.all()) {
      const config::Value* value = defaults.find(field.name);
      settings.append(py::make_tuple(std::string(field.name), std::string(field.doc),
                                     static_cast<int>(field.kind),
                                     value != nullptr ? from_value(*value) : py::none()));
    }
    rows.append(py::make_tuple(std::string(row.info->name), std::string(row.info->doc), settings));
  }
  return rows;
}

py::object make(const std::string& kind, const std::string& name, const py::dict& settings) {
  const Registry::Row* row = registry_of(kind).find(name);
  if (row == nullptr) throw py::key_error(name);
  const Shared<Configurable> made(row->make());
  set_settings(config::Settings(*made), settings);
  return from_configurable(made);
}

}  // namespace

py::dict settings_of(const config::Settings& of) {
  py::dict settings;
  for (const config::Entry& each : config::write(of).table)
    settings[py::str(each.key)] = from_value(each.value);
  return settings;
}

config::Value to_value(const py::handle& object) {
  if (object.is_none()) return {};
  if (is_configurable(object)) return config::write(config::Settings(*py::cast<Configurable*>(object)));
  if (py::isinstance<py::str>(object)) return std::string(to_text(object.ptr(), "a setting"));
  if (py::isinstance<py::dict>(object)) {
    std::vector<config::Entry> entries;
    for (const auto& [key, value] : py::reinterpret_borrow<py::dict>(object))
      entries.push_back({to_text(key.ptr(), "the name of a setting"), to_value(value)});
    return config::Value::of_table(std::move(entries));
  }
  if (PyLong_Check(object.ptr())) {  // of 64 bits: a seed
    const unsigned long long whole = PyLong_AsUnsignedLongLong(object.ptr());
    if (PyErr_Occurred() == nullptr && !PyBool_Check(object.ptr())) return static_cast<std::uint64_t>(whole);
    PyErr_Clear();
  }
  if (is_number(object.ptr())) {
    const Number number = to_number(object.ptr());
    if (number.kind() == Number::Kind::truth) return number.whole() != 0;
    return number.is_whole() ? config::Value(number.whole()) : config::Value(number.real());
  }
  if (is_tensor(object.ptr()) && tensor_of(object.ptr()).ndim() == 0)
    return to_value(py::reinterpret_steal<py::object>(number_of(tensor_of(object.ptr()))));
  if (PySequence_Check(object.ptr()) == 0 && !py::hasattr(object, "__iter__"))
    throw_type("a setting", "a number, a text, a list or an object with a name", object.ptr());
  std::vector<config::Value> list;
  for (const py::handle& each : py::reinterpret_borrow<py::object>(object)) list.push_back(to_value(each));
  return config::Value::of_list(std::move(list));
}

py::object from_value(const config::Value& value) {
  using Kind = config::Value::Kind;
  switch (value.kind) {
    case Kind::null:
      return py::none();
    case Kind::boolean:
      return py::bool_(value.boolean);
    case Kind::integer:
      return py::int_(value.integer);
    case Kind::seed:
      return py::int_(value.seed);
    case Kind::number:
      return py::float_(value.number);
    case Kind::text:
      return py::str(value.text);
    case Kind::list: {
      py::list list;
      for (const config::Value& each : value.list) list.append(from_value(each));
      return list;
    }
    case Kind::table: {
      py::dict table;
      for (const config::Entry& each : value.table) table[py::str(each.key)] = from_value(each.value);
      return table;
    }
    case Kind::call:
      break;
  }
  return py::str(config::to_text(value));
}

py::object from_configurable(const Shared<Configurable>& made) {
  if (auto* layer = dynamic_cast<nn::Layer*>(made.get())) return py::cast(Shared<nn::Layer>(layer));
  return py::cast(made);
}

void set_settings(const config::Settings& of, const py::dict& settings) {
  std::vector<config::Entry> plain;
  for (const auto& [key, value] : settings) {
    if (!is_configurable(value) && !is_list_of_configurables(value))
      plain.push_back({to_text(key.ptr(), "the name of a setting"), to_value(value)});
  }
  if (!plain.empty()) config::read(of, config::Value::of_table(std::move(plain)));
  for (const auto& [key, value] : settings) {
    const std::string name = to_text(key.ptr(), "the name of a setting");
    if (is_configurable(value) || is_list_of_configurables(value))
      put(of, find(of.fields, name), name, value);
  }
}

namespace {

/// A call as (name, [by position], {by name}, text); other values as from_value gives them.
py::object tree_of(const config::Value& value) {
  using Kind = config::Value::Kind;
  if (value.kind == Kind::list) {
    py::list list;
    for (const config::Value& each : value.list) list.append(tree_of(each));
    return list;
  }
  if (value.kind != Kind::call) return from_value(value);
  py::list positional;
  py::dict named;
  for (const config::Value& each : value.list) positional.append(tree_of(each));
  for (const config::Entry& each : value.table) named[py::str(each.key)] = tree_of(each.value);
  return py::make_tuple(value.text, positional, named, config::to_text(value));
}

}  // namespace

void add_settings(py::module_& m) {
  py::class_<Configurable, Shared<Configurable>>(m, "Configured", "Something with a name and settings.")
      .def_property_readonly(
          "kind", [](const Configurable& c) { return std::string(c.info().name); }, "Its name.")
      .def_property_readonly(
          "settings", [](Configurable& c) { return settings_of(config::Settings(c)); },
          "Its settings: a dict.")
      .def(
          "describe", [](const Configurable& c) { return config::describe(c); },
          "What it is, as configurations write it: \"conv2d(30, 5)\".")
      .def("__repr__", [](const Configurable& c) { return config::describe(c); });
  m.def("_rows", describe_rows, Names("kind"));
  m.def("_make", make, Names("kind, name, settings"));
  m.def(
      "_is_of",
      [](const std::string& kind, const Configurable& made) { return is_of(made, registry_of(kind)); },
      Names("kind, object"));
  m.def(
      "_tree",
      [](const std::string& text, const std::string& source) {
        return tree_of(config::parse_text(text, source));
      },
      Names("text, source"));
  m.def(
      "_of_text",
      [](const std::string& kind, const py::object& text) {
        return from_configurable(config::make(
            registry_of(kind), py::isinstance<py::str>(text) ? config::parse_text(py::cast<std::string>(text))
                                                             : to_value(text)));
      },
      Names("kind, text"));
}

}  // namespace chainrule::python
