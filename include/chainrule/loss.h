#pragma once

#include <cstdint>

#include "chainrule/tensor.h"

// Losses: how far a prediction is from its target, as a number to make smaller.
//
// Prediction and target have one shape; nothing broadcasts. A target of shape (N,) against predictions of
// shape (N, 1) would otherwise give N x N differences and a loss that falls and means nothing.
namespace chainrule {

/// What is left of the losses of single elements, or of single rows where a loss is of rows: their mean,
/// their sum, or all of them. The mean over a batch of rows divides by their number.
enum class Reduction : std::uint8_t { mean, sum, none };

/// Softmax cross-entropy of each row, in nats.
///
/// loss_n = logsumexp(z_n) - z_{n, t_n}   (Goodfellow et al. 2016, eq. 6.30; shifted by the maximum)
/// @param logits   z, shape (N, C), f32 or f64, before softmax.
/// @param targets  t, shape (N), i64 or u8 class numbers in [0, C), or probabilities (N, C) such as one-hot
/// rows.
/// @return  Scalar, or (N) without reduction. The mean's gradient to logits is (softmax(z) - one_hot(t)) / N.
/// @throws ShapeError  if the batch sizes differ (E021).
/// @throws ValueError  when evaluated, if a target is outside [0, C): names the first bad row (E022).
Tensor softmax_cross_entropy(const Tensor& logits, const Tensor& targets,
                             Reduction reduction = Reduction::mean, Location where = Location::current());

/// Negative log-likelihood of each row's class: -log_probs_{n, t_n}. After log_softmax it is
/// softmax_cross_entropy, in two steps. Arguments and errors as there.
Tensor nll(const Tensor& log_probs, const Tensor& targets, Reduction reduction = Reduction::mean,
           Location where = Location::current());

/// Cross-entropy of yes-or-no targets t in [0, 1], from the number z before the sigmoid, without overflow:
/// softplus(z) - t z = -[t log(sigmoid(z)) + (1 - t) log(1 - sigmoid(z))].
/// @throws ShapeError  if the shapes differ (E140), here and in the functions below.
Tensor binary_cross_entropy_with_logits(const Tensor& logits, const Tensor& targets,
                                        Reduction reduction = Reduction::mean,
                                        Location where = Location::current());

/// Squared difference: (x - t)^2.
Tensor mse(const Tensor& prediction, const Tensor& target, Reduction reduction = Reduction::mean,
           Location where = Location::current());

/// Absolute difference: |x - t|; its slope where they are equal is 0.
Tensor mae(const Tensor& prediction, const Tensor& target, Reduction reduction = Reduction::mean,
           Location where = Location::current());

/// (x - t)^2 / 2 where |x - t| <= delta, else delta (|x - t| - delta / 2)   (Huber 1964).
/// @throws ValueError  unless delta is positive (E141).
Tensor huber(const Tensor& prediction, const Tensor& target, double delta = 1,
             Reduction reduction = Reduction::mean, Location where = Location::current());

/// max(0, 1 - t x) for targets t of -1 or 1; its slope at the corner is 0.
Tensor hinge(const Tensor& prediction, const Tensor& target, Reduction reduction = Reduction::mean,
             Location where = Location::current());

/// Kullback-Leibler divergence of each row, in nats: sum_j p_j (log p_j - log q_j), where 0 log 0 is 0.
/// @param log_q  logarithms of the predicted probabilities, shape (..., C): what log_softmax gives.
/// @param p      the true probabilities, same shape. Its gradient at 0 is taken as -log q.
/// @return  The mean over rows (elsewhere called "batchmean"), their sum, or shape (...).
Tensor kl_divergence(const Tensor& log_q, const Tensor& p, Reduction reduction = Reduction::mean,
                     Location where = Location::current());

}  // namespace chainrule
