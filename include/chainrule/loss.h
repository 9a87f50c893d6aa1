#pragma once

#include <cstdint>
#include <vector>

#include "chainrule/tensor.h"

// Losses: how far a prediction is from its target, as a number to make smaller.
//
// Prediction and target have one shape; nothing broadcasts. A target of shape (N,) against predictions of
// shape (N, 1) would otherwise give N x N differences and a loss that falls and means nothing.
//
// Each loss takes a Reduction, or options in its place: `mse(y, t, {.sample_weights = w})`.
namespace chainrule {

/// What is left of the losses of single elements, or of single rows where a loss is of rows: their mean,
/// their sum, or all of them. The mean over a batch of rows divides by their number.
enum class Reduction : std::uint8_t { mean, sum, none };

/// What all losses can be told.
struct LossOptions {
  Reduction reduction = Reduction::mean;
  /// What each loss counts: of the losses' own shape, or (N), one for each row. The mean is then the weighted
  /// one, sum w l / sum w; where nothing counts it is 0. Errors: E150.
  Tensor sample_weights = {};
};

/// Those of yes-or-no targets.
struct BinaryOptions {
  Reduction reduction = Reduction::mean;
  Tensor sample_weights = {};
  double label_smoothing = 0;  ///< e: targets become t (1 - e) + e / 2; from 0 to 1 (E151)
  double positive_weight = 1;  ///< what the part of a yes is multiplied by, which the mean does not divide by
};

/// Those of classes: as the same options of PyTorch's cross_entropy.
struct ClassOptions {
  Reduction reduction = Reduction::mean;
  Tensor sample_weights = {};  ///< shape (N) or that of the losses
  /// Shape (C). Where targets are class numbers, the mean divides by the weights of their classes (E152).
  Tensor class_weights = {};
  double label_smoothing = 0;  ///< e: targets become t (1 - e) + e / C; from 0 to 1 (E151)
  /// Targets of these numbers have the loss 0 and do not count in the mean: padding. Any numbers, also such
  /// that are no class. For class numbers only.
  std::vector<std::int64_t> ignored = {};
  /// Where logits (N, C, d...) have their classes; targets lack that axis: (N, d...). For text nets, whose
  /// logits are (N, T, C), it is -1.
  int class_axis = 1;
};

/// Softmax cross-entropy of each row, in nats.
///
/// loss_n = logsumexp(z_n) - z_{n, t_n}   (Goodfellow et al. 2016, eq. 6.30; shifted by the maximum)
/// @param logits   z, shape (N, C), f32 or f64, before softmax.
/// @param targets  t, shape (N), whole class numbers in [0, C), or probabilities (N, C) such as one-hot
/// rows.
/// @return  Scalar, or (N) without reduction. The mean's gradient to logits is (softmax(z) - one_hot(t)) / N.
/// @throws ShapeError  if the batch sizes differ (E021).
/// @throws ValueError  when evaluated, if a target is outside [0, C): names the first bad row (E022).
Tensor softmax_cross_entropy(const Tensor& logits, const Tensor& targets,
                             Reduction reduction = Reduction::mean, Location where = Location::current());

/// The same of logits (N, C, d...), with targets (N, d...) of class numbers or probabilities of the logits'
/// shape.
/// @return  Scalar, or the targets' shape without the axis of classes.
Tensor softmax_cross_entropy(const Tensor& logits, const Tensor& targets, const ClassOptions& options,
                             Location where = Location::current());

/// Negative log-likelihood of each row's class: -log_probs_{n, t_n}. After log_softmax it is
/// softmax_cross_entropy, in two steps. Arguments and errors as there.
Tensor nll(const Tensor& log_probs, const Tensor& targets, Reduction reduction = Reduction::mean,
           Location where = Location::current());

Tensor nll(const Tensor& log_probs, const Tensor& targets, const ClassOptions& options,
           Location where = Location::current());

/// Cross-entropy of yes-or-no targets t in [0, 1], from the number z before the sigmoid, without overflow:
/// softplus(z) - t z = -[t log(sigmoid(z)) + (1 - t) log(1 - sigmoid(z))].
/// @throws ShapeError  if the shapes differ (E140), here and in the functions below.
Tensor binary_cross_entropy_with_logits(const Tensor& logits, const Tensor& targets,
                                        Reduction reduction = Reduction::mean,
                                        Location where = Location::current());
Tensor binary_cross_entropy_with_logits(const Tensor& logits, const Tensor& targets,
                                        const BinaryOptions& options, Location where = Location::current());

/// Cross-entropy of targets t of -1 and 1 (or between) from the number z before a tanh, a = tanh(z):
/// -[(1 + t) log((1 + a) / 2) + (1 - t) log((1 - a) / 2)], without overflow. Its slope is 2 (a - t). It is 0
/// where a = t is -1 or 1; without the division by 2 it would be negative there.
Tensor tanh_cross_entropy(const Tensor& logits, const Tensor& targets, Reduction reduction = Reduction::mean,
                          Location where = Location::current());
Tensor tanh_cross_entropy(const Tensor& logits, const Tensor& targets, const LossOptions& options,
                          Location where = Location::current());

/// Squared difference: (x - t)^2.
Tensor mse(const Tensor& prediction, const Tensor& target, Reduction reduction = Reduction::mean,
           Location where = Location::current());

Tensor mse(const Tensor& prediction, const Tensor& target, const LossOptions& options,
           Location where = Location::current());

/// Half the sum of squares of each row: sum_j (x_j - t_j)^2 / 2. The books' mean squared error: the mean
/// divides by the rows N alone, so that the gradient is (x - t) / N.
/// @return  Scalar, or (N) without reduction. @throws ShapeError  for a scalar (E140).
Tensor half_mse(const Tensor& prediction, const Tensor& target, Reduction reduction = Reduction::mean,
                Location where = Location::current());
Tensor half_mse(const Tensor& prediction, const Tensor& target, const LossOptions& options,
                Location where = Location::current());

/// Absolute difference: |x - t|; its slope where they are equal is 0.
Tensor mae(const Tensor& prediction, const Tensor& target, Reduction reduction = Reduction::mean,
           Location where = Location::current());

Tensor mae(const Tensor& prediction, const Tensor& target, const LossOptions& options,
           Location where = Location::current());

/// (x - t)^2 / 2 where |x - t| <= delta, else delta (|x - t| - delta / 2)   (Huber 1964).
/// @throws ValueError  unless delta is positive (E141).
Tensor huber(const Tensor& prediction, const Tensor& target, double delta = 1,
             Reduction reduction = Reduction::mean, Location where = Location::current());

Tensor huber(const Tensor& prediction, const Tensor& target, double delta, const LossOptions& options,
             Location where = Location::current());

/// max(0, 1 - t x) for targets t of -1 or 1; its slope at the corner is 0.
Tensor hinge(const Tensor& prediction, const Tensor& target, Reduction reduction = Reduction::mean,
             Location where = Location::current());

Tensor hinge(const Tensor& prediction, const Tensor& target, const LossOptions& options,
             Location where = Location::current());

/// Kullback-Leibler divergence of each row, in nats: sum_j p_j (log p_j - log q_j), where 0 log 0 is 0.
/// @param log_q  logarithms of the predicted probabilities, shape (..., C): what log_softmax gives.
/// @param p      the true probabilities, same shape. Its gradient at 0 is taken as -log q.
/// @return  The mean over rows (elsewhere called "batchmean"), their sum, or shape (...).
Tensor kl_divergence(const Tensor& log_q, const Tensor& p, Reduction reduction = Reduction::mean,
                     Location where = Location::current());
Tensor kl_divergence(const Tensor& log_q, const Tensor& p, const LossOptions& options,
                     Location where = Location::current());

/// Settings of ctc.
struct CtcOptions {
  Reduction reduction = Reduction::mean;
  Tensor sample_weights = {};  ///< (N): what each row counts; the mean is then the weighted one (E150)
  Tensor input_lengths = {};   ///< (N) i64, from 1: how many of the T frames there are; left out: all
  /// (N) i64, from 0: how many of the L labels there are; left out: those before the padding, which is
  /// numbers below 0, or blanks, at the end of a row
  Tensor target_lengths = {};
  std::int64_t blank = 0;  ///< the class that stands for nothing
};

/// Connectionist temporal classification (Graves et al. 2006): minus the logarithm of the probability that
/// the frames say the labels, over all alignments: labels may be held, and blanks stand between any two.
/// @param log_probs  (N, T, C): what log_softmax gives for each frame.
/// @param targets    (N, L) i64 class numbers without blanks, shorter rows padded; what is behind
/// target_lengths does not matter.
/// @return  Scalar, or (N). The mean divides each by its number of labels first, as PyTorch does. Infinite
/// where no alignment fits, as there are too few frames.
/// Labels and lengths are looked at here, so they are computed if they were not.
/// @throws ShapeError  for shapes or dtypes that do not fit (E153).
/// @throws ValueError  for lengths that cannot be, a label that is no class or is the blank, or a blank that
/// is no class (E154).
Tensor ctc(const Tensor& log_probs, const Tensor& targets, const CtcOptions& options = {},
           Location where = Location::current());

}  // namespace chainrule
