// What PyTorch calls the parameters and states of each layer.
#include "nn/pytorch_names.h"

#include <algorithm>

#include "core/text.h"

namespace chainrule::nn {
namespace {

/// A name of PyTorch's for one of ours, in layers of a kind; "" is any kind.
struct Renamed {
  std::string_view kind, ours, theirs;
  bool transposed = false;
};
constexpr Renamed kRenamed[] = {
    {"affine", "weight", "weight", true},
    {"linear", "weight", "weight", true},
    {"batch_norm", "mean", "running_mean"},
    {"batch_norm", "variance", "running_var"},
    {"prelu", "slope", "weight"},
    {"", "scale", "weight"},
    {"", "shift", "bias"},
    {"", "norm1_scale", "norm1.weight"},
    {"", "norm1_shift", "norm1.bias"},
    {"", "norm2_scale", "norm2.weight"},
    {"", "norm2_shift", "norm2.bias"},
    {"", "norm3_scale", "norm3.weight"},
    {"", "norm3_shift", "norm3.bias"},
};

/// Of members that are layers.
constexpr Renamed kLayers[] = {
    {"transformer_encoder_layer", "attention", "self_attn"},
    {"transformer_encoder_layer", "expand", "linear1"},
    {"transformer_encoder_layer", "shrink", "linear2"},
    {"transformer_decoder_layer", "attention", "self_attn"},
    {"transformer_decoder_layer", "memory_attention", "multihead_attn"},
    {"transformer_decoder_layer", "expand", "linear1"},
    {"transformer_decoder_layer", "shrink", "linear2"},
};

const Renamed* find(std::span<const Renamed> table, std::string_view kind, std::string_view ours) {
  for (const Renamed& one : table) {
    if ((one.kind.empty() || one.kind == kind) && one.ours == ours) return &one;
  }
  return nullptr;
}

std::string joined(const std::string& path, const std::string& name) {
  return path.empty() || name.empty() ? path + name : cat(path, ".", name);
}

struct Own {
  std::string name;
  Variable variable;
};

/// "back_weight_x2" as "weight_ih_l1_reverse".
TorchEntry recurrent_entry(const Own& own) {
  const bool is_back = own.name.starts_with("back_");
  const std::string name = own.name.substr(is_back ? 5 : 0);
  const std::size_t line = name.find('_');
  const int layer = std::stoi(name.substr(line + 2)) - 1;
  const bool is_weight = name.starts_with("weight");
  return {
      cat(name.substr(0, line), name[line + 1] == 'x' ? "_ih_l" : "_hh_l", layer, is_back ? "_reverse" : ""),
      {own.variable},
      is_weight};
}

/// One weight for query, key and value where they have one size, as PyTorch has it.
std::vector<TorchEntry> attention_entries(const std::vector<Own>& own) {
  const auto variable = [&](std::string_view name) {
    return std::find_if(own.begin(), own.end(), [&](const Own& one) { return one.name == name; })->variable;
  };
  const Variable q = variable("query_weight"), k = variable("key_weight"), v = variable("value_weight");
  const bool is_alike =
      !q || (q.value().shape() == k.value().shape() && q.value().shape() == v.value().shape());
  std::vector<TorchEntry> entries;
  if (is_alike) {
    entries.push_back({"in_proj_weight", {q, k, v}, true});
  } else {
    entries.push_back({"q_proj_weight", {q}, true});
    entries.push_back({"k_proj_weight", {k}, true});
    entries.push_back({"v_proj_weight", {v}, true});
  }
  entries.push_back({"out_proj.weight", {variable("output_weight")}, true});
  if (own.size() > 4) {
    entries.push_back(
        {"in_proj_bias", {variable("query_bias"), variable("key_bias"), variable("value_bias")}});
    entries.push_back({"out_proj.bias", {variable("output_bias")}});
  }
  return entries;
}

std::vector<TorchEntry> entries_of(std::string_view kind, const std::vector<Own>& own) {
  if (kind == "attention") return attention_entries(own);
  std::vector<TorchEntry> entries;
  for (const Own& one : own) {
    if (kind == "rnn" || kind == "lstm" || kind == "gru") {
      entries.push_back(recurrent_entry(one));
    } else if (const Renamed* known = find(kRenamed, kind, one.name)) {
      entries.push_back({std::string(known->theirs), {one.variable}, known->transposed, kind == "prelu"});
    } else {
      entries.push_back({one.name, {one.variable}});
    }
  }
  if (kind == "batch_norm")
    entries.push_back({.name = "num_batches_tracked", .variables = {}, .counts_batches = true});
  return entries;
}

void add_layers(Layer& layer, const std::string& path, const std::string& own_path,
                std::vector<TorchLayer>& found) {
  Members members;
  layer.visit_members(members);
  std::vector<Own> own;
  for (const Members::Member& member : members.all()) {
    if (member.parameter != nullptr) own.push_back({member.name, *member.parameter});
    if (member.state != nullptr) own.push_back({member.name, *member.state});
  }
  if (!own.empty()) found.push_back({path, own_path, entries_of(layer.kind(), own)});
  int number = 0;
  for (const Members::Member& member : members.all()) {
    Layer* inner = member.layer != nullptr    ? member.layer
                   : member.shared != nullptr ? member.shared->get()
                                              : nullptr;
    if (inner == nullptr) continue;
    const Renamed* known = find(kLayers, layer.kind(), member.name);
    const std::string name = layer.kind() == "sequential" ? std::to_string(number++)
                             : known != nullptr           ? std::string(known->theirs)
                                                          : member.name;
    add_layers(*inner, joined(path, name), joined(own_path, member.name), found);
  }
}

}  // namespace

std::vector<TorchLayer> torch_layers(Layer& net) {
  static_cast<void>(net.variables());  // no layer holds itself
  std::vector<TorchLayer> found;
  add_layers(net, "", "", found);
  return found;
}

}  // namespace chainrule::nn
