// What a step of an optimizer makes of one weight, by the graph that its rule builds for one number.
#include <cmath>
#include <map>

#include "chainrule/config.h"
#include "chainrule/error.h"
#include "chainrule/ops.h"
#include "core/text.h"
#include "explain/layer_runs.h"
#include "explain/number.h"
#include "explain/weight.h"
#include "graph/node.h"
#include "ops/op.h"
#include "optim/match.h"

namespace chainrule::explain {
namespace {

constexpr int kDigits = 8;

/// The text of a formula, and how tightly its outermost sign binds.
struct Written {
  std::string text;
  int strength = 0;
};
enum Strength { kSum = 1, kProduct = 2, kAtom = 3 };

std::string in_brackets(const Written& part, int least) {
  return part.strength >= least ? part.text : cat("(", part.text, ")");
}

/// Writes the graph of an update: leaves and earlier results by their names, or by their numbers.
class Writer {
 public:
  void name(const Tensor& tensor, const std::string& name) {
    names_[tensor.node()] = name;
    kept_.push_back(tensor);  // so that no other node takes its address
  }

  std::string write(const Tensor& tensor, bool numbers) const {
    numbers_ = numbers;
    return of(tensor.node(), true).text;
  }

 private:
  Written number(const Node* node) const {
    const double value = Tensor::of(const_cast<Node*>(node)).to_vector()[0];
    return {shown(value, kDigits), value < 0 ? kSum : kAtom};
  }

  Written of(const Node* node, bool is_root) const {
    const auto known = names_.find(node);
    if (known != names_.end() && !is_root) return numbers_ ? number(node) : Written{known->second, kAtom};
    if (node->is_leaf()) return number(node);
    std::vector<Written> x;
    for (const Node* input : node->inputs()) x.push_back(of(input, false));
    const std::string_view op = node->op->info.name;
    const auto binary = [&](const char* sign, int strength, int left, int right) {
      return Written{cat(in_brackets(x[0], left), sign, in_brackets(x[1], right)), strength};
    };
    if (op == "add") return binary(" + ", kSum, kSum, kSum);
    if (op == "sub") return binary(" - ", kSum, kSum, kProduct);
    if (op == "mul") return binary(" * ", kProduct, kProduct, kProduct);
    if (op == "div") return binary(" / ", kProduct, kProduct, kAtom);
    if (op == "descend") {
      return {cat(x[0].text, " - ", in_brackets(x[1], kProduct), " * ", in_brackets(x[2], kAtom)), kSum};
    }
    if (op == "approach" || op == "approach_square") {
      const std::string to =
          op == "approach" ? in_brackets(x[2], kProduct) : cat(in_brackets(x[2], kAtom), "^2");
      return {cat(x[0].text, " - ", in_brackets(x[1], kProduct), " * (", x[0].text, " - ", to, ")"), kSum};
    }
    if (op == "over_root") {
      return {cat(in_brackets(x[0], kProduct), " / (sqrt(", x[2].text, ") + ", x[1].text, ")"), kProduct};
    }
    if (op == "reshape" || op == "cast" || op == "broadcast_to") return x[0];
    std::string text = cat(op == "neg" ? "-" : op, "(");
    for (std::size_t i = 0; i < x.size(); ++i) text += cat(i == 0 ? "" : ", ", x[i].text);
    return {text + ")", kAtom};
  }

  std::map<const Node*, std::string> names_;
  std::vector<Tensor> kept_;
  mutable bool numbers_ = false;
};

/// Of one weight, in the dtype of its parameter.
class Updater {
 public:
  Updater(const optim::Optimizer& optimizer, Weight weight)
      : optimizer_(optimizer),
        options_(optimizer.options()),
        weight_(std::move(weight)),
        group_(optim::group_of(options_, weight_.name)),
        dtype_(weight_.parameter.value().dtype()),
        state_(optimizer.state()) {
    if (group_.frozen)
      throw ValueError(383, cat("[explain] ", weight_.name, " is frozen: no step changes it."));
  }

  UpdateTrace run(NetLoss loss, const NetOptions& options) {
    nn::Pass pass = pass_for(options);
    find_gradients(loss(pass));
    made_.rule = optimizer_.rule().info().name;
    made_.step = optimizer_.steps() + 1;
    made_.lr = optimizer_.lr() * group_.lr_factor;
    made_.before = made_.after = weight_.of(weight_.parameter.value());
    Tensor gradient = leaf(weight_.of(gradients_[own_]), "gradient");
    gradient = accumulated(gradient, options.counted);
    if (!made_.is_update) return std::move(made_);
    gradient = limited(gradient);
    apply_rule(gradient);
    return std::move(made_);
  }

 private:
  Tensor leaf(double number, const std::string& name) {
    Tensor made = full({1}, number, dtype_);
    writer_.name(made, name);
    return made;
  }

