// Nets and graphs written as ONNX files, read again and compared.
#include <algorithm>
#include <cmath>

#include "chainrule/error.h"
#include "chainrule/io.h"
#include "chainrule/ops.h"
#include "chainrule/random_tensor.h"
#include "core/text.h"
#include "onnx/net_model.h"

namespace chainrule {
namespace {

using onnx::Subject;

/// Inputs to compare with: floating ones normal, others in the range that the example has.
Tensors drawn(const Tensors& like, std::uint64_t seed) {
  Tensors made;
  for (std::size_t i = 0; i < like.size(); ++i) {
    const Tensor& x = like[i];
    const RandomKey key{.seed = seed, .step = i};
    if (x.is_empty() || x.numel() == 0) {
      made.push_back(x);
    } else if (has_gradient(x.dtype())) {
      made.push_back(detach(cast(normal(x.shape(), key, 0, 1, computed_as(x.dtype())), x.dtype())));
    } else {
      const Tensor numbers = cast(x, f64), low = min(numbers), high = max(numbers);
      made.push_back(detach(cast(floor(uniform(x.shape(), key, low, high + 1, f64)), x.dtype())));
    }
  }
  return made;
}

/// The largest difference between two results, relative to the largest number, or 1.
double largest_difference(const Tensors& a, const Tensors& b) {
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const std::vector<double> x = cast(a[i], f64).to_vector<double>(),
                              y = cast(b[i], f64).to_vector<double>();
    if (a[i].shape() != b[i].shape()) return INFINITY;
    double size = 1, difference = 0;
    for (const double v : x) size = std::isfinite(v) ? std::max(size, std::abs(v)) : size;
    for (std::size_t k = 0; k < x.size(); ++k) {
      const bool same = x[k] == y[k] || (std::isnan(x[k]) && std::isnan(y[k]));
      if (!same)
        difference = std::max(difference, std::isnan(x[k] - y[k]) ? INFINITY : std::abs(x[k] - y[k]));
    }
    largest = std::max(largest, difference / size);
  }
  return largest;
}

/// What the file gives, read again, against what the net gives.
double compared(const Subject& subject, const OnnxOptions& options, const std::string& bytes) {
  const nn::OnnxNet again = load_onnx_bytes(bytes, "what was written");
  if (subject.net == nullptr)
    return largest_difference(subject.outputs, onnx::outputs_of(again, subject.inputs));
  double largest = 0;
  const std::int64_t tries = options.batch.empty() ? 16 : 4;  // 4 batches of 1, 4, 5 and 6 are 16 as well
  for (std::int64_t i = 0; i < tries; ++i) {
    const std::int64_t batch = i == 0 ? 1 : i + 3;
    const Tensors like = options.batch.empty() ? subject.inputs : onnx::with_batch(subject.inputs, batch);
    Tensors inputs, outputs;
    try {
      inputs = drawn(like, static_cast<std::uint64_t>(i) + 1);
      outputs = onnx::outputs_of(*subject.net, inputs);
      evaluate(outputs);
    } catch (const ValueError&) {  // not for any numbers, as targets that are probabilities
      inputs = like, outputs = onnx::outputs_of(*subject.net, inputs);
    }
    Tensors given;
    for (const Tensor& x : inputs) {
      if (!x.is_empty()) given.push_back(x);
    }
    largest = std::max(largest, largest_difference(outputs, onnx::outputs_of(again, given)));
  }
  return largest;
}

struct Written {
  std::string bytes;
  OnnxReport report;
};

Written written(const Subject& subject, const OnnxOptions& options) {
  onnx::Model model = onnx::model_of(subject, options);
  Written made{onnx::model_bytes(model), {}};
  made.report.operations = static_cast<std::int64_t>(model.graph.operations.size());
  for (const auto& [name, tensor] : model.graph.initializers) made.report.parameters += tensor.numel();
  if (!options.check) return made;
  made.report.largest_difference = compared(subject, options, made.bytes);
  constexpr double kMost = 1e-4;
  if (!(made.report.largest_difference <= kMost)) {
    throw ValueError(523, cat("[save_onnx] read again, the file gives other numbers: they differ by ",
                              made.report.largest_difference, "; need at most ", kMost,
                              ". Nothing was written. Please report it, with the net."));
  }
  model.metadata.emplace_back("chainrule.largest_difference", cat(made.report.largest_difference));
  made.bytes = onnx::model_bytes(model);
  return made;
}

OnnxReport save_to(const std::string& path, const Subject& subject, const OnnxOptions& options) {
  const Written made = written(subject, options);
  io::replace_file(path, made.bytes);
  return made.report;
}

}  // namespace

OnnxReport save_onnx(const std::string& path, const nn::Layer& net, const nn::Inputs& inputs,
                     const OnnxOptions& options) {
  return save_to(path, onnx::subject_of(net, inputs), options);
}

OnnxReport save_onnx(const std::string& path, const nn::OnnxNet& net, const OnnxOptions& options) {
  return save_onnx(path, net, nn::Inputs(net.example_inputs()), options);
}

std::string onnx_bytes(const nn::Layer& net, const nn::Inputs& inputs, const OnnxOptions& options) {
  return written(onnx::subject_of(net, inputs), options).bytes;
}

OnnxReport export_onnx(const std::string& path, std::span<const Tensor> outputs,
                       std::span<const Tensor> inputs, const OnnxOptions& options) {
  const Subject subject{nullptr, {inputs.begin(), inputs.end()}, {outputs.begin(), outputs.end()}, {}, {}};
  return save_to(path, subject, options);
}

OnnxReport export_onnx(const std::string& path, std::initializer_list<Tensor> outputs,
                       std::initializer_list<Tensor> inputs, const OnnxOptions& options) {
  return export_onnx(path, std::span(outputs.begin(), outputs.size()),
                     std::span(inputs.begin(), inputs.size()), options);
}

}  // namespace chainrule
