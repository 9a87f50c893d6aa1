// One weight's gradient as a sum.
#include <algorithm>
#include <charconv>
#include <cmath>

#include "chainrule/error.h"
#include "chainrule/nn/affine.h"
#include "chainrule/nn/linear.h"
#include "chainrule/ops.h"
#include "core/nearest.h"
#include "core/text.h"
#include "explain/layer_runs.h"
#include "explain/weight.h"

namespace chainrule::explain {
namespace {

constexpr double kSame =
    1e-4;  // how far sums of f32 numbers in two orders may be apart, as a part of their size

ValueError wrong_weight(std::string_view what) { return ValueError(381, cat("[explain] ", what)); }

/// The part of a sum that is one row's.
double size_of(const std::vector<GradientTerm>& terms) {
  double size = 0;
  for (const GradientTerm& term : terms) size += std::abs(term.product);
  return size;
}

/// Where in an affine layer a parameter stands.
enum class Place : std::uint8_t { none, weight, bias };

/// Of affine and linear layers, which differ in what their rows are.
Place place_in(const nn::Layer& layer, const nn::Parameter& parameter) {
  const auto in = [&](const auto& of) {
    return of.weight == parameter ? Place::weight : of.bias == parameter ? Place::bias : Place::none;
  };
  if (const auto* affine = dynamic_cast<const nn::Affine*>(&layer)) return in(*affine);
  if (const auto* linear = dynamic_cast<const nn::Linear*>(&layer)) return in(*linear);
  return Place::none;
}

struct AffineRun {
  const LayerRun* run;
  Place place;
};

std::vector<AffineRun> affine_runs(const Recorder& recorder, const nn::Parameter& parameter,
                                   bool& all_affine) {
  std::vector<AffineRun> found;
  for (const LayerRun& run : recorder.runs) {
    for (const nn::NamedParameter& own : own_parameters(*run.layer)) {
      if (!(own.parameter == parameter)) continue;
      const Place place = place_in(*run.layer, parameter);
      all_affine = all_affine && place != Place::none;
      if (place != Place::none) found.push_back({&run, place});
    }
  }
  return found;
}

class Explainer {
 public:
  Explainer(const nn::Layer& net, std::string_view parameter, std::span<const std::int64_t> index,
            RowsLoss loss, std::span<const std::int64_t> rows, const NetOptions& options)
      : net_(net),
        weight_(find_weight(net.parameters(), parameter, index)),
        loss_(loss),
        rows_(rows),
        options_(options) {
    made_.parameter = weight_.name;
    made_.index.assign(index.begin(), index.end());
    made_.value = weight_.of(weight_.parameter.value());
  }

  WeightTrace run() {
    Recorder recorder;
    nn::Pass pass = pass_for(options_);
    const auto all_rows = [&](nn::Pass& p) { return loss_(RowsPass{rows_, p}); };
    const Tensor loss = recorded_loss(net_, all_rows, pass, recorder);
    bool all_affine = true;
    const std::vector<AffineRun> affine = affine_runs(recorder, weight_.parameter, all_affine);
    if (all_affine && !affine.empty()) {
      take_products(loss, affine);
    } else {
      made_.gradient = gradient_of(loss);
      take_samples(loss.item());
    }
    std::stable_sort(made_.terms.begin(), made_.terms.end(),
                     [](const GradientTerm& a, const GradientTerm& b) {
                       return std::abs(a.product) > std::abs(b.product);
                     });
    for (const GradientTerm& term : made_.terms) made_.sum += term.product;
    return std::move(made_);
  }

 private:
  double gradient_of(const Tensor& loss) const {
    return weight_.of(grad(loss, {weight_.parameter.value()}, {.allow_unused = true})[0]);
  }

  /// dL/dW[i, j] is the sum of x[n, i] dL/dy[n, j], and dL/db[j] of dL/dy[n, j].
  void take_products(const Tensor& loss, const std::vector<AffineRun>& affine) {
    std::vector<Tensor> wanted{weight_.parameter.value()};
    for (const AffineRun& each : affine) wanted.push_back(each.run->outputs[0]);
    std::vector<Tensor> gradients = grad(loss, wanted, {.allow_unused = true});
    evaluate(gradients);
    made_.kind = WeightTrace::Kind::products;
    made_.gradient = weight_.of(gradients[0]);
    const bool is_bias = affine[0].place == Place::bias;
    const std::int64_t column = made_.index.back();
    const std::string name =
        affine[0].run->path.empty() ? std::string(affine[0].run->layer->kind()) : affine[0].run->path;
    made_.input = is_bias ? "1" : cat(name, " input[", made_.index[0], "]");
    made_.output = cat("dL/d(", name, " output[", column, "])");
    for (std::size_t r = 0; r < affine.size(); ++r) {
      const std::vector<double> x = affine[r].run->inputs[0].to_vector(), dy = gradients[r + 1].to_vector();
      const auto out = static_cast<std::size_t>(affine[r].run->outputs[0].size(-1));
      const std::size_t rows = out > 0 ? dy.size() / out : 0, in = rows > 0 ? x.size() / rows : 0;
      for (std::size_t row = 0; row < rows; ++row) {
        GradientTerm term{static_cast<std::int64_t>(row), 1, dy[row * out + static_cast<std::size_t>(column)],
                          0};
        if (!is_bias) term.input = x[row * in + static_cast<std::size_t>(made_.index[0])];
        term.product = term.input * term.gradient;
        made_.terms.push_back(term);
      }
    }
  }

