// Gradients against differences, for users.
#include <algorithm>
#include <cmath>
#include <vector>

#include "autodiff/culprit.h"
#include "autodiff/line.h"
#include "chainrule/error.h"
#include "chainrule/grad_check.h"
#include "chainrule/ops.h"
#include "graph/walk.h"
#include "ops/op.h"

namespace chainrule {
namespace {

using Verdict = Comparison::Verdict;

/// How far elements are to move, by their magnitudes.
Tensors sizes_of(const Tensors& at, Tensor (*size)(const Tensor& magnitude)) {
  Tensors sizes;
  for (const Tensor& x : at) sizes.push_back(is_floating(x.dtype()) ? detach(size(abs(x))) : Tensor());
  return sizes;
}

Tensors product(const Tensors& directions, const Tensors& sizes) {
  Tensors scaled;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const bool floating = sizes[i].node() != nullptr && directions[i].node() != nullptr;
    scaled.push_back(floating ? detach(directions[i] * sizes[i]) : Tensor());
  }
  return scaled;
}

bool is_settled(const Comparison& c) { return c.verdict != Verdict::kink && !c.is_hidden; }

/// Steps of another size may show what the first ones did not.
const Comparison& more_telling(const Comparison& first, const Comparison& second) {
  return is_settled(second) ? second : first;
}

/// Along directions, in which each element moves by its size or 1. Where that is too much, as beside a pole
/// at 0, or hides in rounding what small elements do, once more with these moved by their size.
Comparison compare(const ScalarFunction& f, const Tensors& at, const Tensors& directions,
                   const Tensors& gradients, const GradCheckOptions& options) {
  const auto by = [&](const Tensors& sizes) {
    return compare_along(f, at, product(directions, sizes), gradients, options.step, options.tolerance);
  };
  const Comparison first = by(sizes_of(at, [](const Tensor& m) { return maximum(m, 1.0); }));
  if (is_settled(first)) return first;
  return more_telling(first, by(sizes_of(at, [](const Tensor& m) { return where(m > 0, m, 1.0); })));
}

/// The same by one element, whose value is given.
Comparison compare_element(const ScalarFunction& f, const Tensors& at, const Tensors& unit, double value,
                           const Tensors& gradients, const GradCheckOptions& options) {
  const auto over = [&](double h) { return compare_along(f, at, unit, gradients, h, options.tolerance); };
  const double size = std::abs(value);
  const Comparison first = over(options.step * std::max(1.0, size));
  return is_settled(first) || size == 0 || size >= 1 ? first : more_telling(first, over(options.step * size));
}

/// Whether a node can be checked by itself: it has a derivative, and everything floating about it is f64.
bool can_be_checked(const Node& node) {
  if (node.is_leaf() || node.constant || !node.op->vjp || node.dtype != f64 || node.shape.numel() == 0) {
    return false;
  }
  bool any = false;
  for (const Node* input : node.inputs()) {
    if (is_floating(input->dtype) && input->dtype != f64) return false;
    any = any || (is_floating(input->dtype) && input->shape.numel() > 0);
  }
  return any;
}

/// One operation of the graph at its inputs' values, as a function of its own: the sum of the result's
/// elements with random weights. These are positive: where many elements have a kink, as those of a maximum
/// of equal numbers, the sum's gradient lies between its slopes on both sides only if all bend the same way.
bool derivative_is_wrong(const Node& node, int order, const GradCheckOptions& options) {
  Random random(options.seed, streams::kUser, 1);
  Tensors at;
  for (Node* input : node.inputs()) at.push_back(detach(Tensor::of(input)));
  const Tensor weights = abs(random_directions({zeros(node.shape, node.dtype)}, random, true)[0]);
  const ScalarFunction value = [&](const Tensors& x) {
    return sum(weights * apply_row(*node.op, node.attributes(), x, Location::current()));
  };
  const ScalarFunction f = order == 1 ? value : slope_of(value, random_directions(at, random, true));
  const Comparison c = compare(f, at, random_directions(at, random, true), gradients_of(f, at), options);
  // A slope's direction has both signs, so that bends of a slope add up as kinks do with weights of both
  // signs.
  return c.verdict == Verdict::wrong && !(order == 2 && c.at_kink);
}

/// The first operation between the inputs and the value whose own derivative is wrong, or null.
const Node* first_wrong(const Tensor& value, const Tensors& inputs, int order,
                        const GradCheckOptions& options) {
  const NodeOrder graph(value.node());
  std::vector<char> depends(graph.size());
  for (const std::int32_t number : graph.numbers()) {
    const Node* node = graph.node(number);
    for (const Tensor& x : inputs) depends[number] |= node == x.node();
    for (const std::int32_t input : graph.inputs(number)) depends[number] |= depends[input];
    if (!depends[number] || !can_be_checked(*node)) continue;
    if (derivative_is_wrong(*node, order, options)) return node;
  }
  return nullptr;
}

GradCheckStatus status_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::right:
      return GradCheckStatus::ok;
    case Verdict::kink:
      return GradCheckStatus::kink;
    case Verdict::wrong:
      break;
  }
  return GradCheckStatus::failed;
}

