#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "chainrule/conv.h"
#include "chainrule/fields.h"

// Settings of windows, which convolution, pooling and padding share: lists of numbers, and the word "same",
// which stands as -1.
namespace chainrule::nn {

/// The values as they were given: one for all axes, or one for each.
std::vector<std::int64_t> numbers(const Spatial& spatial);
/// As numbers of a setting `padding`. @param axes  of the image.
std::vector<std::int64_t> numbers(const Padding& padding, int axes);

/// A setting of so many spatial axes: one number for all, or one for each.
/// @throws ValueError E250  for another number of values.
Spatial spatial(const Info& info, std::string_view setting, const std::vector<std::int64_t>& given, int axes,
                bool may_be_empty = false);
/// One that may also have numbers before each axis, then after each.
/// @throws ValueError E250  for another number of values.
Padding padding_of(const Info& info, std::string_view setting, const std::vector<std::int64_t>& given,
                   int axes);

/// Lists kernel, stride and padding.
void window_fields(Fields& f, std::vector<std::int64_t>& kernel, std::vector<std::int64_t>& stride,
                   std::string_view of_stride, std::vector<std::int64_t>& padding);

}  // namespace chainrule::nn