  /// A backward pass a row. What a row counts is seen from the losses: most are means.
  void take_samples(double whole) {
    if (static_cast<std::int64_t>(rows_.size()) > kMostPasses) {
      throw ValueError(382, cat("[explain] ", made_.parameter, " needs a backward pass for each of ",
                                rows_.size(), " rows; ", kMostPasses, " are allowed. Take fewer rows."));
    }
    made_.kind = WeightTrace::Kind::samples;
    double losses = 0;
    for (const std::int64_t row : rows_) {
      nn::Pass pass = pass_for(options_);
      const Tensor loss = loss_(RowsPass{{&row, 1}, pass});
      const double slope = gradient_of(loss);
      losses += loss.item();
      made_.terms.push_back({row, 0, slope, slope});
    }
    const auto count = static_cast<double>(rows_.size());
    const double share = is_near(losses / count, whole, whole) ? 1 / count : 1;
    double sum = 0;
    for (GradientTerm& term : made_.terms) sum += term.product *= share;
    const double size = size_of(made_.terms);
    if (is_near(losses * share, whole, whole) && is_near(sum, made_.gradient, size)) return;
    made_.kind = WeightTrace::Kind::none;
    made_.terms.clear();
  }

  static bool is_near(double a, double b, double size) {
    return std::abs(a - b) <= kSame * std::max(std::abs(size), 1e-30);
  }

  const nn::Layer& net_;
  Weight weight_;
  RowsLoss loss_;
  std::span<const std::int64_t> rows_;
  NetOptions options_;
  WeightTrace made_;
};

}  // namespace

double Weight::of(const Tensor& tensor) const { return tensor.to_vector()[place]; }

Weight find_weight(const std::vector<nn::NamedParameter>& parameters, std::string_view name,
                   std::span<const std::int64_t> index) {
  std::vector<std::string> names;
  for (const nn::NamedParameter& p : parameters) names.push_back(p.name);
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) {
    const std::string near = nearest(name, names);
    std::string known;
    for (const std::string& each : names) known += (known.empty() ? "" : ", ") + each;
    throw wrong_weight(cat("the net has no parameter '", name, "'. ",
                           near.empty() ? cat("There are: ", names.empty() ? "none" : known, ".")
                                        : cat("Did you mean ", near, "?")));
  }
  const nn::NamedParameter& p = parameters[static_cast<std::size_t>(found - names.begin())];
  const Shape& shape = p.parameter.value().shape();
  std::size_t place = 0;
  bool fits = index.size() == static_cast<std::size_t>(shape.ndim());
  for (int axis = 0; fits && axis < shape.ndim(); ++axis) {
    const std::int64_t i = index[static_cast<std::size_t>(axis)];
    fits = i >= 0 && i < shape[axis];
    place = place * static_cast<std::size_t>(shape[axis]) + static_cast<std::size_t>(i);
  }
  if (fits) return {p.name, p.parameter, place};
  std::string last;
  for (int axis = 0; axis < shape.ndim(); ++axis) last += cat(axis == 0 ? "" : ",", shape[axis] - 1);
  throw wrong_weight(cat(name, " has the shape ", shape, ": it has no element [", index_text(index),
                         "]. Indices count from 0, up to [", last, "]."));
}

std::string index_text(std::span<const std::int64_t> index) {
  std::string text;
  for (const std::int64_t i : index) text += cat(text.empty() ? "" : ",", i);
  return text;
}

std::pair<std::string, std::vector<std::int64_t>> read_weight(std::string_view text) {
  const std::size_t open = text.find('[');
  std::pair<std::string, std::vector<std::int64_t>> made{std::string(text.substr(0, open)), {}};
  bool good = !made.first.empty();
  if (open != std::string_view::npos) {
    good = good && text.ends_with(']');
    std::string_view inside = text.substr(open + 1, text.size() - std::min(text.size(), open + 2));
    while (good && !inside.empty()) {
      std::int64_t number = 0;
      const auto [end, error] = std::from_chars(inside.data(), inside.data() + inside.size(), number);
      good = error == std::errc();
      made.second.push_back(number);
      inside.remove_prefix(static_cast<std::size_t>(end - inside.data()));
      const std::size_t next = inside.find_first_not_of(' ');
      inside.remove_prefix(std::min(next, inside.size()));
      if (inside.empty()) break;
      good = good && inside[0] == ',' && inside.size() > 1;
      inside.remove_prefix(1);
      inside.remove_prefix(std::min(inside.find_first_not_of(' '), inside.size()));
    }
  }
  if (good) return made;
  throw wrong_weight(cat("'", text, "' names no weight. Write its path and its place: affine1.weight[3,5]."));
}

WeightTrace explain_weight(const nn::Layer& net, std::string_view parameter,
                           std::span<const std::int64_t> index, RowsLoss loss,
                           std::span<const std::int64_t> rows, const NetOptions& options) {
  return Explainer(net, parameter, index, loss, rows, options).run();
}

}  // namespace chainrule::explain