  Tensor noted(const Tensor& tensor, const std::string& name) {
    made_.formulas.push_back(
        {name, writer_.write(tensor, false), writer_.write(tensor, true), tensor.to_vector()[0]});
    writer_.name(tensor, name);
    return tensor;
  }

  void find_gradients(const Tensor& loss) {
    std::vector<Tensor> values;
    for (const nn::NamedParameter& p : optimizer_.parameters()) {
      if (optim::group_of(options_, p.name).frozen) continue;
      if (p.parameter == weight_.parameter) own_ = values.size();
      names_.push_back(p.name);
      values.push_back(p.parameter.value());
    }
    gradients_ = grad(loss, values, {.allow_unused = true});
    evaluate(gradients_);
  }

  /// With `accumulate`: the mean over the steps of an update, or only a sum so far.
  Tensor accumulated(Tensor gradient, const Tensor& of_step) {
    if (options_.accumulate == 1) return gradient;
    const double count = of_step.is_empty() ? 1 : std::max(cast(of_step, f64).item(), 0.0);
    if (!of_step.is_empty()) {
      for (Tensor& g : gradients_) g = g * scalar(count, g.dtype());
      gradient = noted(gradient * leaf(count, "counted"), "gradient as it counts");
    }
    const double so_far = weight_.of(state_[weight_.name + ".gradients"]);
    const bool is_first = optimizer_.steps() % options_.accumulate == 0;
    made_.states.emplace_back("gradients", is_first ? 0 : so_far);
    made_.is_update = (optimizer_.steps() + 1) % options_.accumulate == 0;
    const Tensor sum = leaf(is_first ? 0 : so_far, "gradients");
    if (!made_.is_update) return noted(sum + gradient, "new gradients");
    const double total = state_["counted"].item() + count, divisor = total > 0 ? total : 1;
    for (std::size_t i = 0; i < gradients_.size(); ++i) {
      gradients_[i] =
          (state_[names_[i] + ".gradients"] + gradients_[i]) / scalar(divisor, gradients_[i].dtype());
    }
    return noted((sum + gradient) / leaf(divisor, "counted together"), "mean gradient");
  }

  /// What clipping, weight decay and l1 make of it.
  Tensor limited(Tensor gradient) {
    const double most = options_.clip_value;
    if (most > 0) {
      for (Tensor& g : gradients_) g = clip(g, -most, most);
      gradient = noted(minimum(maximum(gradient, -most), most), "cut gradient");
    }
    if (options_.clip_norm > 0) {
      Tensor total;
      for (const Tensor& g : gradients_) total = total.is_empty() ? sum(square(g)) : total + sum(square(g));
      const Tensor norm = leaf(sqrt(total).item(), "norm of all gradients");
      gradient = noted(gradient * minimum(options_.clip_norm / norm, 1), "clipped gradient");
    }
    if (weight_.parameter.value().ndim() < 2) return gradient;
    const Tensor value = leaf(made_.before, "value");
    if (group_.weight_decay > 0) {
      gradient = noted(gradient + group_.weight_decay * value, "decayed gradient");
    }
    if (group_.l1 > 0) gradient = noted(gradient + group_.l1 * sign(value), "gradient and l1");
    return gradient;
  }

  void apply_rule(const Tensor& gradient) {
    std::vector<std::string> names;
    std::vector<Tensor> states;
    std::string_view all = optimizer_.rule().state_names();
    while (!all.empty()) {
      const std::size_t end = std::min(all.find(", "), all.size());
      names.emplace_back(all.substr(0, end));
      all.remove_prefix(std::min(end + 2, all.size()));
      made_.states.emplace_back(names.back(), weight_.of(state_[cat(weight_.name, ".", names.back())]));
      states.push_back(leaf(made_.states.back().second, names.back()));
    }
    std::vector<Tensor> numbers;
    const std::int64_t update = made_.step / options_.accumulate;
    for (const double number : optimizer_.rule().numbers(update, made_.lr).all()) {
      numbers.push_back(scalar(number, dtype_));
    }
    const Tensor value = leaf(made_.before, "value");
    const Tensor next = optimizer_.rule().update(value, gradient, states, numbers);
    for (std::size_t i = 0; i < states.size(); ++i) noted(states[i], "new " + names[i]);
    made_.after = noted(next, "new value").to_vector()[0];
  }

  const optim::Optimizer& optimizer_;
  const optim::Options& options_;
  Weight weight_;
  optim::Group group_;
  DType dtype_;
  NamedTensors state_;
  std::vector<Tensor> gradients_;  // of all parameters that are trained
  std::vector<std::string> names_;
  std::size_t own_ = 0;
  Writer writer_;
  UpdateTrace made_;
};

}  // namespace

UpdateTrace explain_update(const optim::Optimizer& optimizer, std::string_view parameter,
                           std::span<const std::int64_t> index, NetLoss loss, const NetOptions& options) {
  return Updater(optimizer, find_weight(optimizer.parameters(), parameter, index)).run(loss, options);
}

}  // namespace chainrule::explain
