// Nets in the format ONNX, where the library was built with that.
#include "python_layer.h"

#ifdef CHAINRULE_PYTHON_ONNX
#include "chainrule/onnx.h"

namespace chainrule::python {
namespace {

py::tuple to_tuple(const OnnxReport& report) {
  return py::make_tuple(report.operations, report.parameters, report.largest_difference);
}

py::tuple load(const std::string& path, bool in_f64) {
  Model model;
  {
    const Computing alone;
    model = load_onnx_model(path);
    if (in_f64) model.net = Shared<nn::Layer>(new nn::OnnxNet(load_onnx(path, {.in_f64 = true})));
  }
  py::dict notes;
  for (const auto& [key, value] : model.options.notes) notes[py::str(key)] = value;
  return py::make_tuple(model.net, model.options.classes, notes, model.options.before, model.options.after);
}

py::tuple save(const std::string& path, const nn::Layer& net, const std::vector<Tensor>& inputs,
               const py::dict& wishes, const Shared<nn::Layer>& before, const Shared<nn::Layer>& after) {
  OnnxOptions options;
  options.batch = to_text(py::object(wishes["batch"]).ptr(), "batch");
  options.fold = to_flag(py::object(wishes["fold"]).ptr(), "fold");
  options.check = to_flag(py::object(wishes["check"]).ptr(), "check");
  options.inputs = to_texts(py::object(wishes["inputs"]).ptr(), "inputs");
  options.outputs = to_texts(py::object(wishes["outputs"]).ptr(), "outputs");
  options.model.classes = to_texts(py::object(wishes["classes"]).ptr(), "classes");
  for (const auto& [key, value] : py::dict(wishes["notes"]))
    options.model.notes.emplace_back(py::cast<std::string>(py::str(key)),
                                     py::cast<std::string>(py::str(value)));
  options.model.before = before;
  options.model.after = after;
  const OriginScope here(caller());
  const InUse in_use(net);
  OnnxReport report;
  {
    const Computing alone;
    const auto* read = dynamic_cast<const nn::OnnxNet*>(&net);
    report = read != nullptr && inputs.empty()
                 ? save_onnx(path, *read, options)
                 : save_onnx(path, net, nn::Inputs(std::span<const Tensor>(inputs)), options);
  }
  return to_tuple(report);
}

py::tuple export_graph(const std::string& path, const std::vector<Tensor>& outputs,
                       const std::vector<Tensor>& inputs) {
  const OriginScope here(caller());
  OnnxReport report;
  {
    const Computing alone;
    report = export_onnx(path, std::span<const Tensor>(outputs), std::span<const Tensor>(inputs));
  }
  return to_tuple(report);
}

}  // namespace

void add_onnx(py::module_& m) {
  m.def("_onnx_load", load, Names("path, in_f64"));
  m.def("_onnx_save", save, Names("path, net, x, wishes, before, after"));
  m.def("_onnx_export", export_graph, Names("path, outputs, inputs"));
}

}  // namespace chainrule::python
#else
namespace chainrule::python {
void add_onnx(py::module_&) {}
}  // namespace chainrule::python
#endif
