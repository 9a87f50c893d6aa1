#pragma once

#include <cstdint>
#include <vector>

#include "chainrule/data/source.h"
#include "chainrule/fields.h"
#include "chainrule/nn/layer.h"
#include "chainrule/tensor.h"

// Numbers of a size that nets learn well from, and back.
//
//     const auto scaler = data::standardize(train, {.target = true});   // from the training part alone
//     ... learn from scaler(train) ...
//     const Tensor liters = scaler.inverse(net.predict(scaler(x)));
namespace chainrule::data {

/// (x - shift) / spread, number by number.
struct Line {
  /// One for all numbers of a row, one a channel (its first axis), or one a number.
  std::vector<double> shift, spread;
  std::vector<std::int64_t> shape = {};  ///< of both, to broadcast against a row; empty for a list
};

/// Scales the inputs, the first column of a source, and if it was asked to also the target, the last one.
class Scaler : public Configurable {
 public:
  /// Inputs, (rows, ...), scaled. f32 and f64 stay, other dtypes become f32. Can be differentiated.
  /// @throws ValueError  if rows have another size than those it was fitted on (E279).
  Tensor operator()(const Tensor& x) const;
  /// A source with its inputs scaled, and its target if the scaler has one; names stay.
  Source operator()(const Source& source) const;
  /// Targets, scaled; and what a net says, in the units of the targets. As they are if the scaler was not
  /// asked for targets.
  Tensor target(const Tensor& t) const;
  Tensor inverse(const Tensor& t) const;
  /// Scaled inputs in their own units.
  Tensor inverse_inputs(const Tensor& x) const;

  /// The same as layers, to be saved with a net: `save(path, net, {.before = scaler.before(), .after =
  /// scaler.after()})`. Empty: nothing to do.
  Shared<nn::Layer> before() const;
  Shared<nn::Layer> after() const;

  /// What it does, for those who fold it into a layer. A spread is never 0. Empty: nothing.
  virtual Line inputs() const = 0;
  virtual Line targets() const = 0;
};
template <class Self>
using ScalerOf = ConfigurableOf<Self, Scaler>;

/// To mean 0 and standard deviation 1. What was constant becomes 0.
struct Standardize : ScalerOf<Standardize> {
  static constexpr Info kInfo{.name = "standardize", .doc = "To mean 0 and standard deviation 1."};
  std::vector<double> mean, deviation, target_mean, target_deviation;
  std::vector<std::int64_t> shape, target_shape;  ///< of those of the inputs, and of the targets
  void fields(Fields& f);
  Line inputs() const override;
  Line targets() const override;
};

/// From the smallest and the largest value to the bounds `low` and `high`. What was constant becomes `low`.
struct MinMax : ScalerOf<MinMax> {
  static constexpr Info kInfo{.name = "min_max", .doc = "To the range from low to high."};
  double low = 0, high = 1;
  std::vector<double> smallest, largest, target_smallest, target_largest;
  std::vector<std::int64_t> shape, target_shape;
  void fields(Fields& f);
  Line inputs() const override;
  Line targets() const override;
};

/// What has a mean or a smallest value of its own.
enum class Per : std::uint8_t {
  feature,  ///< each number of a row: the columns of a table
  channel,  ///< each place along a row's first axis: the colours of an image
  column,   ///< none: one for all numbers
};
struct ScalerOptions {
  Per per = Per::feature;
  bool target = false;  ///< the target as well: for regression. It is measured number by number.

  void fields(Fields& f);
};

/// Fitted on a source, in one pass over its rows; in f64, in the order of the rows. Fit on the training part
/// only, so that nothing is known of the test part.
/// @throws ValueError  if there are no rows, a number is not finite, or the target is to be scaled and is
///     missing or class numbers (E278).
Standardize standardize(const Source& source, const ScalerOptions& options = {});
MinMax min_max(const Source& source, const ScalerOptions& options = {});
/// To another range. @throws ValueError  unless low < high (E278).
MinMax min_max(const Source& source, double low, double high, const ScalerOptions& options = {});

}  // namespace chainrule::data

namespace chainrule {
template <>
Registry& registry<data::Scaler>();
}
