#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "chainrule/nn/parameter.h"

namespace chainrule::explain {

/// One number of a parameter.
struct Weight {
  std::string name;  // the parameter's path
  nn::Parameter parameter;
  std::size_t place = 0;  // in row-major order

  /// The number at the weight's place of a tensor like the parameter.
  double of(const Tensor& tensor) const;
};

/// @throws ValueError  E381: names the nearest, or the last index.
Weight find_weight(const std::vector<nn::NamedParameter>& parameters, std::string_view name,
                   std::span<const std::int64_t> index);

/// "3,5"
std::string index_text(std::span<const std::int64_t> index);

}  // namespace chainrule::explain
