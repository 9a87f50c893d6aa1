// Optimizers, and the training loop.
#include "training.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>
#include <utility>

#include "chainrule/error.h"
#include "chainrule/train/fit.h"
#include "core/text.h"
#include "python_layer.h"
#include "reading.h"
#include "team.h"

namespace chainrule::python {

namespace {

void check_lr(const py::dict& settings) {
  if (settings.contains("lr") && PyCallable_Check(py::object(settings["lr"]).ptr()) != 0)
    throw_type("lr", "a number, or a schedule such as optim.cosine(0.1, steps=1000)",
               py::object(settings["lr"]).ptr());
}

}  // namespace

optim::Options to_options(const py::dict& settings) {
  optim::Options options;
  check_lr(settings);
  set_settings(config::Settings(options), settings);
  return options;
}

namespace {

NetOptimizer* make_optimizer(const Shared<nn::Layer>& net, const py::object& rule, const py::dict& settings,
                             const py::object& seed) {
  hold_python_side(*net);
  return new NetOptimizer{
      net, optim::Optimizer(*net, optim::AnyRule(to_kind<optim::Rule>(rule)), to_options(settings)),
      to_seed(seed.ptr(), "seed")};
}

/// That a loss from outside of a pass of training is that of one.
/// @throws ValueError  if the net has layers that are otherwise there (E266).
void check_same_in_training(const NetOptimizer& of, Location where) {
  const std::string name = otherwise_in_training(*of.net);
  if (name.empty()) return;
  throw ValueError(266,
                   cat("[step] ", name,
                       " is otherwise in training, and this loss was computed outside of it. Give a function "
                       "that computes the loss: step(lambda: ...).",
                       OriginScope::current(where).to_string()));
}

/// One step: of a function that gives the loss, in a pass of training; or of a loss.
double step(NetOptimizer& of, const py::object& loss) {
  const Location where = caller();
  const InUse in_use(*of.net);
  if (py::isinstance<py::function>(loss) || (!is_tensor(loss.ptr()) && PyCallable_Check(loss.ptr()) != 0)) {
    nn::Pass pass = nn::Pass::training(of.seed, of.optimizer.steps());
    pass.init.seed = of.seed;
    Tensor value;
    {
      const InPass here(&pass);
      const Differentiated by_parameters({}, *of.net);
      const py::object made = ask(loss);
      if (!is_tensor(made.ptr()))
        throw_type("what the function of a step returns", "the loss, a tensor", made.ptr());
      value = tensor_of(made.ptr());
    }
    const Computing alone;
    return of.optimizer.step(std::move(value), pass, {}, where);
  }
  if (loss.is_none() || PyList_Check(loss.ptr()) || PyTuple_Check(loss.ptr()) || PyDict_Check(loss.ptr()))
    throw_type("loss", "a tensor, or a function that computes it (of which step takes the gradient)",
               loss.ptr());
  const Tensor value = to_tensor(loss.ptr());
  check_same_in_training(of, where);
  const Computing alone;
  return of.optimizer.step(value, where);
}

py::dict state_of(const NetOptimizer& of) {
  py::dict found;
  for (const auto& [name, tensor] : of.optimizer.state()) found[py::str(name)] = py::cast(tensor);
  return found;
}

// ---- training

/// Once in a while looks for Ctrl-C, and lets other threads compute.
struct Breath {
  std::chrono::steady_clock::time_point last = std::chrono::steady_clock::now();
  void operator()() {
    const auto now = std::chrono::steady_clock::now();
    if (now - last < std::chrono::milliseconds(50)) return;
    last = now;
    with_python([] { checked(PyErr_CheckSignals()); });
    let_others_compute();
  }
};

py::dict to_dict(const train::Report& report) {
  py::dict found;
  found["step"] = report.step;
  found["epoch"] = report.epoch;
  found["lr"] = report.lr;
  found["loss"] = report.loss;
  found["seconds"] = report.seconds;
  for (const train::Measure& each : report.metrics) found[py::str(each.name)] = each.value;
  return found;
}

/// Whether it is True, of Python, of NumPy, or as a tensor.
bool is_true(PyObject* object) {
  if (is_tensor(object)) return tensor_of(object).dtype() == boolean && checked(PyObject_IsTrue(object)) != 0;
  if (!is_number(object)) return false;
  const Number number = to_number(object);
  return number.kind() == Number::Kind::truth && number.whole() != 0;
}

/// Calls a Python function with each report; one that returns True ends the run.
class Callback final : public train::Handler {
 public:
  explicit Callback(py::object function) : function_(std::move(function)) {}
  ~Callback() override {
    const WithPython here;
    function_ = {};
  }
  Callback(const Callback&) = delete;
  Callback& operator=(const Callback&) = delete;
  void call(train::Trainer&) override {}
  void reported(train::Trainer& trainer, const train::Report& report) override {
    with_python([&] {
      const py::object result = ask(function_, to_dict(report));
      if (is_true(result.ptr())) trainer.stop("a callback returned True");
    });
  }

