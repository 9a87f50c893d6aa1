// Nets in files.
#include "chainrule/nn/model.h"

#include <algorithm>
#include <cmath>

#include "chainrule/config.h"
#include "chainrule/error.h"
#include "chainrule/io.h"
#include "chainrule/ops.h"
#include "core/text.h"
#include "nn/ties.h"

namespace chainrule {
namespace {

constexpr std::string_view kFormat = "chainrule.format", kNet = "chainrule.net", kBefore = "chainrule.before",
                           kAfter = "chainrule.after", kClasses = "chainrule.classes",
                           kTies = "chainrule.ties", kChecksum = "chainrule.checksum";

constexpr std::string_view kVersion = "1";

std::string configuration(const nn::Layer& layer) {
  static_cast<void>(layer.variables());  // no layer holds itself
  return config::to_text(config::write(layer));
}

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
      own.dtype() == given->dtype() || (has_gradient(own.dtype()) && has_gradient(given->dtype()));
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

void check_weights(std::string_view who, DType dtype) {
  if (has_gradient(dtype)) return;
  throw DTypeError(591, cat("[", who, "] weights cannot be ", dtype, ". Need f64, f32, bf16 or f16."));
}

/// A parameter in another dtype. @throws ValueError E206  if a number becomes infinite.
Tensor converted(std::string_view who, const std::string& name, const Tensor& value, DType dtype) {
  if (value.dtype() == dtype) return value;
  const Tensor made = detach(cast(value, dtype));
  const std::vector<double> before = value.to_vector(), after = made.to_vector();
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (!std::isinf(after[i]) || std::isinf(before[i])) continue;
    throw ValueError(206, cat("[", who, "] element ", i, " of ", name, " is ", before[i],
                              ", which is infinite as ", dtype, ". Take a dtype of a larger range."));
  }
  return made;
}

/// A layer from metadata; empty if the key is not there.
Shared<nn::Layer> layer_from(const io::Metadata& metadata, std::string_view key, const std::string& path) {
  for (const auto& [name, text] : metadata) {
    if (name == key) return config::make<nn::Layer>(config::parse_text(text, cat(path, ", ", key)));
  }
  return {};
}

/// A file of which nothing was changed since `save`; one of another program need not say so.
io::TensorFile read_whole(const std::string& path) {
  io::TensorFile file = io::read_safetensors(path);
  for (const auto& [name, text] : file.metadata) {
    if (name != kChecksum || text == io::checksum(file.tensors, file.metadata)) continue;
    throw FileError(256, cat("[load] ", path,
                             ": its checksum does not fit: it was changed after it was "
                             "saved. Take a copy that is whole, or save the net again."));
  }
  return file;
}

/// Whether a Trainer wrote it (src/train/checkpoint_file.cpp).
bool is_checkpoint(const io::Metadata& metadata) {
  const auto says = [](const auto& entry) {
    return entry.first == "format" && entry.second == "chainrule checkpoint";
  };
  return std::any_of(metadata.begin(), metadata.end(), says);
}

}  // namespace

config::Value ties_of(const nn::Layer& net) {
  const std::vector<nn::Members::Member> all = net.variables();
  std::vector<config::Entry> ties;
  for (auto later = all.begin(); later != all.end(); ++later) {
    const auto first =
        std::find_if(all.begin(), later, [&](const auto& other) { return later->is_same(other); });
    if (first != later) ties.push_back({later->name, config::Value(first->name)});
  }
  return config::Value::of_table(std::move(ties));
}

void tie(nn::Layer& net, const config::Value& ties) {
  const std::vector<nn::Members::Member> all = net.variables();
  const auto find = [&](const std::string& name) {
    return std::find_if(all.begin(), all.end(), [&](const auto& member) { return member.name == name; });
  };
  for (const config::Entry& entry : ties.table) {
    const auto later = find(entry.key), first = find(entry.value.text);
    if (later == all.end() || first == all.end()) continue;  // what is missing then is named by load
    if (later->parameter != nullptr && first->parameter != nullptr) *later->parameter = *first->parameter;
    if (later->state != nullptr && first->state != nullptr) *later->state = *first->state;
  }
}

Tensor Model::predict(const nn::Input& x) const {
  Tensor y = x.tensor();
  if (options.before) y = options.before->predict(nn::Input(y, x.where()));
  y = net->predict(nn::Input(y, x.where()));
  return options.after ? options.after->predict(nn::Input(y, x.where())) : y;
}

Tensor Model::predict(const nn::Input& x, const nn::Input& y) const {
  const Tensor scaled = options.before ? options.before->predict(x) : x.tensor();
  const Tensor found = net->predict(nn::Input(scaled, x.where()), y);
  return options.after ? options.after->predict(nn::Input(found, x.where())) : found;
}

