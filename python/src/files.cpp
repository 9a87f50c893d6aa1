// Files of tensors, and data sets.
#include "binding.h"
#include "chainrule/data/images.h"
#include "chainrule/io.h"

namespace chainrule::python {
py::dict to_dict(const NamedTensors& tensors) {
  py::dict found;
  for (const auto& [name, tensor] : tensors) found[py::str(name)] = py::cast(tensor);
  return found;
}

NamedTensors to_named(const py::dict& tensors, DType fraction) {
  NamedTensors named;
  for (const auto& [name, tensor] : tensors)
    named.add(to_text(name.ptr(), "a name"), to_tensor(tensor.ptr(), fraction));
  return named;
}

namespace {

py::tuple load_data(const std::string& name, const std::string& folder, bool flat) {
  data::Dataset set;
  data::Batch train, test;
  {
    const Computing alone;
    set = data::load(name, {.data_dir = folder});
    train = data::images(set.train, {.flat = flat}).all();
    test = data::images(set.test, {.flat = flat}).all();
  }
  return py::make_tuple(train[0], train[1], test[0], test[1], set.class_names);
}

}  // namespace

void add_files(py::module_& m) {
  m.def("_load_data", load_data, Names("name, folder, flat"));
  m.def("_known_sets", data::known_sets);
  m.def(
      "_read_safetensors",
      [](const std::string& path) {
        const io::TensorFile file = io::read_safetensors(path);
        py::dict metadata;
        for (const auto& [key, value] : file.metadata) metadata[py::str(key)] = value;
        return py::make_tuple(to_dict(file.tensors), metadata);
      },
      Names("path"));
  m.def(
      "_write_safetensors",
      [](const std::string& path, const py::dict& tensors, const py::dict& metadata, bool half) {
        io::Metadata texts;
        for (const auto& [key, value] : metadata)
          texts.emplace_back(to_text(key.ptr(), "a key"), to_text(value.ptr(), "a text"));
        const NamedTensors named = to_named(tensors);
        const Computing alone;
        io::write_safetensors(path, named, texts, {.f32_as_f16 = half});
      },
      Names("path, tensors, metadata, half"));
  m.def(
      "_read_npy", [](const std::string& path) { return io::read_npy(path); }, Names("path"));
  m.def(
      "_write_npy",
      [](const std::string& path, const Tensor& tensor) {
        const Computing alone;
        io::write_npy(path, tensor);
      },
      Names("path, tensor"));
  m.def(
      "_read_npz", [](const std::string& path) { return to_dict(io::read_npz(path)); }, Names("path"));
  m.def(
      "_write_npz",
      [](const std::string& path, const py::dict& tensors, bool compressed) {
        const NamedTensors named = to_named(tensors);
        const Computing alone;
        io::write_npz(path, named, {.compressed = compressed});
      },
      Names("path, tensors, compressed"));
}

}  // namespace chainrule::python
