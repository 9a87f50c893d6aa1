#pragma once

#include <string>
#include <utility>
#include <vector>

#include "chainrule/named_tensors.h"
#include "chainrule/nn/layers.h"

// Nets in files. A file is in the safetensors format: parameters and states by path, and in its metadata the
// configuration that makes the net, so that another program needs nothing else:
//
//     save("lenet.safetensors", net);
//
//     const Model net = load_model("lenet.safetensors");
//     std::cout << argmax(net.predict(image), 1) << "\n";
namespace chainrule {

/// What stands beside the net in a model file.
struct ModelOptions {
  std::vector<std::string> classes = {};  ///< names of the classes, in the order of the outputs
  Shared<nn::Layer> before = {};  ///< what inputs go through first, and outputs at last: scaling, such as
  Shared<nn::Layer> after = {};   ///< nn::ScaleShift. Not trained, not part of the net.
  std::vector<std::pair<std::string, std::string>> notes = {};  ///< further metadata, by names of one's own
  /// Parameters of more bytes are rounded to this dtype in the file: f16 and bf16 halve that of an f32 net.
  DType weights = f64;
};

/// A net from a file, with what belongs to it. predict may be called by several threads at once.
struct Model {
  Shared<nn::Layer> net = {};
  ModelOptions options = {};

  /// before, net and after, for inference.
  /// @throws ValueError  if there is no net (E010), and what the layers throw.
  Tensor predict(const nn::Input& x) const;
  /// The same of two inputs, of which the first goes through `before`.
  Tensor predict(const nn::Input& x, const nn::Input& y) const;
  /// The names of the classes with the largest outputs, row by row; their numbers where there are no names.
  /// @throws ShapeError  unless the output is (rows, classes) (E249).
  std::vector<std::string> classify(const nn::Input& x) const;
};

/// Writes a net: the file is there whole afterwards, or what was there before is.
/// What is held in several places (tied layers) is written once, and tied again by load_model.
/// @throws ValueError  if the net has no parameters' values yet (E240), or is nested deeper than can be read
///     again (E224), or a parameter becomes infinite as options.weights (E206).
/// @throws DTypeError  if options.weights is none of f64, f32, bf16 and f16 (E591).
/// @throws FileError  if it cannot be written (E083).
void save(const std::string& path, const nn::Layer& net, const ModelOptions& options = {});

/// The net that a file describes, with its parameters; those kept as f16 or bf16 become f32. Layers of one's
/// own must be registered before.
/// @throws FileError  if it cannot be read (E200 to E207), was changed after it was saved (E256), does not
///     say what net it holds, or is of a newer format (E245).
/// @throws ValueError  if a layer is not known (E230), or the tensors are not those of the net (E246).
Model load_model(const std::string& path);

/// Gives a net the parameters and states of a file, by path. Floating numbers are converted to the net's
/// dtype. All of them must be there and fit, and no others; nothing has changed otherwise. Of a checkpoint,
/// what belongs to the optimizer and to handlers is left out.
/// @throws FileError  if it cannot be read, or was changed after it was saved (E256).
/// @throws ValueError  that lists what is missing, what is not known, what has another shape (E246).
void load(const std::string& path, nn::Layer& net);
void load(const NamedTensors& tensors, nn::Layer& net);

/// Keeps the parameters of a net in another dtype, for inference: as f16 or bf16 an f32 net takes half the
/// memory. Each use converts them to f32 first, which costs time. Such a net is not trained: gradients are
/// f32.
/// @throws ValueError  if there are no values yet (E240), or one becomes infinite (E206).
/// @throws DTypeError  if the dtype is none of f64, f32, bf16 and f16 (E591).
void keep_weights(nn::Layer& net, DType dtype);

/// Parameters and states by path.
NamedTensors tensors_of(const nn::Layer& net);

}  // namespace chainrule
