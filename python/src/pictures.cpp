// Expressions and nets explained, and figures: as text, SVG and HTML.
#include "chainrule/explain.h"
#include "chainrule/explain/attention.h"
#include "chainrule/explain/check.h"
#include "chainrule/explain/net.h"
#include "chainrule/ops.h"
#include "chainrule/plot/figure.h"
#include "python_layer.h"
#include "training.h"

namespace chainrule::python {
namespace {

explain::Values to_values(const py::dict& at) {
  explain::Values values;
  for (const auto& [name, value] : at)
    values.emplace_back(to_text(name.ptr(), "a name"), to_double(value.ptr(), "a value"));
  return values;
}

py::dict gradient_of(const explain::Trace& trace) {
  py::dict found;
  for (const explain::Derivative& each : trace.gradient) found[py::str(each.name)] = each.value;
  return found;
}

/// A net's passes: the loss is a function that runs the net.
explain::NetTrace trace_of(const nn::Layer& net, const py::function& loss, bool training,
                           std::uint64_t seed) {
  const InUse in_use(net);
  const auto function = [&](nn::Pass& pass) {
    const InPass here(&pass);
    return to_tensor(ask(loss).ptr());
  };
  return explain::explain_net(net, explain::NetLoss(function), {.training = training, .seed = seed});
}

py::tuple check_of(const nn::Layer& net, const py::function& loss, const py::dict& settings, bool training) {
  explain::NetCheckOptions options;
  options.elements = to_integer(py::object(settings["elements"]).ptr(), "elements");
  options.tolerance = to_double(py::object(settings["tolerance"]).ptr(), "tolerance");
  options.seed = to_seed(py::object(settings["seed"]).ptr(), "seed");
  const InUse in_use(net);
  const auto function = [&](nn::Pass& pass) {
    return with_python([&] {
      const InPass here(&pass);
      return to_tensor(ask(loss).ptr());
    });
  };
  const explain::NetCheck found = [&] {
    const OriginScope here(caller());
    const Computing alone;
    return explain::check_net(net, explain::NetLoss(function), options,
                              {.training = training, .seed = options.seed});
  }();
  py::list parameters;
  for (const explain::ParameterCheck& each : found.parameters) {
    parameters.append(py::make_tuple(each.path, each.compared, each.unseen, each.differs, each.analytic,
                                     each.numeric, each.relative_error));
  }
  return py::make_tuple(!found.differs(), found.culprit, parameters);
}

/// Rows of x and t, as a loss of some of them.
class RowsOf {
 public:
  RowsOf(const nn::Layer& net, const std::vector<Tensor>& columns, const py::object& loss)
      : net_(net), columns_(columns), loss_(to_loss(loss)) {}

  Tensor loss(std::span<const std::int64_t> rows, nn::Pass& pass) const {
    std::vector<Tensor> inputs;
    const Tensor places = from_data(std::vector<std::int64_t>(rows.begin(), rows.end()),
                                    {static_cast<std::int64_t>(rows.size())});
    for (const Tensor& each : columns_) inputs.push_back(take(each, places));
    const Tensor t = inputs.back();
    inputs.pop_back();
    return (*loss_)(net_.run(nn::Inputs(inputs), pass)[0], t);
  }
  std::vector<std::int64_t> all() const {
    std::vector<std::int64_t> rows(static_cast<std::size_t>(columns_.back().size(0)));
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<std::int64_t>(i);
    return rows;
  }

