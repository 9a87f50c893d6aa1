#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chainrule/grad.h"
#include "chainrule/nn/layer.h"
#include "chainrule/optim.h"

// What a forward and a backward pass of a net are, layer by layer, and where one weight's gradient and update
// come from:
//
//     const auto loss = [&](nn::Pass& pass) { return softmax_cross_entropy(net.forward(x, pass), t); };
//     std::cout << explain::to_text(explain::explain_net(net, loss));
namespace chainrule::explain {

/// Runs the net in the pass and returns the loss, one floating number.
using NetLoss = FunctionRef<nn::Pass&>;

/// A tensor's numbers in brief; of those that are finite, but for the counts.
struct Summary {
  std::int64_t count = 0, zeros = 0, not_finite = 0;
  double smallest = 0, largest = 0, mean = 0, deviation = 0;
  double norm = 0;                        ///< root of the sum of squares
  std::vector<std::int64_t> histogram{};  ///< how many lie in each of kBins equal parts, smallest to largest
  static constexpr std::size_t kBins = 24;
};
Summary summary_of(const Tensor& tensor);

/// A parameter and the loss's gradient by it.
struct ParameterTrace {
  std::string path;
  Tensor value, gradient;  ///< the gradient is of zeros where the loss does not depend on it
  Summary value_summary, gradient_summary;
};

/// A layer in both passes. A layer that holds others is listed only if it has parameters of its own.
struct LayerTrace {
  std::string path;  ///< "block1.affine1"; the kind for a layer that stands alone
  std::string what;  ///< as configurations write it: "affine(50)"
  int run = 1;       ///< 2: the second time that this layer runs
  Tensor input, output;
  Tensor gradient;  ///< of the loss by the output; empty if that is not floating
  Summary output_summary, gradient_summary;
  /// Of an activation, a layer that works element by element. A unit is a channel of images, else an element
  /// of a row. Dead: its slope is 0 in all rows, nothing is learnt through it. Saturated: it is below 0.02.
  bool is_activation = false;
  std::int64_t units = 0, dead = 0, saturated = 0;
  std::vector<ParameterTrace> parameters{};  ///< its own
};

struct NetTrace {
  double loss = 0;
  Tensor input;                      ///< what goes into the first layer
  std::vector<LayerTrace> layers{};  ///< in the order in which they ran
};

struct NetOptions {
  bool training = false;  ///< as a step runs: with dropout, and with the batch's own statistics
  std::uint64_t seed = 1;
  std::int64_t step = 0;  ///< of training: with the seed it decides what is random
  /// Of explain_update with `accumulate`: what the loss is a mean over, as Optimizer::step takes it.
  Tensor counted = {};
};

/// One pass forward and one backward, and what each layer made of it. Changes nothing in the net.
/// @throws ValueError  if the loss does not run the net (E388). @throws  what the net and the loss throw.
NetTrace explain_net(const nn::Layer& net, NetLoss loss, const NetOptions& options = {});

/// One term of a gradient.
struct GradientTerm {
  std::int64_t row = 0;  ///< of what the layer saw; or of the data, for a term that is a pass
  double input = 0,
         gradient =
             0;  ///< factors: of an affine layer, what went in and the loss's gradient by what came out
  double product = 0;
};

/// A formula of an update: "m = m - 0.1 (m - gradient)", the same with numbers, and what it gives.
struct Formula {
  std::string name, text, numbers;
  double value = 0;
};

/// What a step of an optimizer makes of one weight.
struct UpdateTrace {
  std::string rule;       ///< "adam"
  std::int64_t step = 0;  ///< the number of the step, from 1
  double lr = 0;          ///< of this parameter
  bool is_update = true;  ///< false: with `accumulate`, this step only adds to the sum of gradients
  std::vector<std::pair<std::string, double>> states{};  ///< before the step
  std::vector<Formula> formulas{};                       ///< in order; the last gives the new value
  double before = 0, after = 0;
};

/// Where one weight's gradient comes from.
struct WeightTrace {
  std::string parameter;  ///< its path
  std::vector<std::int64_t> index{};
  double value = 0;
  double gradient = 0;  ///< of the loss, as the backward pass gives it
  /// x dy: each term is a product, of an affine layer's input and the gradient of its output. samples: each
  /// is the gradient that one row alone gives, as its share of the loss. none: the loss is no sum over rows.
  enum class Kind : std::uint8_t { products, samples, none };
  Kind kind = Kind::products;
  std::string input, output;          ///< products: what the factors are called
  std::vector<GradientTerm> terms{};  ///< all of them, the largest first
  double sum = 0;                     ///< of the terms' products
};

/// Rows of data, and the pass to run the net in.
struct RowsPass {
  std::span<const std::int64_t> rows;
  nn::Pass& pass;
};
using RowsLoss = FunctionRef<const RowsPass&>;

/// The most rows for which explain_weight runs a pass each.
inline constexpr std::int64_t kMostPasses = 1000;

/// "affine1.weight[3,5]" as path and index. @throws ValueError  if it is not written so (E381).
std::pair<std::string, std::vector<std::int64_t>> read_weight(std::string_view text);

/// A weight's gradient as a sum. Of an affine or linear layer's weight it is sum x_i dy_j over the rows that
/// the layer saw; of other parameters there is a backward pass for each of the rows.
/// @throws ValueError  if there is no such parameter, or no such element (E381); for more than kMostPasses
/// rows where
///     each has a pass (E382).
WeightTrace explain_weight(const nn::Layer& net, std::string_view parameter,
                           std::span<const std::int64_t> index, RowsLoss loss,
                           std::span<const std::int64_t> rows, const NetOptions& options = {});

/// What the optimizer's next step would make of a weight, in full. Nothing is changed.
/// @param loss  the batch's. @param parameter, index  as explain_weight.
/// @throws ValueError  if the parameter is frozen or not the optimizer's (E383).
UpdateTrace explain_update(const optim::Optimizer& optimizer, std::string_view parameter,
                           std::span<const std::int64_t> index, NetLoss loss, const NetOptions& options = {});

/// @name As aligned tables for a terminal, and as a page that steps through the layers.
/// @{
std::string to_text(const NetTrace& trace);
std::string to_text(const WeightTrace& trace);
std::string to_text(const UpdateTrace& trace);
/// @param title  a line of plain text. @param more  further text, such as that of a weight; may be empty.
std::string to_html(const NetTrace& trace, std::string_view title, std::string_view more = "");
/// @}

}  // namespace chainrule::explain