/// Worse is later.
int rank(GradCheckStatus status) {
  return status == GradCheckStatus::ok ? 0 : status == GradCheckStatus::kink ? 1 : 2;
}

/// One call of grad_check: the function, the point and the options.
class Check {
 public:
  Check(TensorsFunction f, std::span<const Tensor> inputs, const GradCheckOptions& options, Location where)
      : options_(options), where_(where) {
    for (const Tensor& x : inputs) {
      if (!is_floating(x.dtype())) {
        throw error<DTypeError>(15, cat("needs f32 or f64, got ", name_of(x.dtype()), "."));
      }
      at_.push_back(detach(cast(x, f64)));
    }
    require(options.order == 1 || options.order == 2, "order", options.order, "1 or 2");
    require(options.step > 0 && std::isfinite(options.step), "step", options.step, "a positive number");
    require(options.tolerance > 0 && std::isfinite(options.tolerance), "tolerance", options.tolerance,
            "a positive number");
    value_ = [this, f](const Tensors& at) {
      const Tensor y = f(at);
      if (y.is_empty() || y.numel() != 1 || y.dtype() != f64) {
        throw error<ValueError>(
            132,
            cat("the function returned ", y.is_empty() ? std::string("an empty tensor") : cat(meta_of(y)),
                "; need one number in f64. Sum or mean the result, and convert nothing in it to f32."));
      }
      return y;
    };
  }

  /// With the gradient that the graph gives.
  GradCheckReport of_graph() {
    const Tensor y = value_(at_);
    GradCheckReport report = worst(value_, grad(y, at_, {}, where_), 1);
    if (report.ok() && options_.order == 2) {
      Random random(options_.seed, streams::kUser, 2);
      const ScalarFunction slope = slope_of(value_, random_directions(at_, random, true));
      report = worst(slope, gradients_of(slope, at_), 2);
    }
    const bool has_failed = report.status == GradCheckStatus::failed;
    if (has_failed && failed_at_kink_ && first_wrong(y, at_, report.order, options_) == nullptr)
      report.status = GradCheckStatus::kink;
    describe(report, "the graph");
    if (report.status == GradCheckStatus::failed)
      report.message += cat(" ", culprit(y, at_, report.order, options_));
    return report;
  }

  /// With a gradient from elsewhere.
  GradCheckReport of(const Tensor& gradient) {
    if (gradient.shape() != at_[0].shape()) {
      throw error<ShapeError>(133, cat("gradient ", gradient.shape(), " does not fit x ", at_[0].shape(),
                                       "; both must be equal."));
    }
    require(options_.order == 1, "order", options_.order, "1 for a gradient that is given");
    GradCheckReport report = worst(value_, {detach(cast(gradient, f64))}, 1);
    describe(report, "the gradient given");
    return report;
  }

 private:
  /// Not a scope around everything: it would put the caller's line in place of those within f.
  template <class E>
  E error(int code, const std::string& what) const {
    const OpScope scope("grad_check", where_);
    return op_error<E>(code, what);
  }

  template <class T>
  void require(bool holds, const char* name, T value, const char* wanted) const {
    if (!holds) throw error<ValueError>(131, cat(name, " is ", value, "; it must be ", wanted, "."));
  }

