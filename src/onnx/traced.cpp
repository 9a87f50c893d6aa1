// Traces of a function with batches of several sizes, joined to one graph.
#include "onnx/traced.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <sstream>

#include "chainrule/error.h"
#include "chainrule/ops.h"
#include "core/text.h"
#include "graph/walk.h"
#include "io/elements.h"

namespace chainrule::onnx {
namespace {

ValueError unlike(const Node* node, std::string_view why) {
  return ValueError(
      522, cat("[save_onnx] ", node->op != nullptr ? node->op->info.name : std::string_view("a leaf"),
               " of shape ", node->shape, " depends on the size of the batch ", why,
               ". Write it with the batch left as one axis, or save with .batch = \"\" for one size.",
               node->origin.to_string()));
}

/// Settings as an operation prints them: "axes=2, keepdims=1", "to=(3, 4)", "low=0 0 1".
std::vector<std::pair<std::string, std::string>> printed(const Node* node) {
  std::vector<std::pair<std::string, std::string>> settings;
  if (node->op == nullptr || node->op->attribute_bytes == 0) return settings;
  std::ostringstream out;
  node->op->print(node->attributes(), out);
  const std::string text = out.str();
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t equals = text.find('=', at);
    const std::size_t next = text.find('=', equals + 1);
    const std::size_t end = next == std::string::npos ? text.size() : text.rfind(", ", next);
    settings.emplace_back(text.substr(at, equals - at), text.substr(equals + 1, end - equals - 1));
    at = next == std::string::npos ? end : end + 2;
  }
  return settings;
}

std::vector<std::int64_t> numbers_in(const std::string& text) {
  std::vector<std::int64_t> numbers;
  for (std::size_t i = 0; i < text.size();) {
    const bool starts = std::isdigit(static_cast<unsigned char>(text[i])) != 0 || text[i] == '-';
    if (!starts) {
      ++i;
      continue;
    }
    std::size_t length = 0;
    try {
      numbers.push_back(std::stoll(text.substr(i), &length));
    } catch (const std::exception&) {
      length = 1;
    }
    i += std::max<std::size_t>(length, 1);
  }
  return numbers;
}

bool is_fixed(const Extents& extents) {
  return std::all_of(extents.begin(), extents.end(), [](const Extent& e) { return e.is_fixed(); });
}

class Join {
 public:
  Join(std::span<const Trace> traces, std::span<const Tensor> parameters)
      : traces_(traces), parameters_(parameters) {
    for (const Trace& trace : traces) {
      std::vector<Node*> roots;
      for (const Tensor& output : trace.outputs) roots.push_back(output.node());
      orders_.emplace_back(std::span<Node* const>(roots),
                           [&](const Node* node) { return !is_input(trace, node); });
    }
  }

  TracedGraph run() {
    for (const NodeOrder& order : orders_) {
      if (order.size() != orders_[0].size()) throw different(orders_[0].node(orders_[0].numbers().back()));
    }
    std::vector<std::int32_t> place_of(orders_[0].size());
    for (std::size_t i = 0; i < orders_[0].size(); ++i) {
      place_of[static_cast<std::size_t>(orders_[0].numbers()[i])] = static_cast<std::int32_t>(i);
      graph_.nodes.push_back(joined(i, place_of));
    }
    for (std::size_t k = 0; k < traces_[0].inputs.size(); ++k) graph_.inputs.push_back(port(k));
    for (const Tensor& output : traces_[0].outputs)
      graph_.outputs.push_back(place_of[static_cast<std::size_t>(orders_[0].number(output.node()))]);
    return std::move(graph_);
  }

 private:
  static ValueError different(const Node* node) {
    return unlike(node, "by doing something else with another one");
  }

  static bool is_input(const Trace& trace, const Node* node) {
    return std::any_of(trace.inputs.begin(), trace.inputs.end(),
                       [&](const Tensor& x) { return x.node() == node; });
  }

  const Node* node(std::size_t trace, std::size_t i) const {
    return orders_[trace].node(orders_[trace].numbers()[i]);
  }

  /// What a number is, from what it is in each trace.
  Extent extent(std::span<const std::int64_t> values, const Node* where) const {
    if (values.size() == 1) return {0, values[0]};
    const std::int64_t times = (values[1] - values[0]) / (traces_[1].batch - traces_[0].batch);
    const Extent found{times, values[0] - times * traces_[0].batch};
    for (std::size_t t = 0; t < values.size(); ++t) {
      if (found.times * traces_[t].batch + found.plus != values[t])
        throw unlike(where, "in another way than times or plus");
    }
    return found;
  }

  TracedGraph::Port port(std::size_t k) const {
    const Tensor& first = traces_[0].inputs[k];
    TracedGraph::Port made;
    if (first.is_empty()) return made;
    made.given = true;
    made.dtype = first.dtype();
    for (int axis = 0; axis < first.ndim(); ++axis) {
      std::vector<std::int64_t> values;
      for (const Trace& trace : traces_) values.push_back(trace.inputs[k].shape()[axis]);
      made.shape.push_back(extent(values, first.node()));
    }
    return made;
  }

  Extents shape(std::size_t i) const {
    Extents sizes;
    for (int axis = 0; axis < node(0, i)->shape.ndim(); ++axis) {
      std::vector<std::int64_t> values;
      for (std::size_t t = 0; t < traces_.size(); ++t) {
        if (node(t, i)->shape.ndim() != node(0, i)->shape.ndim()) throw different(node(0, i));
        values.push_back(node(t, i)->shape[axis]);
      }
      sizes.push_back(extent(values, node(0, i)));
    }
    return sizes;
  }