 private:
  const nn::Layer& net_;
  const std::vector<Tensor>& columns_;
  loss::AnyLoss loss_;
};

explain::WeightTrace weight_of(const nn::Layer& net, const std::string& weight,
                               const std::vector<Tensor>& columns, const py::object& loss, bool training,
                               std::uint64_t seed) {
  const OriginScope here(caller());
  const auto [parameter, index] = explain::read_weight(weight);
  const InUse in_use(net);
  const RowsOf rows(net, columns, loss);
  const auto function = [&](const explain::RowsPass& at) { return rows.loss(at.rows, at.pass); };
  const Computing alone;
  return explain::explain_weight(net, parameter, index, function, rows.all(),
                                 {.training = training, .seed = seed});
}

explain::UpdateTrace update_of(const NetOptimizer& of, const std::string& weight,
                               const std::vector<Tensor>& columns, const py::object& loss) {
  const OriginScope here(caller());
  const auto [parameter, index] = explain::read_weight(weight);
  const InUse in_use(*of.net);
  const RowsOf rows(*of.net, columns, loss);
  const auto function = [&](nn::Pass& pass) { return rows.loss(rows.all(), pass); };
  const Computing alone;
  return explain::explain_update(of.optimizer, parameter, index, function,
                                 {.training = true, .seed = of.seed, .step = of.optimizer.steps()});
}

py::list terms_of(const explain::WeightTrace& trace) {
  py::list terms;
  const bool are_products = trace.kind == explain::WeightTrace::Kind::products;
  for (const explain::GradientTerm& each : trace.terms) {
    terms.append(are_products ? py::make_tuple(each.row, each.product, each.input, each.gradient)
                              : py::make_tuple(each.row, each.product));
  }
  return terms;
}

void add_weights(py::module_& m) {
  py::class_<explain::WeightTrace>(m, "WeightTrace", "Where one weight's gradient comes from.")
      .def_readonly("parameter", &explain::WeightTrace::parameter)
      .def_property_readonly("index",
                             [](const explain::WeightTrace& t) { return py::tuple(py::cast(t.index)); })
      .def_readonly("value", &explain::WeightTrace::value)
      .def_readonly("gradient", &explain::WeightTrace::gradient)
      .def_readonly("sum", &explain::WeightTrace::sum)
      .def_property_readonly("terms", terms_of,
                             "The largest first: (row, product, input, gradient of the output) of an affine "
                             "layer's weight, else (row, share of the gradient).")
      .def(
          "text", [](const explain::WeightTrace& t) { return explain::to_text(t); }, "An aligned table.")
      .def("__repr__", [](const explain::WeightTrace& t) { return explain::to_text(t); });
  py::class_<explain::UpdateTrace>(m, "UpdateTrace", "What the next step makes of one weight.")
      .def_readonly("rule", &explain::UpdateTrace::rule)
      .def_readonly("step", &explain::UpdateTrace::step)
      .def_readonly("lr", &explain::UpdateTrace::lr)
      .def_readonly("before", &explain::UpdateTrace::before)
      .def_readonly("after", &explain::UpdateTrace::after)
      .def(
          "text", [](const explain::UpdateTrace& t) { return explain::to_text(t); }, "The formulas.")
      .def("__repr__", [](const explain::UpdateTrace& t) { return explain::to_text(t); });
  m.def(
      "_explain_attention",
      [](const nn::Layer& net, const std::vector<Tensor>& inputs) {
        const OriginScope here(caller());
        const InUse in_use(net);
        const auto found = [&] {
          const Computing alone;
          return explain::explain_attention(net, nn::Inputs(inputs));
        }();
        py::list all;
        for (const explain::AttentionTrace& each : found) all.append(py::make_tuple(each.path, each.weights));
        return all;
      },
      Names("net, inputs"));
  m.def("_explain_weight", weight_of, Names("net, weight, columns, loss, training, seed"));
  m.def("_explain_update", update_of, Names("optimizer, weight, columns, loss"));
}

std::vector<double> to_numbers(const py::handle& object) {
  const Tensor x = to_tensor(object.ptr());
  compute(x);
  return x.to_vector();
}

plot::Figure to_figure(const py::dict& of) {
  plot::Figure figure;
  figure.title = py::cast<std::string>(of["title"]);
  figure.x.label = py::cast<std::string>(of["x_label"]);
  figure.y.label = py::cast<std::string>(of["y_label"]);
  figure.y.logarithmic = py::cast<bool>(of["logarithmic"]);
  for (const py::handle& each : py::list(of["series"])) {
    const auto series = py::reinterpret_borrow<py::tuple>(each);  // name, x, y, style
    figure.series.push_back({.name = py::cast<std::string>(series[0]),
                             .x = to_numbers(series[1]),
                             .y = to_numbers(series[2]),
                             .style = static_cast<plot::Series::Style>(py::cast<int>(series[3]))});
  }
  const py::object numbers = of["histogram"];
  if (!numbers.is_none()) figure.bars = plot::histogram(to_numbers(numbers));
  const py::object matrix = of["matrix"];
  if (!matrix.is_none())
    figure.matrix = {py::cast<std::vector<std::string>>(py::tuple(matrix)[0]),
                     to_numbers(py::tuple(matrix)[1])};
  for (const py::handle& each : py::list(of["tiles"])) {
    const auto tile = py::reinterpret_borrow<py::tuple>(each);  // image (C, H, W), caption
    const Tensor image = to_tensor(py::object(tile[0]).ptr());
    figure.tiles.push_back({plot::image(to_numbers(tile[0]), image.size(0), image.size(1), image.size(2)),
                            py::cast<std::string>(tile[1])});
  }
  return figure;
}

}  // namespace

void add_pictures(py::module_& m) {
  py::class_<explain::Trace>(m, "Trace", "The forward and the backward pass of an expression.")
      .def_property_readonly("value", &explain::Trace::value)
      .def_property_readonly("gradient", gradient_of, "The derivatives by the variables: a dict.")
      .def(
          "text", [](const explain::Trace& t) { return explain::to_text(t); }, "An aligned table.")
      .def(
          "svg", [](const explain::Trace& t) { return explain::to_svg(t); },
          "The computational graph as a picture.")
      .def(
          "dot", [](const explain::Trace& t) { return explain::to_dot(t); }, "For Graphviz.")
      .def(
          "html", [](const explain::Trace& t) { return explain::to_html(t); },
          "A page that steps through both passes.")
      .def("__repr__", [](const explain::Trace& t) { return explain::to_text(t); })
      .def("_repr_html_", [](const explain::Trace& t) { return explain::to_svg(t); });
  m.def(
      "_trace",
      [](const std::string& expression, const py::dict& at, const std::vector<std::string>& wrt, bool check) {
        return explain::trace(expression, to_values(at), {.wrt = wrt, .check = check});
      },
      Names("expression, at, wrt, check"));
  py::class_<explain::NetTrace>(m, "NetTrace", "The forward and the backward pass of a net, layer by layer.")
      .def_readonly("loss", &explain::NetTrace::loss)
      .def(
          "text", [](const explain::NetTrace& t) { return explain::to_text(t); }, "Aligned tables.")
      .def(
          "html",
          [](const explain::NetTrace& t, const std::string& title) { return explain::to_html(t, title); },
          py::arg("title") = "net", "A page that steps through the layers.")
      .def("__repr__", [](const explain::NetTrace& t) { return explain::to_text(t); });
  m.def("_explain_net", trace_of, Names("net, loss, training, seed"));
  m.def("_check_net", check_of, Names("net, loss, settings, training"));
  add_weights(m);
  m.def(
      "_figures_svg",
      [](const py::list& figures, const std::string& title) {
        std::vector<plot::Figure> made;
        for (const py::handle& each : figures)
          made.push_back(to_figure(py::reinterpret_borrow<py::dict>(each)));
        return plot::svg(made, title);
      },
      Names("figures, title"));
}

}  // namespace chainrule::python
