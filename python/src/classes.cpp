#include "binding.h"
#include "chainrule/error.h"
#include "chainrule/threads.h"

namespace chainrule::python {

int add_classes(PyObject* module) {
  return guarded(-1, [&] {
    py::register_exception_translator([](std::exception_ptr pointer) {
      try {
        std::rethrow_exception(pointer);
      } catch (const PythonRaised&) {
        set_error();
      } catch (const Error&) {
        set_error();
      }
    });
    auto m = py::reinterpret_borrow<py::module_>(module);
    m.def("num_threads", num_threads, "Threads that computing uses.");
    m.def("set_num_threads", set_num_threads, py::arg("count"),
          "Sets the number of threads, from 1 to 1024.");
    add_transforms(m);
    add_settings(m);
    add_layers(m);
    add_training(m);
    add_trying(m);
    add_minimizing(m);
    add_texts(m);
    add_files(m);
    add_pictures(m);
    add_onnx(m);
    speak_plainly(m);
    return 0;
  });
}

}  // namespace chainrule::python