 private:
  py::object function_;
};

/// A function of Python as a loss.
struct PythonLoss {
  std::shared_ptr<py::object> function;
  bool trains = false;
  Tensor operator()(const Tensor& prediction, const Tensor& target, const Tensor& weights = {}) const {
    return with_python([&] {
      const Differentiated by_prediction(trains ? std::vector{prediction} : std::vector<Tensor>());
      const py::object loss = weights.is_empty() ? ask(*function, prediction, target)
                                                 : ask(*function, prediction, target, weights);
      return to_tensor(loss.ptr());
    });
  }
};

}  // namespace

loss::AnyLoss to_loss(const py::object& object, bool trains) {
  if (py::isinstance<py::str>(object) || py::isinstance<Configurable>(object))
    return to_kind<loss::Loss>(object);
  auto function = std::shared_ptr<py::object>(new py::object(object), [](py::object* held) {
    const WithPython here;
    delete held;
  });
  return PythonLoss{std::move(function), trains};
}

data::Source to_source(const std::vector<Tensor>& columns, const Tensor& weights) {
  std::vector<NamedTensor> named;
  for (std::size_t i = 0; i + 1 < columns.size(); ++i)
    named.push_back({i == 0 ? "x" : "x" + std::to_string(i + 1), columns[i]});
  if (!weights.is_empty()) named.push_back({kWeight, weights});
  named.push_back({"t", columns.back()});
  return data::arrays(data::Batch(std::span<const NamedTensor>(named)));
}

namespace {

Tensor tensor_or_none(const py::object& given) { return given.is_none() ? Tensor() : to_tensor(given.ptr()); }

/// A net with a loss, and metrics; with weights of the rows, if the source has them.
train::Task task_of(nn::Layer& net, loss::AnyLoss loss, const py::list& metrics, bool is_weighted,
                    Location where) {
  train::Task::Metrics measures;
  for (const py::handle& each : metrics) measures.emplace_back(to_kind<metric::Metric>(each));
  train::Task task(net, std::move(loss), std::move(measures), where);
  return is_weighted ? task.weighted_by(kWeight) : task;
}

}  // namespace

namespace {

/// Gives options what Python says of them by their names: with messages in Python's words, where there are.
void set_options(train::FitOptions& options, const py::dict& wishes) {
  Fields fields;
  options.fields(fields);
  for (const Field& field : fields.all()) {
    const std::string name(field.name);
    if (!wishes.contains(name)) continue;
    const py::object wish = wishes[py::str(name)];
    switch (field.kind) {
      case Field::Kind::number:
        *static_cast<double*>(field.target) = to_double(wish.ptr(), name.c_str());
        break;
      case Field::Kind::integer:
        *static_cast<std::int64_t*>(field.target) = to_integer(wish.ptr(), name.c_str());
        break;
      case Field::Kind::seed:
        *static_cast<std::uint64_t*>(field.target) = to_seed(wish.ptr(), name.c_str());
        break;
      case Field::Kind::flag:
        *static_cast<bool*>(field.target) = to_flag(wish.ptr(), name.c_str());
        break;
      case Field::Kind::text:
        *static_cast<std::string*>(field.target) = to_text(wish.ptr(), name.c_str());
        break;
      default:
        set_settings(config::Settings(options), py::dict(py::arg(name.c_str()) = wish));
    }
  }
}

py::tuple fit(nn::Layer& net, const std::vector<Tensor>& columns, const std::vector<Tensor>& held_out,
              const py::object& loss, const py::object& rule, const py::dict& optimizer_settings,
              const py::list& metrics, const py::list& transforms, const py::list& callbacks,
              const py::dict& wishes, const py::object& ranks) {
  const Location where = caller();
  train::FitOptions options;
  const auto wish = [&](const char* name) { return py::object(wishes[name]); };
  set_options(options, wishes);
  config::check(options);
  const OriginScope here(where);
  const InUse in_use(net);
  const Tensor counts = tensor_or_none(wish("sample_weight"));
  if (!counts.is_empty()) options.weighted_by = kWeight;
  if (!held_out.empty()) options.validation = to_source(held_out, tensor_or_none(wish("validation_weight")));
  if (const py::object weights = wish("weights"); !weights.is_none())
    options.weights = to_tensor(weights.ptr()).to_vector();
  for (const py::handle& each : transforms) options.transforms.add(to_kind<data::Transform>(each));
  for (const py::handle& each : metrics) options.metrics.emplace_back(to_kind<metric::Metric>(each));
  options.optimizer = to_kind<optim::Rule>(rule);
  check_lr(optimizer_settings);
  set_settings(config::Settings(options), optimizer_settings);
  std::optional<PythonTeam> team;
  if (!ranks.is_none()) options.team = &team.emplace(ranks);
  options.on.emplace_back(steps(1), [breath = Breath()]() mutable { breath(); });
  for (const py::handle& each : callbacks) {
    options.on.emplace_back(epochs(1),
                            Shared<train::Handler>(new Callback(py::reinterpret_borrow<py::object>(each))));
  }
  if (const std::string board = to_text(wish("tensorboard").ptr(), "tensorboard"); !board.empty())
    options.on.emplace_back(epochs(1), train::tensorboard(board));
  const loss::AnyLoss how_far = to_loss(loss, true);
  const data::Source rows = to_source(columns, counts);
  train::Fitted fitted;
  {
    const Computing alone;
    fitted = train::fit(net, how_far, rows, options, where);
  }
  py::list reports;
  for (const train::Report& each : fitted.history) reports.append(to_dict(each));
  return py::make_tuple(reports, fitted.reason, fitted.seconds);
}

py::dict measure(nn::Layer& net, const std::vector<Tensor>& columns, const py::object& loss,
                 const py::list& metrics, std::int64_t batch_size, const py::object& sample_weight) {
  const Location where = caller();
  const OriginScope here(where);
  const InUse in_use(net);
  const Tensor counts = tensor_or_none(sample_weight);
  const train::Task task = task_of(net, to_loss(loss), metrics, !counts.is_empty(), where);
  const data::Source source = to_source(columns, counts);
  std::vector<train::Measure> found;
  {
    const Computing alone;
    found = train::measure(task, source, batch_size);
  }
  py::dict result;
  for (const train::Measure& each : found) {
    const auto classes = static_cast<std::int64_t>(std::lround(std::sqrt(each.matrix.size())));
    result[py::str(each.name)] = each.matrix.empty() ? py::object(py::float_(each.value))
                                                     : py::cast(from_data(each.matrix, {classes, classes}));
  }
  return result;
}

}  // namespace

void add_training(py::module_& m) {
  py::class_<NetOptimizer>(m, "Optimizer", "Changes the parameters of a net, step by step.")
      .def(py::init(&make_optimizer), py::arg("net").none(false), py::arg("rule"),
           py::arg("settings") = py::dict(), py::arg("seed") = 1)
      .def("step", step, py::arg("loss"),
           "One step against the gradient of the loss, and the loss from before it: a number. `loss` is a "
           "function "
           "without arguments that computes it, in a pass of training; or a tensor, for nets that keep no "
           "statistics.")
      .def_property_readonly(
          "steps", [](const NetOptimizer& o) { return o.optimizer.steps(); }, "Steps taken.")
      .def_property(
          "lr", [](const NetOptimizer& o) { return o.optimizer.lr(); },
          [](NetOptimizer& o, const py::object& lr) {
            optim::Rate rate = is_number(lr.ptr()) ? optim::Rate(to_number(lr.ptr()).real())
                                                   : optim::Rate(to_kind<optim::Schedule>(lr));
            const Computing alone;
            o.optimizer.set_lr(std::move(rate));
          },
          "The learning rate of the next step; a number or a schedule can be set.")
      .def(
          "lr_at", [](const NetOptimizer& o, std::int64_t at) { return o.optimizer.lr(at); }, Names("at"),
          "The learning rate of a step.")
      .def_property_readonly("net", [](const NetOptimizer& o) { return o.net; })
      .def_property_readonly("rule",
                             [](const NetOptimizer& o) { return config::describe(o.optimizer.rule()); })
      .def_property_readonly(
          "options",
          [](const NetOptimizer& o) {
            optim::Options options = o.optimizer.options();
            return settings_of(config::Settings(options));
          },
          "Its settings beside those of the rule: a dict.")
      .def_property_readonly("seed", [](const NetOptimizer& o) { return o.seed; })
      .def("state", state_of, "All that a later step depends on, beside the parameters: tensors by name.")
      .def(
          "restore",
          [](NetOptimizer& o, const py::dict& state) {
            const NamedTensors named = to_named(state);
            const Computing alone;
            o.optimizer.restore(named);
          },
          Names("state"), "Goes on from what `state` gave.")
      .def("__repr__", [](const NetOptimizer& o) {
        return config::describe(o.optimizer.rule()) + " of " + o.net->describe() + ", after " +
               std::to_string(o.optimizer.steps()) + " steps";
      });
  m.def(
      "_fit", fit,
      Names(
          "net, columns, held_out, loss, optimizer, options, metrics, transforms, callbacks, wishes, team"));
  m.def("_measure", measure, Names("net, columns, loss, metrics, batch_size, sample_weight"));
  m.def(
      "_schedule_at",
      [](const Configurable& schedule, std::int64_t at, std::int64_t steps_per_epoch) {
        const auto* found = dynamic_cast<const optim::Schedule*>(&schedule);
        if (found == nullptr) throw py::type_error("not a schedule");
        return found->at(at, steps_per_epoch);
      },
      Names("schedule, at, steps_per_epoch"));
}

}  // namespace chainrule::python
