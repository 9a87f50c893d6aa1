#pragma once

#include "kernels/conv.h"

namespace chainrule::kernels {

/// @name Convolution by patches, for any sizes.
///
/// Patches are laid out as a matrix, a row for each weight of an output channel and a column for each place
/// of the window; a matrix product does the arithmetic. Blocks of rows and columns keep the matrix in the
/// second cache.
/// @{
template <class T>
void conv_by_patches(const ConvShape& shape, const T* x, const T* w, T* y, const ConvFinish<T>& finish);
template <class T>
void conv_input_by_patches(const ConvShape& shape, const T* y, const T* w, T* x);
/// Of some groups. With `accumulate` the chains go on from what w holds.
template <class T>
void conv_weight_by_patches(const ConvShape& shape, Range groups, const T* x, const T* y, T* w,
                            bool accumulate);
/// @}

/// @name Sums (deep, out_channels) for the weights `deep` of each output of a group, from w and to w.
///
/// The gradient of the weights is summed as its transpose: it is y that the product then has to turn round,
/// which is the smaller matrix.
/// @{
template <class T>
void sums_from_weights(const ConvShape& shape, std::int64_t group, Range deep, const T* w, T* sums);
template <class T>
void weights_from_sums(const ConvShape& shape, std::int64_t group, Range deep, const T* sums, T* w);
/// @}

}  // namespace chainrule::kernels
