// Files in the format ONNX, if the tool was built with it.
#include "onnx_file.h"

#include <fmt/format.h>

#include <algorithm>

#include "chainrule/error.h"
#ifdef CHAINRULE_HAS_ONNX
#include "chainrule/nn.h"
#include "chainrule/onnx.h"
#include "chainrule/ops.h"
#endif

namespace chainrule::cli {

bool is_onnx(const std::string& name) { return name.ends_with(".onnx"); }

#ifdef CHAINRULE_HAS_ONNX

Model load_onnx_file(const std::string& path) { return load_onnx_model(path); }

std::string onnx_text(const std::string& path) {
  const nn::OnnxNet net = load_onnx(path);
  std::string text = net.summary();
  for (const auto& [key, value] : net.metadata()) {
    const bool is_long = value.size() > 400 || value.find('\n') != std::string::npos;
    text +=
        fmt::format("  {:<28} {}\n", key, is_long ? fmt::format("({} bytes of text)", value.size()) : value);
  }
  return text;
}

std::vector<std::int64_t> onnx_row(const nn::Layer& net) {
  const auto* onnx = dynamic_cast<const nn::OnnxNet*>(&net);
  if (onnx == nullptr) return {};
  try {
    const Shape shape = onnx->example_inputs()[0].shape();
    return {shape.begin() + std::min(shape.ndim(), 1), shape.end()};
  } catch (const ValueError&) {
    return {};
  }
}

namespace {

/// Softmax of it gives the probabilities back.
struct LogOfProbabilities : nn::LayerOf<LogOfProbabilities> {
  static constexpr Info kInfo{.name = "log_of_probabilities", .doc = "Logarithms of probabilities."};
  Tensor compute(const Tensor& p, nn::Pass&) const { return log(maximum(p, 1e-30)); }
};

}  // namespace

Shared<nn::Layer> classifier_of(const nn::Layer& net) {
  const auto* onnx = dynamic_cast<const nn::OnnxNet*>(&net);
  if (onnx == nullptr || !onnx->gives_probabilities()) return {};
  static const bool kIsKnown = (registry<nn::Layer>().add<LogOfProbabilities>(), true);
  static_cast<void>(kIsKnown);
  const bool takes_rows = onnx_row(net).size() == 1;
  nn::Sequential classifier;
  if (takes_rows) classifier.add(nn::Flatten());
  classifier.add(*onnx);
  classifier.add(LogOfProbabilities());
  return Shared<nn::Layer>(new nn::Sequential(classifier));
}

std::string write_onnx_file(const Model& model, const nn::Inputs& example, const OnnxExport& options) {
  const OnnxReport report =
      save_onnx(options.out, *model.net, example,
                {.batch = options.fixed ? "" : "N", .fold = options.fold, .model = model.options});
  return fmt::format("{}: ONNX, opset 17, {} operators, {} numbers; read again, it differs by {:.2g}\n",
                     options.out, report.operations, report.parameters, report.largest_difference);
}

#else

namespace {
[[noreturn]] void refuse(const std::string& path) {
  throw FileError(
      510, fmt::format("[onnx] {}: this program was built without ONNX. Build it where libonnx-dev and "
                       "libprotobuf-dev are installed: scripts/install-deps.sh onnx.",
                       path));
}
}  // namespace

Model load_onnx_file(const std::string& path) { refuse(path); }
std::string onnx_text(const std::string& path) { refuse(path); }
std::vector<std::int64_t> onnx_row(const nn::Layer&) { return {}; }
Shared<nn::Layer> classifier_of(const nn::Layer&) { return {}; }
std::string write_onnx_file(const Model&, const nn::Inputs&, const OnnxExport& options) {
  refuse(options.out);
}

#endif

}  // namespace chainrule::cli