  GradCheckReport worst(const ScalarFunction& f, const Tensors& gradients, int order) {
    GradCheckReport report;
    report.order = order;
    if (!options_.all_entries) {
      Random random(options_.seed, streams::kUser, 0);
      const Tensors directions = random_directions(at_, random, true);
      take_worse(report, compare(f, at_, directions, gradients, options_), -1, -1);
      return report;
    }
    for (std::size_t i = 0; i < at_.size(); ++i) {
      const std::vector<double> values = at_[i].to_vector();
      std::vector<double> unit(values.size());
      for (std::size_t j = 0; j < unit.size(); ++j) {
        unit[j] = 1;
        Tensors directions(at_.size());
        directions[i] = from_data(unit, at_[i].shape());
        take_worse(report, compare_element(f, at_, directions, values[j], gradients, options_),
                   static_cast<int>(i), static_cast<std::int64_t>(j));
        unit[j] = 0;
      }
    }
    return report;
  }

  /// A failure is worse than a kink, and a larger error than a smaller one.
  void take_worse(GradCheckReport& report, const Comparison& c, int input, std::int64_t entry) {
    const GradCheckStatus status = status_of(c.verdict);
    const bool first = entry <= 0 && input <= 0;
    if (!first && rank(status) < rank(report.status)) return;
    if (!first && status == report.status && c.relative_error <= report.relative_error) return;
    report = {status, report.order, input, entry, c.analytic, c.numeric, c.relative_error, {}};
    failed_at_kink_ = c.at_kink;
  }

  void describe(GradCheckReport& r, const char* source) const {
    const std::string name = r.order == 1 ? "derivative" : "second derivative";
    const std::string of_input = at_.size() > 1 ? cat(" of input ", r.input) : std::string();
    const std::string place =
        r.entry < 0 ? " along a random direction" : cat(" by element ", r.entry, of_input);
    const std::string numbers = cat(r.analytic, " by ", source, ", ", r.numeric,
                                    " by differences, relative error ", r.relative_error, ".");
    if (r.status == GradCheckStatus::ok) {
      r.message = cat("The ", name, place, " is right: ", numbers);
    } else if (r.status == GradCheckStatus::kink) {
      r.message = cat(
          "No step shows whether the ", name, place,
          " is right: the function has a kink or a sharp bend here, or rounding hides it; move x, or try a "
          "larger step. ",
          numbers);
    } else if (!std::isfinite(r.analytic) || !std::isfinite(r.numeric)) {
      r.message = cat("The ", name, place, " is not a finite number: ", numbers);
    } else {
      r.message = cat("The ", name, place, " is wrong: ", numbers);
    }
  }

  GradCheckOptions options_;
  Location where_;
  Tensors at_;
  ScalarFunction value_;
  bool failed_at_kink_ = false;
};

}  // namespace

std::string culprit(const Tensor& value, const Tensors& inputs, int order, const GradCheckOptions& options) {
  const Node* wrong = first_wrong(value, inputs, order, options);
  if (wrong) {
    return cat("The first operation whose own derivative is wrong is ", wrong->op->info.name, ".",
               wrong->origin.to_string());
  }
  return "Each operation's own derivative is right: does something stop a gradient (detach, stop_gradient, "
         "NoGrad), or does the function give another value at each call?";
}

GradCheckReport grad_check(TensorsFunction f, std::span<const Tensor> inputs, GradCheckOptions options,
                           Location where) {
  return Check(f, inputs, options, where).of_graph();
}

GradCheckReport grad_check(TensorsFunction f, std::initializer_list<Tensor> inputs, GradCheckOptions options,
                           Location where) {
  return grad_check(f, std::span(inputs.begin(), inputs.size()), options, where);
}

GradCheckReport grad_check(TensorFunction f, const Tensor& x, GradCheckOptions options, Location where) {
  const auto of_one = [f](std::span<const Tensor> at) { return f(at[0]); };
  return Check(of_one, {&x, 1}, options, where).of_graph();
}

GradCheckReport grad_check(TensorFunction f, const Tensor& x, const Tensor& gradient,
                           GradCheckOptions options, Location where) {
  const auto of_one = [f](std::span<const Tensor> at) { return f(at[0]); };
  return Check(of_one, {&x, 1}, options, where).of(gradient);
}

}  // namespace chainrule
