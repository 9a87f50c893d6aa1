// The gradients of a net, parameter by parameter, against differences.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "autodiff/culprit.h"
#include "chainrule/error.h"
#include "chainrule/explain/check.h"
#include "chainrule/ops.h"
#include "chainrule/random.h"
#include "core/text.h"
#include "explain/layer_runs.h"
#include "explain/weight.h"

namespace chainrule::explain {
namespace {

constexpr double kStep = 1e-3;  // of an element of size 1 or less

/// Puts a parameter's value back at its end.
class Kept {
 public:
  explicit Kept(const nn::Parameter& parameter) : parameter_(parameter), value_(parameter.value()) {}
  ~Kept() { parameter_.set_value(value_); }
  Kept(const Kept&) = delete;
  Kept& operator=(const Kept&) = delete;
  const Tensor& value() const { return value_; }

 private:
  nn::Parameter parameter_;
  Tensor value_;
};

class Checker {
 public:
  Checker(const nn::Layer& net, NetLoss loss, const NetCheckOptions& options, const NetOptions& pass)
      : parameters_(net.parameters()), loss_(loss), options_(options), pass_(pass), random_(options.seed) {
    for (const auto& [name, parameter] : parameters_) {
      if (parameter.value().dtype() == f64) continue;
      throw ValueError(386, cat("[check] ", name, " is ", name_of(parameter.value().dtype()),
                                "; differences need f64. Build the net with .dtype = f64."));
    }
    if (!options.broken.empty()) {
      for (const auto& [name, parameter] : parameters_) found_ = found_ || name == options.broken;
      if (!found_) find_weight(parameters_, options.broken, {});  // throws: names the nearest
    }
  }

  NetCheck run() {
    const Tensor loss = loss_now();
    Tensors values;
    for (const auto& [name, parameter] : parameters_) values.push_back(parameter.value());
    Tensors gradients = grad(loss, values, {.allow_unused = true});
    evaluate(gradients);
    NetCheck made;
    for (std::size_t i = 0; i < parameters_.size(); ++i)
      made.parameters.push_back(check(parameters_[i], gradients[i]));
    if (made.differs())
      made.culprit = culprit(loss, values, 1, {.tolerance = options_.tolerance, .step = kStep});
    return made;
  }

 private:
  Tensor loss_now() const {
    nn::Pass pass = pass_for(pass_);
    return loss_(pass);
  }

  ParameterCheck check(const nn::NamedParameter& of, const Tensor& by_graph) {
    const Kept kept(of.parameter);
    ParameterCheck made{.path = of.name, .shape = kept.value().shape()};
    const Tensor gradient = of.name == options_.broken ? 1.01 * by_graph : by_graph;
    const std::vector<double> value = kept.value().to_vector();
    if (value.empty()) return made;
    std::vector<double> direction(value.size());
    for (double& each : direction)
      each = random_.uniform(-1, 1) / std::sqrt(static_cast<double>(value.size()));
    compare(made, of.parameter, value, direction, gradient, -1);
    for (const std::int64_t element : drawn(value.size())) {
      std::vector<double> unit(value.size());
      unit[static_cast<std::size_t>(element)] = 1;
      compare(made, of.parameter, value, unit, gradient, element);
    }
    return made;
  }

  /// Different elements, in order; all if there are not more.
  std::vector<std::int64_t> drawn(std::size_t count) {
    std::vector<std::int64_t> all(count);
    std::iota(all.begin(), all.end(), std::int64_t{0});
    const std::size_t wanted = std::min(count, static_cast<std::size_t>(options_.elements));
    for (std::size_t i = 0; i < wanted; ++i) {
      const double part = random_.uniform(0, 1) * static_cast<double>(count - i);
      std::swap(all[i], all[i + std::min(static_cast<std::size_t>(part), count - i - 1)]);
    }
    all.resize(wanted);
    std::sort(all.begin(), all.end());
    return all;
  }

  void compare(ParameterCheck& made, nn::Parameter parameter, const std::vector<double>& value,
               const std::vector<double>& direction, const Tensor& gradient, std::int64_t element) {
    double size = 1;
    if (element >= 0) size = std::max(1.0, std::abs(value[static_cast<std::size_t>(element)]));
    const Tensor slope = sum(gradient * from_data(direction, made.shape));
    const auto along = [&](double t) {
      std::vector<double> moved = value;
      for (std::size_t i = 0; i < moved.size(); ++i) moved[i] += t * direction[i];
      parameter.set_value(from_data(moved, made.shape));
      return loss_now();
    };
    const Comparison c = compare_slope(along, slope, kStep * size, options_.tolerance);
    const bool is_unseen = c.verdict == Comparison::Verdict::kink || c.at_kink;
    ++(is_unseen ? made.unseen : made.compared);
    if (is_unseen) return;
    const bool is_wrong = c.verdict == Comparison::Verdict::wrong;
    const bool is_first = made.compared == 1;
    if (is_first || (is_wrong && !made.differs) ||
        (is_wrong == made.differs && c.relative_error > made.relative_error)) {
      made.element = element;
      made.analytic = c.analytic, made.numeric = c.numeric, made.relative_error = c.relative_error;
    }
    made.differs = made.differs || is_wrong;
  }

  std::vector<nn::NamedParameter> parameters_;
  NetLoss loss_;
  const NetCheckOptions& options_;
  NetOptions pass_;
  Random random_;
  bool found_ = false;
};

}  // namespace

bool NetCheck::differs() const {
  return std::any_of(parameters.begin(), parameters.end(), [](const ParameterCheck& p) { return p.differs; });
}

bool NetCheck::is_complete() const {
  return std::all_of(parameters.begin(), parameters.end(),
                     [](const ParameterCheck& p) { return p.compared > 0 || p.shape.numel() == 0; });
}

NetCheck check_net(const nn::Layer& net, NetLoss loss, const NetCheckOptions& options,
                   const NetOptions& pass) {
  return Checker(net, loss, options, pass).run();
}

}  // namespace chainrule::explain