std::vector<std::string> Model::classify(const nn::Input& x) const {
  const Tensor y = predict(x);
  const auto count = static_cast<std::int64_t>(options.classes.size());
  if (y.ndim() != 2 || (count > 0 && y.size(1) != count)) {
    throw ShapeError(249, cat("[classify] the net's output is ", y.shape(), "; need (rows, ",
                              count > 0 ? std::to_string(count) : "classes", "), a number a class",
                              count > 0 ? cat(": there are ", count, " names") : "", "."));
  }
  std::vector<std::string> names;
  for (const std::int64_t number : argmax(y, 1).to_vector<std::int64_t>()) {
    names.push_back(count > 0 ? options.classes[static_cast<std::size_t>(number)] : std::to_string(number));
  }
  return names;
}

NamedTensors tensors_of(const nn::Layer& net) {
  NamedTensors tensors;
  for (const Slot& slot : slots_of(net)) tensors.add(slot.name, slot.variable.value());
  return tensors;
}

void keep_weights(nn::Layer& net, DType dtype) {
  check_weights("keep_weights", dtype);
  std::vector<nn::NamedParameter> parameters = net.parameters();
  std::vector<Tensor> values;
  for (const nn::NamedParameter& p : parameters) {
    values.push_back(converted("keep_weights", p.name, p.parameter.value(), dtype));
  }
  for (std::size_t i = 0; i < values.size(); ++i) parameters[i].parameter.replace(values[i]);
}

void save(const std::string& path, const nn::Layer& net, const ModelOptions& options) {
  check_weights("save", options.weights);
  io::Metadata metadata{{std::string(kFormat), std::string(kVersion)},
                        {std::string(kNet), configuration(net)}};
  if (options.before) metadata.emplace_back(kBefore, configuration(*options.before));
  if (options.after) metadata.emplace_back(kAfter, configuration(*options.after));
  if (!options.classes.empty()) {
    std::vector<config::Value> names(options.classes.begin(), options.classes.end());
    metadata.emplace_back(kClasses, config::to_json(config::Value::of_list(std::move(names)), 0));
  }
  if (const config::Value ties = ties_of(net); !ties.table.empty()) {
    metadata.emplace_back(kTies, config::to_text(ties));
  }
  for (const auto& [name, text] : metadata) {  // what cannot be read again is not written
    if (name != kFormat) config::parse_text(text, cat(path, ", ", name));
  }
  metadata.insert(metadata.end(), options.notes.begin(), options.notes.end());
  NamedTensors tensors;
  for (const nn::NamedParameter& p : net.parameters()) {
    const Tensor& value = p.parameter.value();
    const bool is_wider = size_of(value.dtype()) > size_of(options.weights);
    tensors.add(p.name, is_wider ? converted("save", p.name, value, options.weights) : value);
  }
  for (const nn::NamedState& s : net.states()) tensors.add(s.name, s.state.value());
  metadata.emplace_back(kChecksum, io::checksum(tensors, metadata));
  io::write_safetensors(path, tensors, metadata);
}

Model load_model(const std::string& path) {
  const io::TensorFile file = read_whole(path);
  Model model;
  model.net = layer_from(file.metadata, kNet, path);
  if (!model.net && is_checkpoint(file.metadata)) {
    throw FileError(245, cat("[load_model] ", path,
                             " is a checkpoint of a run, which does not say what net it is of. "
                             "Make the net, and take its parameters with load(path, net)."));
  }
  if (!model.net) {
    throw FileError(245, cat("[load_model] ", path,
                             " does not say what net it holds: it was not written by save. Make "
                             "the net, and load its parameters with load(path, net)."));
  }
  model.options.before = layer_from(file.metadata, kBefore, path);
  model.options.after = layer_from(file.metadata, kAfter, path);
  for (const auto& [name, text] : file.metadata) {
    if (name == kFormat && text != kVersion) {
      throw FileError(245, cat("[load_model] ", path, " is a model file of format ", text,
                               "; this program reads ", kVersion, ". Use a newer one."));
    }
    if (name == kTies) {
      tie(*model.net, config::parse_text(text, cat(path, ", ", kTies)));
    } else if (name == kClasses) {
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

void load(const std::string& path, nn::Layer& net) {
  const io::TensorFile file = read_whole(path);
  if (!is_checkpoint(file.metadata)) return load(file.tensors, net);
  NamedTensors of_net;  // without what belongs to the optimizer and to handlers
  for (const auto& [name, tensor] : file.tensors) {
    if (name.find('/') == std::string::npos) of_net.add(name, tensor);
  }
  load(of_net, net);
}

void load(const NamedTensors& tensors, nn::Layer& net) {
  std::vector<Slot> slots = slots_of(net);
  check_fit(tensors, slots, net);
  for (Slot& slot : slots) {
    const Tensor& given = tensors[slot.name];
    const DType dtype = slot.variable ? slot.variable.value().dtype() : computed_as(given.dtype());
    slot.variable.set_value(cast(given, dtype));
  }
}

}  // namespace chainrule
