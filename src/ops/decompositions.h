#pragma once

#include "chainrule/tensor.h"
#include "kernels/decompose.h"

// The operations of decompositions.cpp and determinants.cpp, on floating matrices whose batches are equal.
namespace chainrule {

/// x with op(a) x = b, op the transpose or nothing.
Tensor solve_matrices(const Tensor& a, const Tensor& b, kernels::Triangle triangle, bool transposed,
                      double rank_tolerance, Location where);
Tensor determinants(const Tensor& a, Location where);
/// Logarithms of their magnitudes; and their signs, which have no derivative.
Tensor determinant_logs(const Tensor& a, Location where);
Tensor determinant_signs(const Tensor& a, Location where);
/// Of the lower triangles.
Tensor cholesky_factors(const Tensor& a, Location where);
/// q of a = q r for as many rows as columns or more.
Tensor orthonormal_columns(const Tensor& a, Location where);

}  // namespace chainrule
