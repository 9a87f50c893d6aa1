#pragma once

#include <cstdint>

#include "chainrule/random.h"
#include "chainrule/tensor.h"

// Tensors of random numbers. Element i depends on the key and on i alone: not on threads, not on the vector
// width, not on what was drawn before.
namespace chainrule {

/// What random numbers depend on. Equal keys give equal numbers: in a training loop let the step count.
///
/// The key is a leaf of the graph, never part of an operation: every step runs the same graph.
struct RandomKey {
  std::uint64_t seed = 0;
  /// Draws of one seed and step that must not be related have different streams; see chainrule/random.h.
  std::uint64_t stream = streams::kUser;
  std::uint64_t step = 0;
};

/// Uniform in [low, high), which are numbers or tensors that broadcast to the shape. In f64 a multiple of
/// 2^-53 before scaling, in f32 the same cut to 2^-24; scaling may round up to `high`. Differentiable by low
/// and high. The numbers are those of Random(key.seed, key.stream, key.step).uniform() one after another.
/// @param dtype  f32 or f64 (else E015).
/// @throws ShapeError  if low or high does not broadcast to the shape (E026).
Tensor uniform(const Shape& shape, const RandomKey& key, const Operand& low = 0, const Operand& high = 1,
               DType dtype = f32, Location where = Location::current());

/// Normal with the mean and the standard deviation, numbers or tensors; by inversion (see normal_f64).
/// Differentiable by both.
Tensor normal(const Shape& shape, const RandomKey& key, const Operand& mean = 0, const Operand& deviation = 1,
              DType dtype = f32, Location where = Location::current());

/// True with probability p, a number or a tensor that broadcasts to the shape: boolean.
/// @throws ValueError  if p is a number outside [0, 1] (E146).
Tensor bernoulli(const Shape& shape, const RandomKey& key, const Operand& p = 0.5,
                 Location where = Location::current());

/// 0, ..., count - 1 in random order, i64; every order equally likely.
Tensor permutation(std::int64_t count, const RandomKey& key, Location where = Location::current());

/// In training, each element 0 with probability p, else x / (1 - p), so that its expectation is x (Srivastava
/// et al. 2014); otherwise x as it is.
/// @throws ValueError  if p is outside [0, 1] (E146).
Tensor dropout(const Tensor& x, double p, const RandomKey& key, bool training = true,
               Location where = Location::current());

}  // namespace chainrule
