// Texts as whole numbers, and what nets write.
#include "chainrule/data/text.h"
#include "chainrule/nn/text_nets.h"
#include "python_layer.h"
#include "settings.h"

namespace chainrule::python {
namespace {

using Symbols = std::vector<std::string>;
using Ids = std::vector<std::int64_t>;

py::tuple columns_of(const data::Source& source) {
  const Computing alone;
  const data::Batch all = source.range(0, source.rows());
  const WithPython here;
  return py::make_tuple(all[0], all[1]);
}

py::tuple windows(const std::string& text, const Symbols& symbols, std::int64_t length, std::int64_t stride) {
  const OriginScope here(caller());
  return columns_of(data::windows(text, data::Alphabet(symbols), {.length = length, .stride = stride}));
}

py::tuple lines(const std::string& text, const Symbols& symbols, std::int64_t length) {
  const OriginScope here(caller());
  return columns_of(data::lines(text, data::Alphabet(symbols), {.length = length}));
}

Ids generate(const nn::Layer& net, const Ids& ids, std::int64_t count, const py::dict& settings) {
  const OriginScope here(caller());
  nn::GenerateOptions options;
  set_settings(config::Settings(options), settings);
  const InUse in_use(net);
  const Computing alone;
  return nn::generate(net, std::span<const std::int64_t>(ids.data(), ids.size()), count, options);
}

Tensor write_greedily(const nn::Layer& net, const Tensor& source, std::int64_t start, std::int64_t longest,
                      const py::object& lengths) {
  const OriginScope here(caller());
  const auto* writer = dynamic_cast<const nn::Seq2Seq*>(&net);
  if (writer == nullptr)
    throw_type("net", "a Seq2Seq", py::cast(Shared<nn::Layer>(const_cast<nn::Layer*>(&net))).ptr());
  const Tensor counts = lengths.is_none() ? Tensor() : to_tensor(lengths.ptr());
  const InUse in_use(net);
  const Computing alone;
  return nn::write_greedily(*writer, source, start, longest, counts);
}

}  // namespace

void add_texts(py::module_& m) {
  m.def(
      "_symbols_of", [](const std::string& text) { return data::Alphabet::of(text).symbols(); },
      Names("text"));
  m.def(
      "_encode",
      [](const Symbols& symbols, const std::string& text) { return data::Alphabet(symbols).encode(text); },
      Names("symbols, text"));
  m.def(
      "_decode",
      [](const Symbols& symbols, const Ids& numbers) { return data::Alphabet(symbols).decode(numbers); },
      Names("symbols, numbers"));
  m.def("_windows", windows, Names("text, symbols, length, stride"));
  m.def("_lines", lines, Names("text, symbols, length"));
  m.def("_generate", generate, Names("net, ids, count, settings"));
  m.def("_write_greedily", write_greedily, Names("net, source, start, longest, lengths"));
}

}  // namespace chainrule::python