  std::vector<Setting> settings(std::size_t i) const {
    std::vector<Setting> all;
    std::vector<std::vector<std::pair<std::string, std::string>>> texts;
    for (std::size_t t = 0; t < traces_.size(); ++t) texts.push_back(printed(node(t, i)));
    for (std::size_t s = 0; s < texts[0].size(); ++s) {
      Setting setting{texts[0][s].first, texts[0][s].second, {}};
      std::vector<std::vector<std::int64_t>> numbers;
      for (const auto& text : texts) numbers.push_back(numbers_in(text[s].second));
      for (std::size_t n = 0; n < numbers[0].size(); ++n) {
        std::vector<std::int64_t> values;
        for (const auto& of_trace : numbers) {
          if (of_trace.size() != numbers[0].size()) throw different(node(0, i));
          values.push_back(of_trace[n]);
        }
        setting.numbers.push_back(extent(values, node(0, i)));
      }
      all.push_back(std::move(setting));
    }
    return all;
  }

  TracedNode joined(std::size_t i, const std::vector<std::int32_t>& place_of) {
    const Node* first = node(0, i);
    TracedNode made{
        .row = first->op, .dtype = first->dtype, .value = orders_[0].tensor(orders_[0].numbers()[i])};
    for (std::size_t t = 0; t < traces_.size(); ++t) {
      if (node(t, i)->op != first->op || node(t, i)->dtype != first->dtype ||
          orders_[t].numbers()[i] != orders_[0].numbers()[i])
        throw different(first);
    }
    made.shape = shape(i);
    if (first->origin.layer != nullptr) made.layer = *first->origin.layer;
    for (std::size_t k = 0; k < traces_[0].inputs.size(); ++k) {
      if (traces_[0].inputs[k].node() == first)
        return made.kind = TracedNode::Kind::input, made.number = static_cast<std::int32_t>(k), made;
    }
    for (std::size_t k = 0; k < parameters_.size(); ++k) {
      if (parameters_[k].node() == first)
        return made.kind = TracedNode::Kind::parameter, made.number = static_cast<std::int32_t>(k), made;
    }
    if (first->is_leaf()) {
      made.kind = TracedNode::Kind::constant;
      check_constant(i, made);
      made.varies = !is_fixed(made.shape) || made.follows != TracedNode::Follows::nothing;
      return made;
    }
    made.settings = settings(i);
    made.varies = !is_fixed(made.shape);
    for (const Setting& setting : made.settings) made.varies = made.varies || !is_fixed(setting.numbers);
    for (const std::int32_t input : orders_[0].inputs(orders_[0].numbers()[i])) {
      made.inputs.push_back(place_of[static_cast<std::size_t>(input)]);
      made.varies = made.varies || graph_.nodes[static_cast<std::size_t>(made.inputs.back())].varies;
    }
    return made;
  }

  /// A constant is the same in all traces; along axes of the batch all its elements must be alike. One number
  /// may be the size of the batch, as in a mean.
  void check_constant(std::size_t i, TracedNode& made) const {
    std::vector<int> axes;
    for (std::size_t axis = 0; axis < made.shape.size(); ++axis) {
      if (!made.shape[axis].is_fixed()) axes.push_back(static_cast<int>(axis));
    }
    Tensors cores;
    for (std::size_t t = 0; t < traces_.size(); ++t) {
      cores.push_back(without(orders_[t].tensor(orders_[t].numbers()[i]), axes));
    }
    made.value = cores[0];
    const bool is_same = std::all_of(cores.begin(), cores.end(), [&](const Tensor& core) {
      return io::bytes_of(core) == io::bytes_of(cores[0]);
    });
    if (is_same) return;
    if (!follow(cores, made)) throw unlike(node(0, i), "as its numbers do");
  }

  /// The first element along axes that have nothing else.
  static Tensor without(Tensor x, const std::vector<int>& axes) {
    for (const int axis : axes) {
      const Tensor one = slice(x, axis, 0, 1);
      if (!all(equal(x, one)).item<bool>()) throw unlike(x.node(), "and its numbers do, too");
      x = one;
    }
    return x;
  }

  bool follow(const Tensors& cores, TracedNode& made) const {
    if (cores[0].numel() != 1) return false;
    for (const bool is_reciprocal : {false, true}) {
      std::vector<std::int64_t> values;
      bool fits = true;
      for (const Tensor& core : cores) {
        const double value = is_reciprocal ? 1 / core.item() : core.item();
        fits = fits && std::abs(value) < 1e9 && std::abs(value - std::round(value)) <= 1e-6 * std::abs(value);
        values.push_back(fits ? std::llround(value) : 0);
      }
      if (!fits) continue;
      made.followed = extent(values, cores[0].node());
      made.follows = is_reciprocal ? TracedNode::Follows::reciprocal : TracedNode::Follows::batch;
      return true;
    }
    return false;
  }

  std::span<const Trace> traces_;
  std::span<const Tensor> parameters_;
  std::vector<NodeOrder> orders_;
  TracedGraph graph_;
};

}  // namespace

TracedGraph traced_graph(std::span<const Trace> traces, std::span<const Tensor> parameters) {
  return Join(traces, parameters).run();
}

}  // namespace chainrule::onnx
