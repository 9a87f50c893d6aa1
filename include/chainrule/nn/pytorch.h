#pragma once

#include <string>

#include "chainrule/named_tensors.h"
#include "chainrule/nn/layer.h"

// Parameters under PyTorch's names and in its layouts, in safetensors files:
//
//     # Python
//     safetensors.torch.save_file(model.state_dict(), "model.safetensors")
//
//     load("model.safetensors", net, names::pytorch);
//     save("model.safetensors", net, names::pytorch);   //
//     model.load_state_dict(load_file("model.safetensors"))
//
// Which name becomes which: docs/pytorch.md.
namespace chainrule {

namespace names {
struct PyTorch {};
/// PyTorch's names, for load and save.
inline constexpr PyTorch pytorch;
}  // namespace names

/// Gives a net the parameters and states of a `state_dict`. Names are looked for as PyTorch gives them: the
/// path of names of members, where the layers of a Sequential have their number; the paths of this library
/// will do as well. If names fit in neither way and all are numbers ("0.weight"), layers are taken in their
/// order.
/// @throws FileError  for a file that is no safetensors file, with what to do about it (E574), or as load.
/// @throws ValueError  that lists what is missing, what is not known, what has another shape (E575). Nothing
/// has
///     changed then.
void load(const std::string& path, nn::Layer& net, names::PyTorch);
void load(const NamedTensors& state_dict, nn::Layer& net, names::PyTorch);

/// Writes a file that PyTorch's load_state_dict takes. @throws  as save.
void save(const std::string& path, const nn::Layer& net, names::PyTorch);
/// The same in memory.
NamedTensors state_dict(const nn::Layer& net);

}  // namespace chainrule
