// A net as a table.
#include <algorithm>
#include <iomanip>
#include <sstream>

#include "chainrule/nn/summary.h"

#include "core/text.h"
#include "graph/walk.h"
#include "ops/op.h"

namespace chainrule::nn {
namespace {

/// Of the parameters that the layer holds itself.
std::int64_t own_numbers(const Layer& layer) {
  Members members;
  const_cast<Layer&>(layer).visit_members(members);  // listing changes nothing
  std::int64_t count = 0;
  for (const Members::Member& member : members.all()) {
    if (member.parameter != nullptr && *member.parameter) count += member.parameter->value().numel();
  }
  return count;
}

/// Notes what runs. A layer that holds others has a line only if it has parameters of its own, which that
/// line counts.
class Recorder : public Observer {
 public:
  void ran(const Layer& layer, const std::string* path, const Inputs&, const Ports& outputs) override {
    const std::string name = path != nullptr ? *path : "";
    const auto is_inside = [&](const LayerSummary& line) {
      return name.empty() ||
             (line.path.size() > name.size() && line.path[name.size()] == '.' && line.path.starts_with(name));
    };
    const bool holds_others = std::any_of(lines.begin(), lines.end(), is_inside);
    const std::int64_t own = own_numbers(layer);
    if (holds_others && own == 0) return;
    lines.push_back({name, layer.describe(), outputs[0].shape(), own, 0});
    names.push_back(path);
  }
  std::vector<LayerSummary> lines;
  std::vector<const std::string*> names;  // of each, as nodes have them
};

double flops_of(const Node& node) {
  std::vector<Shape> shapes;
  for (const Node* input : node.inputs()) shapes.push_back(input->shape);
  return node.op->flops       ? node.op->flops(node.attributes(), shapes, node.shape)
         : node.op->info.view ? 0
                              : static_cast<double>(node.shape.numel());
}

/// 1234567 as "1,234,567".
std::string grouped(std::int64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3;) digits.insert(at -= 3, 1, ',');
  return digits;
}

}  // namespace

NetSummary summarize(const Layer& net, const Inputs& inputs) {
  Recorder recorder;
  Pass pass = Pass::inference();
  pass.observer = &recorder;
  const Ports outputs = net.run(inputs, pass);

  NodeOrder graph;
  std::vector<Node*> roots;
  for (const Tensor& output : outputs.all()) roots.push_back(output.node());
  graph.find(roots, [](const Node*) { return true; });
  NetSummary summary{std::move(recorder.lines), 0, 0, 0};
  for (const std::int32_t number : graph.numbers()) {
    const Node& node = *graph.node(number);
    if (node.is_leaf()) continue;
    const double flops = flops_of(node);
    summary.flops += flops;
    for (std::size_t i = 0; i < summary.layers.size(); ++i) {
      if (recorder.names[i] == node.origin.layer) summary.layers[i].flops += flops;
    }
  }
  for (const NamedParameter& p : net.parameters()) {
    const Tensor value = p.parameter.value();
    summary.parameters += value.numel();
    summary.bytes += value.numel() * static_cast<std::int64_t>(size_of(value.dtype()));
  }
  return summary;
}

std::string Layer::summary(const Inputs& inputs) const {
  const NetSummary net = summarize(*this, inputs);
  std::size_t path_width = 5, what_width = 4, output_width = 6;
  for (const LayerSummary& line : net.layers) {
    path_width = std::max(path_width, line.path.size());
    what_width = std::max(what_width, line.what.size());
    output_width = std::max(output_width, line.output.to_string().size());
  }
  std::ostringstream text;
  const auto write = [&](std::string_view path, std::string_view what, std::string_view output,
                         std::string_view parameters, std::string_view work) {
    text << std::left << std::setw(static_cast<int>(path_width) + 2) << path
         << std::setw(static_cast<int>(what_width) + 2) << what << std::setw(static_cast<int>(output_width))
         << output << std::right << std::setw(14) << parameters << std::setw(16) << work << "\n";
  };
  write("layer", "what", "output", "parameters", "FLOP");
  for (const LayerSummary& line : net.layers) {
    write(line.path, line.what, line.output.to_string(), grouped(line.parameters),
          grouped(static_cast<std::int64_t>(line.flops)));
  }
  text << grouped(net.parameters) << " parameters, " << grouped(net.bytes) << " bytes; "
       << grouped(static_cast<std::int64_t>(net.flops)) << " FLOP forward for a batch of "
       << (inputs[0].ndim() > 0 ? inputs[0].shape()[0] : 1) << "\n";
  return text.str();
}

}  // namespace chainrule::nn
