// Weights as whole numbers.
#include <algorithm>
#include <cmath>

#include "c_export/parts.h"

namespace chainrule::c_export {

// Of each row or column the largest weight becomes 127.
Rounded round_weights(const Lowering& graph, Constants& constants) {
  constexpr std::int64_t kFewest = 64;  // below, nothing is gained
  Rounded rounded;
  for (const auto& [weight, axis] : graph.weights()) {
    if (weight.numel() < kFewest) continue;
    const std::vector<float> numbers = weight.to_vector<float>();
    const auto count = static_cast<std::size_t>(weight.shape()[axis]);
    const std::size_t inner = axis == 0 ? numbers.size() / count : 1;  // axis 1 is the last of two
    const auto scale_of = [&](std::size_t i) { return axis == 0 ? i / inner : i % count; };
    WholeNumbers whole{std::vector<std::int8_t>(numbers.size()), std::vector<float>(count, 0)};
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      float& scale = whole.scales[scale_of(i)];
      scale = std::max(scale, std::abs(numbers[i]));
    }
    for (float& scale : whole.scales) scale /= 127;
    std::vector<float> values(numbers.size());
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      const float scale = whole.scales[scale_of(i)];
      whole.values[i] =
          scale == 0 ? std::int8_t{0} : static_cast<std::int8_t>(std::lround(numbers[i] / scale));
      values[i] = static_cast<float>(whole.values[i]) * scale;
    }
    rounded.weights.push_back(weight);
    rounded.values.push_back(from_data(values, weight.shape()));
    constants.whole[weight.node()] = std::move(whole);
  }
  return rounded;
}

}  // namespace chainrule::c_export
