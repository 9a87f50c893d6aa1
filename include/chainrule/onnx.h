#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chainrule/nn/layer.h"
#include "chainrule/nn/model.h"

// Nets in the format ONNX, which other frameworks and runtimes read and write. Link `chainrule::onnx`.
//
//     save_onnx("lenet.onnx", net, images);            // any net; `images` is a batch of any size
//     nn::OnnxNet net = load_onnx("mnist.onnx");       // a layer: predict, train, save again
//     export_onnx("f.onnx", {y}, {x});                 // any graph
//
// docs/onnx.md lists what is read and written.
namespace chainrule {

namespace onnx {
class Program;
}
namespace nn {
class OnnxNet;
}

struct OnnxReadOptions {
  /// All floating numbers become f64, and so do the inputs; else they are what the file says.
  bool in_f64 = false;
};
nn::OnnxNet load_onnx_bytes(std::string_view bytes, const std::string& name, const std::string& folder,
                            const OnnxReadOptions& options);

namespace nn {

/// A net that an ONNX file describes. Its floating initializers are parameters, so that it can be trained on;
/// what the file's operators keep as statistics are states. Copies share them, as of any layer.
///
/// Elements become what the library has: 8 to 64-bit integers i64 (but uint8), 16-bit floating numbers f32.
/// The first axis of an input may have another size than the file says: a batch is a batch.
class OnnxNet : public LayerOf<OnnxNet> {
 public:
  static constexpr Info kInfo{.name = "onnx", .doc = "A net from an ONNX file."};

  /// Of a file that is read when it is first needed: for configurations.
  OnnxNet() = default;
  explicit OnnxNet(std::string file, const OnnxReadOptions& options = {});

  void fields(Fields& f);
  void members(Members& m);
  std::string_view input_names() const override;
  std::string_view output_names() const override;
  std::string_view whole_inputs() const override { return input_names(); }  // the file says what they are
  Ports compute(const Inputs& in, Pass& pass) const;

  /// Inputs of the shapes that the file states, zeros; `batch` where it has a name or nothing for a size.
  /// @throws ValueError  if it does not say the shape of an input (E507), or says one of more than 2^28
  /// numbers (E525).
  std::vector<Tensor> example_inputs(std::int64_t batch = 1) const;
  /// Texts that the file carries.
  const std::vector<std::pair<std::string, std::string>>& metadata() const;
  /// Whether its first output comes from a softmax.
  bool gives_probabilities() const;
  /// What the file is: producer, opset, how often each operator stands in it.
  std::string summary() const;
  using Layer::summary;

 private:
  friend OnnxNet chainrule::load_onnx_bytes(std::string_view, const std::string&, const std::string&,
                                            const OnnxReadOptions&);
  const onnx::Program& program() const;

  std::string file_;
  OnnxReadOptions options_;
  Shared<Counted> program_;
  std::vector<std::pair<std::string, Parameter>> parameters_;
  std::vector<std::pair<std::string, State>> states_;
};

}  // namespace nn

/// @name Reading
/// @throws FileError  if it is no model or cut off (E500), has elements or data that cannot be read (E501,
/// E502,
///     E504), names that do not fit together (E503), another version (E505).
/// @throws ValueError  for operators that are not known: lists all of them (E506).
/// @{
nn::OnnxNet load_onnx(const std::string& path, const OnnxReadOptions& options = {});
/// From memory.
/// @param name    for messages.
/// @param folder  where data outside the model lie; "": there may be none.
nn::OnnxNet load_onnx_bytes(std::string_view bytes, const std::string& name = "model",
                            const std::string& folder = "", const OnnxReadOptions& options = {});
/// With what `save_onnx` wrote beside the net: classes, what goes before and after, notes.
Model load_onnx_model(const std::string& path);
/// @}

struct OnnxOptions {
  /// Name of the batch, the first axis of each input: the file takes batches of any size. "" for the sizes as
  /// they are.
  std::string batch = "N";
  /// Batch normalisation becomes part of the convolution or affine layer before it: the weights have other
  /// names then, "conv1.folded_weight".
  bool fold = false;
  /// Names in the file; the layer's own where they are left out.
  std::vector<std::string> inputs = {}, outputs = {};
  /// Classes, scaling and notes, as of `save`.
  ModelOptions model = {};
  /// Whether the file is read again and compared.
  bool check = true;
};

/// What was written.
struct OnnxReport {
  std::int64_t operations = 0, parameters = 0;  ///< parameters: numbers in them
  /// The largest difference between what the net gives and what the file gives, read again, on 16 random
  /// inputs; relative to the largest number of the output, or 1.
  double largest_difference = 0;
};

/// @name Writing: opset 17. Whole afterwards, or not there.
/// @throws ValueError  for an operation that ONNX has no form for (E520), a file that the format's checker
///     refuses (E521), sizes that depend on the batch in another way than times or plus (E522), a difference
///     above 1e-4 on reading it again (E523).
/// @throws FileError  if it cannot be written (E083).
/// @{

/// A net as it infers: without dropout.
/// @param inputs  a batch of inputs like those it takes; whole numbers stand for the range they may have.
OnnxReport save_onnx(const std::string& path, const nn::Layer& net, const nn::Inputs& inputs,
                     const OnnxOptions& options = {});
/// A net from an ONNX file, which says itself what its inputs are.
OnnxReport save_onnx(const std::string& path, const nn::OnnxNet& net, const OnnxOptions& options = {});
/// Any graph, with the sizes that it has: outputs as a function of the inputs. What else it is made of is
/// stored as it is.
OnnxReport export_onnx(const std::string& path, std::span<const Tensor> outputs,
                       std::span<const Tensor> inputs, const OnnxOptions& options = {});
OnnxReport export_onnx(const std::string& path, std::initializer_list<Tensor> outputs,
                       std::initializer_list<Tensor> inputs, const OnnxOptions& options = {});
/// The bytes in place of a file.
std::string onnx_bytes(const nn::Layer& net, const nn::Inputs& inputs, const OnnxOptions& options = {});
/// @}

}  // namespace chainrule
