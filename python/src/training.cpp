// Optimizers, and the training loop.
#include "training.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "chainrule/error.h"
#include "chainrule/train/fit.h"
#include "core/text.h"
#include "python_layer.h"
#include "reading.h"
#include "team.h"

namespace chainrule::python {

optim::Options to_options(const py::dict& settings) {
  optim::Options options;
  if (settings.contains("lr") && PyCallable_Check(py::object(settings["lr"]).ptr()) != 0)
    throw_type("lr", "a number, or a schedule such as optim.cosine(0.1, steps=1000)",
               py::object(settings["lr"]).ptr());
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

struct Wishes {
  double epochs = 10;
  std::int64_t batch_size = 32, patience = 0;
  double validation = 0;
  std::uint64_t seed = 1;
  bool resume = false;
  std::string folder, tensorboard;
  std::int64_t shards = 1;
  bool sync_batch_norm = false;
  double average_decay = 0, average_from = 0;
  std::int64_t plateau_patience = 0;
  double plateau_factor = 0.1, plateau_smallest = 0;

  bool averages() const { return average_decay > 0 || average_from > 0; }
  void fields(Fields& f) {
    f("average_decay", average_decay, "", fraction());
    f("average_from", average_from, "", at_least(0));
    f("plateau_patience", plateau_patience, "", at_least(0));
    f("plateau_factor", plateau_factor, "", fraction());
    f("plateau_smallest", plateau_smallest, "", between(0, 1));
  }
};

/// That there is something to average before the run ends.
void check_average(const Wishes& w, std::int64_t per_epoch) {
  const std::int64_t steps = epochs(w.epochs).in_steps(per_epoch);
  const std::int64_t last = w.average_decay > 0 ? steps : steps / per_epoch * per_epoch;
  if (last >= std::max<std::int64_t>(epochs(w.average_from).in_steps(per_epoch), 1)) return;
  throw ValueError(636, cat("[fit] nothing would be averaged: average_from is ", w.average_from,
                            ", and the run ends after ", w.epochs,
                            " epochs. Let the average begin earlier, or train for longer."));
}

/// What is hung up keeps its place among the others whether it is wanted or not: a run that is resumed with
/// other arguments finds what belongs to it.
template <class F>
void hang_if(bool is_wanted, train::Trainer& trainer, Duration every, F make) {
  if (is_wanted) {
    trainer.on(every, make());
  } else {
    trainer.on(every, [] {});
  }
}

void add_handlers(train::Trainer& trainer, const Wishes& w, const data::Source& measured) {
  const Duration epoch = epochs(1);
  const std::string metric = "validation.loss";
  if (w.averages()) check_average(w, trainer.steps_per_epoch());
  hang_if(static_cast<bool>(measured), trainer, epoch,
          [&] { return train::evaluate(measured, {.name = "validation"}); });
  hang_if(w.averages(), trainer, w.average_decay > 0 ? steps(1) : epoch,
          [&] { return train::average_weights({.decay = w.average_decay, .from = epochs(w.average_from)}); });
  hang_if(w.plateau_patience > 0, trainer, epoch, [&] {
    return train::reduce_on_plateau({.metric = metric,
                                     .factor = w.plateau_factor,
                                     .patience = w.plateau_patience,
                                     .smallest = w.plateau_smallest});
  });
  hang_if(w.patience > 0, trainer, epoch,
          [&] { return train::early_stopping({.metric = metric, .patience = w.patience}); });
  hang_if(w.patience > 0, trainer, epoch, [&] { return train::keep_best(metric); });  // behind the average
}

/// How often each row is drawn, of those that are learnt from.
/// @param share  of the rows that is set aside, as of these.
std::vector<double> weights_of(const Tensor& weights, double share, std::uint64_t seed) {
  const data::Source all = data::arrays(data::Batch{{"weights", weights}});
  const data::Source kept = share > 0 ? data::split(all, 1 - share, {.seed = seed}).train : all;
  return kept.range(0, kept.rows())[0].to_vector();
}

py::tuple fit(nn::Layer& net, const std::vector<Tensor>& columns, const std::vector<Tensor>& held_out,
              const py::object& loss, const py::object& rule, const py::dict& optimizer_settings,
              const py::list& metrics, const py::list& transforms, const py::list& callbacks,
              const py::dict& wishes, const py::object& ranks) {
  const Location where = caller();
  Wishes w;
  const auto wish = [&](const char* name) { return py::object(wishes[name]); };
  w.epochs = to_double(wish("epochs").ptr(), "epochs");
  w.batch_size = to_integer(wish("batch_size").ptr(), "batch_size");
  w.patience = to_integer(wish("patience").ptr(), "patience");
  w.validation = to_double(wish("validation").ptr(), "validation");
  w.seed = to_seed(wish("seed").ptr(), "seed");
  w.folder = to_text(wish("folder").ptr(), "folder");
  w.tensorboard = to_text(wish("tensorboard").ptr(), "tensorboard");
  w.resume = to_flag(wish("resume").ptr(), "resume");
  w.shards = to_integer(wish("shards").ptr(), "shards");
  w.sync_batch_norm = to_flag(wish("sync_batch_norm").ptr(), "sync_batch_norm");
  w.average_decay = to_double(wish("average_decay").ptr(), "average_decay");
  w.average_from = to_double(wish("average_from").ptr(), "average_from");
  w.plateau_patience = to_integer(wish("plateau_patience").ptr(), "plateau_patience");
  w.plateau_factor = to_double(wish("plateau_factor").ptr(), "plateau_factor");
  w.plateau_smallest = to_double(wish("plateau_smallest").ptr(), "plateau_smallest");
  config::check(w);
  const OriginScope here(where);
  const InUse in_use(net);
  const Tensor counts = tensor_or_none(wish("sample_weight"));
  data::Source rows = to_source(columns, counts), measured;
  if (!held_out.empty()) measured = to_source(held_out, tensor_or_none(wish("validation_weight")));
  if (w.validation > 0) {
    const auto [train, validation] = data::split(rows, 1 - w.validation, {.seed = w.seed});
    rows = train, measured = validation;
  }
  data::LoaderOptions loading{.batch_size = w.batch_size, .seed = w.seed};
  set_settings(config::Settings(loading), py::dict(py::arg("order") = wish("order")));
  if (const py::object weights = wish("weights"); !weights.is_none())
    loading.weights = weights_of(to_tensor(weights.ptr()), w.validation, w.seed);
  for (const py::handle& each : transforms) loading.transforms.add(to_kind<data::Transform>(each));
  data::require_same_rows(rows, loading.transforms);
  optim::Optimizer optimizer(net, optim::AnyRule(to_kind<optim::Rule>(rule)), to_options(optimizer_settings));
  std::optional<PythonTeam> team;
  if (!ranks.is_none()) team.emplace(ranks);
  train::Trainer trainer(task_of(net, to_loss(loss, true), metrics, !counts.is_empty(), where), optimizer,
                         data::Loader(rows, loading),
                         {.seed = w.seed,
                          .shards = w.shards,
                          .sync_batch_norm = w.sync_batch_norm,
                          .team = team ? &*team : nullptr});
  trainer.on(steps(1), [breath = Breath()]() mutable { breath(); });
  add_handlers(trainer, w, measured);
  for (const py::handle& each : callbacks)
    trainer.on(epochs(1), Shared<train::Handler>(new Callback(py::reinterpret_borrow<py::object>(each))));
  if (!w.tensorboard.empty()) trainer.on(epochs(1), train::tensorboard(w.tensorboard));
  if (!w.folder.empty()) trainer.on(epochs(1), train::checkpoint(w.folder));
  train::Result result;
  {
    const Computing alone;
    if (w.resume) trainer.resume(w.folder);
    result = trainer.run(epochs(w.epochs));
  }
  py::list reports;
  for (const train::Report& each : trainer.history()) reports.append(to_dict(each));
  return py::make_tuple(reports, result.reason, result.seconds);
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
  for (const train::Measure& each : found) result[py::str(each.name)] = each.value;
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
