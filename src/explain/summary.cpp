// A tensor's numbers in brief.
#include <algorithm>
#include <cmath>
#include <limits>

#include "chainrule/explain/net.h"

namespace chainrule::explain {

Summary summary_of(const Tensor& tensor) {
  Summary s;
  s.histogram.assign(Summary::kBins, 0);
  const std::vector<double> numbers = tensor.to_vector();
  s.count = static_cast<std::int64_t>(numbers.size());
  s.smallest = std::numeric_limits<double>::infinity();
  s.largest = -s.smallest;
  double sum = 0, squares = 0;
  for (const double x : numbers) {
    s.zeros += x == 0;
    s.not_finite += !std::isfinite(x);
    if (!std::isfinite(x)) continue;
    s.smallest = std::min(s.smallest, x);
    s.largest = std::max(s.largest, x);
    sum += x;
    squares += x * x;
  }
  const std::int64_t finite = s.count - s.not_finite;
  if (finite == 0) {
    s.smallest = s.largest = 0;
    return s;
  }
  s.mean = sum / static_cast<double>(finite);
  s.norm = std::sqrt(squares);
  double apart = 0;
  const double width = s.largest - s.smallest;
  for (const double x : numbers) {
    if (!std::isfinite(x)) continue;
    apart += (x - s.mean) * (x - s.mean);
    const double part = width > 0 && std::isfinite(width) ? (x - s.smallest) / width : 0;
    const auto bin = static_cast<std::size_t>(part * static_cast<double>(Summary::kBins));
    ++s.histogram[std::min(bin, Summary::kBins - 1)];
  }
  s.deviation = std::sqrt(apart / static_cast<double>(finite));
  return s;
}

}  // namespace chainrule::explain
