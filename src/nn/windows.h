#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "chainrule/conv.h"
#include "chainrule/fields.h"

// Settings of windows, which convolution and pooling share.
namespace chainrule::nn {

/// The values as they were given: one for all axes, or one for each.
std::vector<std::int64_t> numbers(const Spatial& spatial);

/// A setting of height and width, or one number for both.
/// @throws ValueError E250  for another number of values.
Spatial two(const Info& info, std::string_view setting, const std::vector<std::int64_t>& given,
            bool may_be_empty = false);

void window_fields(Fields& f, std::vector<std::int64_t>& kernel, std::vector<std::int64_t>& stride,
                   std::string_view of_stride, std::vector<std::int64_t>& padding);

}  // namespace chainrule::nn
