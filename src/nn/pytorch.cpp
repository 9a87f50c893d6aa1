// Parameters in files of PyTorch's.
#include "chainrule/nn/pytorch.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <map>
#include <set>

#include "chainrule/error.h"
#include "chainrule/io.h"
#include "chainrule/ops.h"
#include "core/text.h"
#include "nn/pytorch_names.h"

namespace chainrule {
namespace {

using nn::TorchEntry;
using nn::TorchLayer;

std::string joined(const std::string& path, const std::string& name) {
  return path.empty() ? name : cat(path, ".", name);
}

/// Paths by their numbers: "9" before "10".
bool is_before(const std::string& a, const std::string& b) {
  const auto parts = [](const std::string& path) {
    std::vector<std::pair<long, std::string>> made;
    std::string part;
    for (const char c : path + ".") {
      if (c != '.') {
        part += c;
        continue;
      }
      long number = -1;
      std::from_chars(part.data(), part.data() + part.size(), number);
      made.emplace_back(number, std::exchange(part, ""));
    }
    return made;
  };
  return parts(a) < parts(b);
}

/// How many of the net's names are there.
std::size_t count_found(const NamedTensors& from, const std::vector<TorchLayer>& layers) {
  std::size_t count = 0;
  for (const TorchLayer& layer : layers) {
    for (const TorchEntry& entry : layer.entries) count += from.contains(joined(layer.path, entry.name));
  }
  return count;
}

/// The layers of a file in their order, if all their paths end in numbers; else none.
std::vector<std::string> numbered_paths(const NamedTensors& from) {
  std::set<std::string> paths;
  for (const auto& [name, tensor] : from) {
    const std::size_t dot = name.rfind('.');
    const std::string path = dot == std::string::npos ? "" : name.substr(0, dot);
    if (path.empty() || std::isdigit(static_cast<unsigned char>(path.back())) == 0) return {};
    paths.insert(path);
  }
  std::vector<std::string> ordered(paths.begin(), paths.end());
  std::sort(ordered.begin(), ordered.end(), is_before);
  return ordered;
}

/// Chooses what the layers are called in the file: by PyTorch's paths, ours, or in the order.
void choose_paths(const NamedTensors& from, std::vector<TorchLayer>& layers) {
  std::size_t wanted = 0;
  for (const TorchLayer& layer : layers) wanted += layer.entries.size();
  const std::size_t theirs = count_found(from, layers);
  if (theirs == wanted) return;
  std::vector<TorchLayer> others = layers;
  for (TorchLayer& layer : others) layer.path = layer.own_path;
  if (count_found(from, others) > theirs) {
    layers = others;
    return;
  }
  const std::vector<std::string> ordered = numbered_paths(from);
  if (ordered.size() != layers.size()) return;
  for (std::size_t i = 0; i < layers.size(); ++i) others[i].path = ordered[i];
  if (count_found(from, others) > theirs) layers = others;
}

bool is_whole(const TorchEntry& entry) {
  return std::all_of(entry.variables.begin(), entry.variables.end(),
                     [](const nn::Variable& v) { return bool(v); });
}

/// As PyTorch has it.
Tensor value_of(const TorchEntry& entry) {
  if (entry.counts_batches) return scalar(0, i64);
  Tensor value = entry.variables[0].value();
  if (entry.variables.size() > 1) {
    std::vector<Tensor> parts;
    for (const nn::Variable& one : entry.variables) {
      parts.push_back(entry.transposed ? transpose(one.value()) : one.value());
    }
    return concatenate(parts, 0);
  }
  if (entry.is_row && value.ndim() == 0) return reshape(value, {1});
  return entry.transposed ? transpose(value) : value;
}

/// What is wrong with a file's tensor, or "".
std::string misfit(const std::string& name, const TorchEntry& entry, const Tensor* given) {
  if (entry.counts_batches) return "";
  if (given == nullptr) return cat("\n  missing: ", name);
  const auto parts = static_cast<std::int64_t>(entry.variables.size());
  if (!has_gradient(given->dtype())) return cat("\n  does not fit: ", name, " is ", given->dtype());
  if (!is_whole(entry)) {
    const bool fits = (!entry.transposed || given->ndim() == 2) &&
                      (parts == 1 || (given->ndim() > 0 && given->size(0) % parts == 0));
    return fits ? "" : cat("\n  does not fit: ", name, " is ", given->shape());
  }
  const Shape own = value_of(entry).shape();
  if (own == given->shape()) return "";
  return cat("\n  does not fit: ", name, " is ", given->shape(), ", the net's would be ", own);
}

void set(const TorchEntry& entry, const Tensor& given) {
  const auto parts = static_cast<std::int64_t>(entry.variables.size());
  const std::int64_t size = parts > 1 ? given.size(0) / parts : 0;
  for (std::int64_t i = 0; i < parts; ++i) {
    nn::Variable variable = entry.variables[static_cast<std::size_t>(i)];
    Tensor part = parts == 1 ? given : slice(given, 0, i * size, (i + 1) * size);
    if (entry.transposed) part = transpose(part);
    if (entry.is_row && part.numel() == 1) part = reshape(part, {});
    variable.set_value(variable ? cast(part, variable.value().dtype())
                                : cast(part, computed_as(part.dtype())));
  }
}

}  // namespace

void load(const NamedTensors& from, nn::Layer& net, names::PyTorch) {
  std::vector<TorchLayer> layers = nn::torch_layers(net);
  choose_paths(from, layers);
  std::string wrong;
  std::set<std::string> known;
  for (const TorchLayer& layer : layers) {
    for (const TorchEntry& entry : layer.entries) {
      const std::string name = joined(layer.path, entry.name);
      wrong += misfit(name, entry, from.find(name));
      known.insert(name);
    }
  }
  for (const auto& [name, tensor] : from) {
    if (!known.contains(name)) wrong += cat("\n  not in the net: ", name, " ", tensor.shape());
  }
  if (!wrong.empty()) {
    throw ValueError(575,
                     cat("[load] the state_dict is not that of the net, which is ", net.kind(), ":", wrong,
                         "\nNothing was changed. Need PyTorch's names and shapes for the same layers."));
  }
  for (const TorchLayer& layer : layers) {
    for (const TorchEntry& entry : layer.entries) {
      if (!entry.counts_batches) set(entry, from[joined(layer.path, entry.name)]);
    }
  }
}

void load(const std::string& path, nn::Layer& net, names::PyTorch how) {
  load(io::read_safetensors(path).tensors, net, how);
}

NamedTensors state_dict(const nn::Layer& net) {
  const Shared<nn::Layer> copy(net.copy());  // which shares parameters and states
  NamedTensors made;
  for (const TorchLayer& layer : nn::torch_layers(*copy)) {
    for (const TorchEntry& entry : layer.entries) made.add(joined(layer.path, entry.name), value_of(entry));
  }
  return made;
}

void save(const std::string& path, const nn::Layer& net, names::PyTorch) {
  io::write_safetensors(path, state_dict(net), {{"format", "pt"}});
}

}  // namespace chainrule
