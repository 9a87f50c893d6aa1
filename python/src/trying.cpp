// What is tried out before training: learning rates, settings; and scalers, which are fitted.
#include <stdexcept>

#include "chainrule/data/scaler.h"
#include "chainrule/train/find_lr.h"
#include "chainrule/train/sweep.h"
#include "python_layer.h"
#include "training.h"

namespace chainrule::python {
namespace {

py::tuple find_lr(nn::Layer& net, const std::vector<Tensor>& columns, const py::object& loss,
                  const py::object& rule, const py::dict& settings, std::int64_t batch_size,
                  const py::dict& given) {
  const Location where = caller();
  const OriginScope here(where);
  const InUse in_use(net);
  optim::Optimizer optimizer(net, optim::AnyRule(to_kind<optim::Rule>(rule)), to_options(settings));
  train::FindLrOptions options;
  set_settings(config::Settings(options), given);
  data::Loader loader(to_source(columns), {.batch_size = batch_size, .seed = options.seed});
  const train::Task task(net, to_loss(loss, true), {}, where);
  train::LrCurve curve;
  {
    const Computing alone;
    curve = train::find_lr(task, optimizer, std::move(loader), options);
  }
  return py::make_tuple(curve.rates, curve.losses, curve.smoothed, curve.suggestion);
}

py::dict to_dict(const train::Point& point) {
  py::dict found;
  for (const config::Entry& each : point.settings()) found[py::str(each.key)] = from_value(each.value);
  return found;
}

/// A function of Python as a run. What it raises is said of its point; but Ctrl-C ends the sweep.
class PythonRun final : public train::Run {
 public:
  PythonRun(py::function function, bool takes_budget)
      : function_(std::move(function)), takes_budget_(takes_budget) {}

  double operator()(const train::Point& point, double budget) const override {
    if (ended_) throw std::runtime_error("ended before");
    try {
      const py::object score =
          takes_budget_ ? ask(function_, to_dict(point), budget) : ask(function_, to_dict(point));
      const double value = PyFloat_AsDouble(score.ptr());
      if (value == -1 && PyErr_Occurred() != nullptr) throw py::error_already_set();
      return value;
    } catch (py::error_already_set& error) {
      if (!error.matches(PyExc_Exception)) {
        ended_ = std::make_unique<py::error_already_set>(error);
        throw std::runtime_error("ended");
      }
      throw std::runtime_error(py::cast<std::string>(error.type().attr("__name__")) + ": " +
                               py::cast<std::string>(py::str(error.value())));
    }
  }
  void rethrow_end() const {
    if (ended_) throw py::error_already_set(*ended_);
  }

 private:
  py::function function_;
  bool takes_budget_;
  mutable std::unique_ptr<py::error_already_set> ended_;
};

py::list sweep(const py::list& space, const py::function& function, bool takes_budget,
               const py::dict& given) {
  train::Space choices;
  for (const py::handle& each : space) {  // name, values or none, low, high, is_logarithmic
    const auto choice = py::reinterpret_borrow<py::tuple>(each);
    const auto name = py::cast<std::string>(choice[0]);
    if (choice[1].is_none()) {
      choices.emplace_back(name, py::cast<double>(choice[2]), py::cast<double>(choice[3]),
                           py::cast<bool>(choice[4]));
    } else {
      choices.push_back({name, {}});
      for (const py::handle& value : py::list(choice[1])) choices.back().values.push_back(to_value(value));
    }
  }
  train::SweepOptions options;
  set_settings(config::Settings(options), given);
  const PythonRun run(function, takes_budget);
  const train::SweepResult result = train::sweep_runs(choices, run, options);
  run.rethrow_end();
  py::list trials;
  for (const train::Trial& each : result.trials)
    trials.append(py::make_tuple(to_dict(each.point), each.budget, each.score, each.error));
  return trials;
}

py::object fit_scaler(const std::string& kind, const std::vector<Tensor>& columns, bool has_target,
                      const std::string& per, double low, double high) {
  data::ScalerOptions options{.target = has_target};
  set_settings(config::Settings(options), py::dict(py::arg("per") = per));
  const OriginScope here(caller());
  const Computing alone;
  data::Source source = to_source(columns);
  Shared<Configurable> made;
  if (kind == "standardize") {
    made = Shared<Configurable>(new data::Standardize(data::standardize(source, options)));
  } else {
    made = Shared<Configurable>(new data::MinMax(data::min_max(source, low, high, options)));
  }
  const WithPython with_lock;
  return from_configurable(made);
}

const data::Scaler& scaler_of(const Configurable& configurable) {
  const auto* scaler = dynamic_cast<const data::Scaler*>(&configurable);
  if (scaler == nullptr) throw py::type_error("not a scaler");
  return *scaler;
}

Tensor scale(const Configurable& configurable, const std::string& what, const Tensor& x) {
  const data::Scaler& scaler = scaler_of(configurable);
  const OriginScope here(caller());
  if (what == "inputs") return scaler(x);
  if (what == "inputs back") return scaler.inverse_inputs(x);
  return what == "target" ? scaler.target(x) : scaler.inverse(x);
}

}  // namespace

void add_trying(py::module_& m) {
  m.def("_find_lr", find_lr, Names("net, columns, loss, optimizer, options, batch_size, wishes"));
  m.def("_sweep", sweep, Names("space, run, with_budget, wishes"));
  m.def("_fit_scaler", fit_scaler, Names("kind, columns, with_target, per, low, high"));
  m.def("_scale", scale, Names("scaler, what, x"));
  m.def(
      "_scaling_layers",
      [](const Configurable& scaler) {
        return py::make_tuple(scaler_of(scaler).before(), scaler_of(scaler).after());
      },
      Names("scaler"));
}

}  // namespace chainrule::python
