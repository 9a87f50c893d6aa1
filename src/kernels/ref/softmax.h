#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

namespace chainrule::kernels {

/// log(sum(exp(z))) of one row by plain loops: the reference. Shifted by the maximum, so that nothing
/// overflows (Goodfellow et al. 2016, section 4.1).
template <class T>
double log_sum_exp(const T* z, std::int64_t length) {
  double top = -std::numeric_limits<double>::infinity();
  for (std::int64_t j = 0; j < length; ++j) top = std::max(top, static_cast<double>(z[j]));
  if (!std::isfinite(top)) {
    for (std::int64_t j = 0; j < length; ++j) top = std::isnan(z[j]) ? z[j] : top;
    return top;
  }
  double sum = 0;
  for (std::int64_t j = 0; j < length; ++j) sum += std::exp(static_cast<double>(z[j]) - top);
  return top + std::log(sum);
}

}  // namespace chainrule::kernels
