// Nets in files.
#include "chainrule/nn/model.h"

#include "chainrule/config.h"
#include "chainrule/error.h"
#include "chainrule/io.h"
#include "chainrule/ops.h"
#include "core/text.h"

namespace chainrule {
namespace {

constexpr std::string_view kFormat = "chainrule.format", kNet = "chainrule.net", kBefore = "chainrule.before",
                           kAfter = "chainrule.after", kClasses = "chainrule.classes";

std::string configuration(const nn::Layer& layer) { return config::to_text(config::write(layer)); }

/// The slots of a net by path: parameters, then states.
struct Slot {
  std::string name;
  nn::Variable variable;
};
std::vector<Slot> slots_of(const nn::Layer& net) {
  std::vector<Slot> slots;
  for (nn::NamedParameter& p : net.parameters()) slots.push_back({std::move(p.name), p.parameter});
  for (nn::NamedState& s : net.states()) slots.push_back({std::move(s.name), s.state});
  return slots;
}

std::string described(const Tensor& tensor) { return cat(tensor.shape(), " ", name_of(tensor.dtype())); }

/// What is wrong with a tensor for a slot, or "".
std::string misfit(const Slot& slot, const Tensor* given) {
  if (given == nullptr) return cat("\n  missing: ", slot.name);
  if (!slot.variable) return "";
  const Tensor& own = slot.variable.value();
  const bool is_alike =
      own.dtype() == given->dtype() || (is_floating(own.dtype()) && is_floating(given->dtype()));
  if (own.shape() == given->shape() && is_alike) return "";
  return cat("\n  does not fit: ", slot.name, " is ", described(*given), ", the net's is ", described(own));
}

void check_fit(const NamedTensors& tensors, const std::vector<Slot>& slots, const nn::Layer& net) {
  std::string wrong;
  NamedTensors known;
  for (const Slot& slot : slots) {
    wrong += misfit(slot, tensors.find(slot.name));
    known.add(slot.name, Tensor());
  }
  for (const auto& [name, tensor] : tensors) {
    if (!known.contains(name)) wrong += cat("\n  not in the net: ", name, " ", described(tensor));
  }
  if (wrong.empty()) return;
  throw ValueError(246, cat("[load] the tensors are not those of the net, which is ", net.kind(), ":", wrong,
                            "\nNothing was changed. Need the same names and shapes."));
}

/// A layer from metadata; empty if the key is not there.
Shared<nn::Layer> layer_from(const io::Metadata& metadata, std::string_view key, const std::string& path) {
  for (const auto& [name, text] : metadata) {
    if (name == key) return config::make<nn::Layer>(config::parse_text(text, cat(path, ", ", key)));
  }
  return {};
}

}  // namespace

Tensor Model::predict(const nn::Input& x) const {
  Tensor y = x.tensor();
  if (options.before) y = options.before->predict(nn::Input(y, x.where()));
  y = net->predict(nn::Input(y, x.where()));
  return options.after ? options.after->predict(nn::Input(y, x.where())) : y;
}

std::vector<std::string> Model::classify(const nn::Input& x) const {
  std::vector<std::string> names;
  for (const std::int64_t number : argmax(predict(x), 1).to_vector<std::int64_t>()) {
    const auto i = static_cast<std::size_t>(number);
    names.push_back(i < options.classes.size() ? options.classes[i] : std::to_string(number));
  }
  return names;
}

NamedTensors tensors_of(const nn::Layer& net) {
  NamedTensors tensors;
  for (const Slot& slot : slots_of(net)) tensors.add(slot.name, slot.variable.value());
  return tensors;
}

void save(const std::string& path, const nn::Layer& net, const ModelOptions& options) {
  io::Metadata metadata{{std::string(kFormat), "1"}, {std::string(kNet), configuration(net)}};
  if (options.before) metadata.emplace_back(kBefore, configuration(*options.before));
  if (options.after) metadata.emplace_back(kAfter, configuration(*options.after));
  if (!options.classes.empty()) {
    std::vector<config::Value> names(options.classes.begin(), options.classes.end());
    metadata.emplace_back(kClasses, config::to_json(config::Value::of_list(std::move(names)), 0));
  }
  metadata.insert(metadata.end(), options.notes.begin(), options.notes.end());
  io::write_safetensors(path, tensors_of(net), metadata);
}

Model load_model(const std::string& path) {
  io::TensorFile file = io::read_safetensors(path);
  Model model;
  model.net = layer_from(file.metadata, kNet, path);
  if (!model.net) {
    throw FileError(245, cat("[load_model] ", path,
                             " does not say what net it holds: it was not written by save. Make "
                             "the net, and load its parameters with load(path, net)."));
  }
  model.options.before = layer_from(file.metadata, kBefore, path);
  model.options.after = layer_from(file.metadata, kAfter, path);
  for (const auto& [name, text] : file.metadata) {
    if (name == kClasses) {
      for (const config::Value& value : config::parse_json(text, cat(path, ", ", kClasses)).list) {
        model.options.classes.push_back(value.text);
      }
    } else if (!name.starts_with("chainrule.")) {
      model.options.notes.emplace_back(name, text);
    }
  }
  load(file.tensors, *model.net);
  return model;
}

void load(const std::string& path, nn::Layer& net) { load(io::read_safetensors(path).tensors, net); }

void load(const NamedTensors& tensors, nn::Layer& net) {
  std::vector<Slot> slots = slots_of(net);
  check_fit(tensors, slots, net);
  for (Slot& slot : slots) {
    const Tensor& given = tensors[slot.name];
    slot.variable.set_value(slot.variable ? cast(given, slot.variable.value().dtype()) : given);
  }
}

}  // namespace chainrule
